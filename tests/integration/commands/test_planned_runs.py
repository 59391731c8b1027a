"""What `make plan` says of a file is what its run then does: rows, rejects, batches, and the table's write units."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from commands.planned_source import plan_source
from commands.sample import SAMPLE_DATASET, write_sample
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.costs.prices import known_prices
from tests.support.quick_prepare import quick_prepare
from tests.support.whole_run import run_file

DATASETS = Path(__file__).parents[3] / "datasets"

COMMON = """
[source]
url = "https://example.com/source.csv"
file_name = "source.csv"
[gates]
max_reject_percent = 100
"""

TYPED = """
[table]
name = "tb_typed"
partition_key = "id"
[columns.Price]
type = "number"
thousands = ","
strip = "$"
min = 0
[columns.Built]
type = "date"
format = "%d/%m/%Y"
[columns.Seen]
type = "timestamp"
timezone = "Europe/Berlin"
[columns.Electric]
type = "boolean"
empty = "null"
[columns.Codes]
type = "number_set"
[columns.Extras]
type = "json"
[columns.Photo]
type = "binary"
"""
TYPED_CELLS = {
    "Price": ("$1,234.50", "7", "0.000", "", "-5", "1,23"),
    "Built": ("28/01/2018", "1/2/1999", "", "31/02/2018"),
    "Seen": ("2018-01-28T05:03:00", "2018-01-28 05:03+01:00", "2018-10-28 02:30:00"),
    "Electric": ("true", "FALSE", "", "yes"),
    "Codes": ("1;2.50;-3e7", "12345678901234567890", "", "1;1.0"),
    "Extras": ('{"a": [1, "ü", null, {"b": true}]}', '[""]', "", "{", '{"a": 1, "a": 2}'),
    "Photo": ("/+8AQQ==", "", "AAH"),
}

SORTED = """
duplicates = "first"
[table]
name = "tb_sorted"
partition_key = "Station"
sort_key = "Hour"
[table.index.by_kind]
partition_key = "Kind"
sort_key = "Hour"
[table.index.by_value]
partition_key = "Value"
projection = "keys"
[table.index.by_note]
partition_key = "Note"
projection = ["Kind", "Value"]
[columns.Hour]
type = "number"
[columns.Value]
type = "number"
"""

REPEATED = """
duplicates = "reject"
[table]
name = "tb_repeated"
partition_key = "make_and_number"
[computed.make_and_number]
template = "{Make}#{Number}"
[columns.Make]
allowed = ["Arrow", "Blitz", "Comet"]
transform = ["trim"]
[columns.Colour]
required = true
[limits]
rows_per_batch = 40
"""

LARGE = """
[table]
name = "tb_large"
partition_key = "id"
[columns.Note]
max_length = 35999
[limits]
max_input_bytes_per_batch = 60000
"""
WIDE = 90
"""Columns of the file of large items, whose names are a header that Step Functions does not read."""


@dataclass(frozen=True)
class Generated:
    """A generated file.

    Attributes:
        content: Its bytes.
        dataset: Its data set.
        rows: How many rows it has.
        codes: The codes of prepare's rejects, and of the function's.
    """

    content: bytes
    dataset: Dataset
    rows: int
    codes: tuple[set[str], set[str]]


def vehicles(folder: Path, _: Random) -> Generated:
    """Make the demo's sample: hard values, and every fault that it knows."""
    sample = write_sample(folder / "vehicles.csv", 600)
    codes = {fault.code for fault in sample.faults} - {"MISSING_KEY", "BAD_TYPE"}
    dataset = load_dataset(DATASETS / f"{SAMPLE_DATASET}.toml")
    return Generated(sample.path.read_bytes(), dataset, 600, (codes, {"MISSING_KEY", "BAD_TYPE"}))


def typed(folder: Path, random: Random) -> Generated:
    """Make rows of every kind of type, some of them refused, in UTF-16 with semicolons."""
    rows = [
        [
            str(number),
            *(random.choice(cells[: None if random.random() < 0.1 else -1]) for cells in TYPED_CELLS.values()),
        ]
        for number in range(300)
    ]
    content = text_of(["id", *TYPED_CELLS], rows, ";").encode("utf-16")
    return Generated(content, dataset_of(folder, TYPED), 300, (set(), {"BAD_TYPE", "OUT_OF_RANGE"}))


def sorted_by_hour(folder: Path, random: Random) -> Generated:
    """Make rows of a table with a sort key and indexes, of which many lack the keys; some keys come again."""
    rows = [
        [
            f"S{random.randrange(9)}",
            random.choice((f"{random.randrange(60)}", f"{random.randrange(60)}.0", f"{random.randrange(60)}", "noon")),
            random.choice(("rain", "wind", "")),
            random.choice(("1.5", "20", "", "")),
            random.choice(("", "x" * random.randrange(1, 1400), "ü" * random.randrange(1, 1100))),
        ]
        for _ in range(400)
    ]
    content = text_of(["Station", "Hour", "Kind", "Value", "Note"], rows).encode()
    return Generated(content, dataset_of(folder, SORTED), 400, ({"DUPLICATE_KEY"}, {"BAD_TYPE", "TOO_LARGE"}))


def repeated(folder: Path, random: Random) -> Generated:
    """Make rows whose computed keys come again, of which none is written, and records that are no rows."""
    rows = [
        f"{random.choice(('Arrow', ' Blitz', 'Comet', 'Dodo', ''))},{random.randrange(400)}"
        f",{random.choice(('red', 'blue', 'é', ''))}{random.choice(('',) * 20 + (',more',))}"
        for _ in range(498)
    ]
    lines = ["Make,Number,Colour", *rows, '"Comet"s,1,red', "Arrow,1"]
    codes = ({"BAD_QUOTE", "BAD_WIDTH", "DUPLICATE_KEY"}, {"MISSING_KEY", "MISSING_VALUE", "NOT_ALLOWED"})
    return Generated("\r\n".join(lines).encode(), dataset_of(folder, REPEATED), 500, codes)


def large(folder: Path, random: Random) -> Generated:
    """Make items of many write units, by their names alone and by their cells, some larger than a batch may be."""
    names = ["id", "Note", *(f"column {number} {'é' * 70}" for number in range(WIDE))]
    rows = [
        [
            random.choice((str(number), str(number // 2))),
            random.choice(("a\\b", "ü")) * random.choice((random.randrange(400), random.randrange(4_000), 12_000)),
            *(random.choice(("", "v", "a,b", "\\")) for _ in range(WIDE)),
        ]
        for number in range(60)
    ]
    rows[7][1] = "x" * 61_000
    content = text_of(names, rows).encode()
    return Generated(content, dataset_of(folder, LARGE), 60, ({"DUPLICATE_KEY", "TOO_LARGE"}, {"TOO_LONG"}))


def text_of(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return file.getvalue()


def dataset_of(folder: Path, text: str) -> Dataset:
    top, _, tables = text.partition("[table]")
    path = folder / "generated.toml"
    path.write_text(f"{top}{COMMON}[table]{tables}", encoding="utf-8")
    return load_dataset(path)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_prepare() as folder:
        yield folder


@pytest.mark.parametrize("generate", [vehicles, typed, sorted_by_hour, repeated, large], ids=lambda one: one.__name__)
def test_the_plan_of_a_generated_file_is_what_its_run_does(
    generate: Callable[[Path, Random], Generated], folder: Path, tmp_path: Path
) -> None:
    file = generate(tmp_path, Random(7))
    source, planned = tmp_path / "source.csv", tmp_path / "planned"
    source.write_bytes(file.content)
    planned.mkdir()

    plan, _ = plan_source(source, file.dataset, known_prices(), "us-east-1", folder=planned, tell=lambda *_: None)
    run = run_file(file.content, file.dataset, folder)

    rejects = Counter(str(one.code) for one in run.rejects)
    assert (set(plan.rejects_before_upload), set(plan.rejects)) == file.codes
    assert plan.source_rows == run.prepared.source_rows == file.rows
    assert plan.prepared_bytes == run.prepared.bytes
    assert plan.rejects_before_upload == dict(run.prepared.rejects_by_code)
    assert plan.rejects == dict(rejects)
    assert sum(plan.rejects.values()) == sum(one["NUMBER_OF_ITEMS_IN_ERROR"] for one in run.answers)
    assert plan.written == sum(one["NUMBER_OF_ITEMS_WRITTEN"] for one in run.answers) == run.items > 0
    assert plan.batches == len(run.answers)
    assert plan.write_units == sum(one["WRITE_UNITS"] or 0 for one in run.answers)
