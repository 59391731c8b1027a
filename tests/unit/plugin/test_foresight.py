"""What is foreseen of a file is what the function then makes of it, to the row and the write unit."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commands.sample import write_sample
from csvdynamo.datasets.dataset import MOST_ROWS_PER_BATCH, Dataset, Limits
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import FileHeader
from csvdynamo_airflow.documents.forecast import Forecast, SizeStep
from csvdynamo_airflow.preparation.deletions import VanishedKeys
from csvdynamo_airflow.preparation.foresight import foresee, foresee_file
from csvdynamo_airflow.preparation.prepare_file import SOURCE, PreparedFile, prepare_file
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.storage.disk_space import DiskSpace
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from local_aws.distributed_map.item_batcher import Batching, batches
from tests.support.quick_prepare import quick_prepare

VEHICLES = load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml")

CARS = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"
[table]
name = "tb_cars"
partition_key = "id"
[columns.Year]
type = "number"
min = 1900
[columns.Note]
max_length = 3000
[gates]
max_reject_percent = 100
"""


@pytest.fixture
def cars(tmp_path: Path) -> Callable[[str], Dataset]:
    """Reads the data set of cars, with more of it in front."""

    def read(more: str) -> Dataset:
        (tmp_path / "cars.toml").write_text(more + CARS)
        return load_dataset(tmp_path / "cars.toml")

    return read


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_prepare() as folder:
        yield folder


def prepared(content: bytes, dataset: Dataset, folder: Path) -> PreparedFile:
    (folder / SOURCE).write_bytes(content)
    return prepare_file(folder, dataset, "source.csv", lambda *_: None)


def foreseen(content: bytes, dataset: Dataset, folder: Path) -> Forecast:
    forecast, _ = foresee_file(prepared(content, dataset, folder), dataset, "cars-1", DiskSpace(folder, "test"))
    return forecast


def vehicles(rows: int, seed: int, folder: Path) -> bytes:
    return write_sample(folder / f"{seed}.csv", rows, seed).path.read_bytes()


def test_rejects_are_told_by_code_and_column(folder: Path, tmp_path: Path) -> None:
    forecast = foreseen(vehicles(300, 1, tmp_path), VEHICLES, folder)

    assert dict(forecast.by_code) == {"BAD_TYPE": 1, "MISSING_KEY": 5}
    assert [(one.code, one.column, one.rows) for one in forecast.by_column] == [
        ("MISSING_KEY", "DOL Vehicle ID", 5),
        ("BAD_TYPE", "Model Year", 1),
    ]


@pytest.mark.parametrize(
    "limits",
    [Limits(), Limits(rows_per_batch=7), Limits(rows_per_batch=1000, max_input_bytes_per_batch=7000)],
    ids=["default", "by rows", "by bytes"],
)
def test_the_batches_are_those_that_item_batcher_cuts(limits: Limits, folder: Path, tmp_path: Path) -> None:
    dataset = replace(VEHICLES, limits=limits)
    file = prepared(vehicles(300, 1, tmp_path), dataset, folder)
    forecast, _ = foresee_file(file, dataset, "ev-population-0123456789", DiskSpace(folder, "test"))

    carried = {"execution_name": "ev-population-0123456789", "rules": dataset.rules.digest}
    batching = Batching(limits.rows_per_batch, limits.max_input_bytes_per_batch, carried)
    cut = list(batches(read_items(file.path.read_bytes(), CsvFormat()), batching))

    assert forecast.batches == len(cut) > 1
    by_bytes = Batching(MOST_ROWS_PER_BATCH, limits.max_input_bytes_per_batch, carried)
    assert forecast.full_batches == len(list(batches(read_items(file.path.read_bytes(), CsvFormat()), by_bytes)))


def test_each_limit_of_a_batch_is_held_to_the_byte(folder: Path, cars: Callable[[str], Dataset]) -> None:
    rows = [["id", "Note"], *([str(number), "ö" * number] for number in range(60))]
    path = folder / "draft"
    path.write_text(format_rows([FileHeader(("id", "Note")).line, *([n, *r] for n, r in enumerate(rows[1:], 1))]))
    carried = {"execution_name": "cars-1", "rules": cars("").rules.digest}
    counted = []
    for limit in range(1024, 1324):
        dataset = replace(cars(""), limits=Limits(max_input_bytes_per_batch=limit))
        with RejectSpool(folder / "spool", ("id", "Note"), DiskSpace(folder, "test")) as spool:
            counted.append(foresee(path, FileHeader(("id", "Note")), dataset, "cars-1", spool).batches)

    items = list(read_items(path.read_bytes(), CsvFormat()))
    cut = [len(list(batches(items, Batching(250, limit, carried)))) for limit in range(1024, 1324)]
    assert counted == cut
    assert len({*cut}) > 2


def test_deletions_fill_batches_as_rows_do(folder: Path, cars: Callable[[str], Dataset]) -> None:
    header, path = FileHeader(("id", "Note")), folder / "draft"
    deletions = [Deletion(number, f"key {number}", ("d" * 32,)).fields(2) for number in range(1, 21)]
    path.write_text(format_rows([header.line, *([number, str(number), "x"] for number in range(1, 21)), *deletions]))
    vanished = VanishedKeys(path, 20, path, 31)
    carried = {"execution_name": "cars-1", "rules": header.told_rules(cars("").rules.digest, deletes=True)}
    limits = range(1024, 1104)
    made = []
    for limit in limits:
        dataset = replace(cars(""), limits=Limits(max_input_bytes_per_batch=limit))
        with RejectSpool(folder / "spool", ("id", "Note"), DiskSpace(folder, "test")) as spool:
            made.append(foresee(path, header, dataset, "cars-1", spool, vanished=vanished))

    items = list(read_items(path.read_bytes(), CsvFormat()))
    cut = [len(list(batches(items, Batching(250, limit, carried)))) for limit in limits]
    assert [one.batches for one in made] == cut
    assert len({*cut}) > 1
    assert (made[0].written, made[0].deletions, made[0].write_units, made[0].delete_units) == (20, 20, 20, 31)


def test_records_of_rejects_are_billed_in_steps_of_five_kilobytes(folder: Path, cars: Callable[[str], Dataset]) -> None:
    short, long = "1,soon,x\n", f"2,soon,{'x' * 5000}\n"
    content = f"id,Year,Note\n{short}{long}".encode()

    forecast, spool = foresee_file(prepared(content, cars(""), folder), cars(""), "cars-1", DiskSpace(folder, "test"))

    assert forecast.reject_bytes == 5120 + 10_240
    assert [(row, bad.code, bad.column, bad.fields[0]) for row, bad in spool.read()] == [
        (1, "BAD_TYPE", "Year", "1"),
        (2, "BAD_TYPE", "Year", "2"),
    ]


def test_items_are_told_by_their_size(folder: Path, cars: Callable[[str], Dataset]) -> None:
    # id and its digit are 3 bytes, Note is 4.
    notes = [256 - 7, 257 - 7, 512 - 7, 513 - 7, 1024 - 7, 1025 - 7]
    content = "id,Note\n" + "".join(f"{number},{'x' * note}\n" for number, note in enumerate(notes))

    forecast = foreseen(content.encode(), cars(""), folder)

    assert forecast.sizes == (SizeStep(256, 1), SizeStep(512, 2), SizeStep(1024, 2), SizeStep(2048, 1))
    assert (forecast.write_units, forecast.largest) == (7, 1025)


def test_short_names_of_a_long_header_are_turned_back(folder: Path, cars: Callable[[str], Dataset]) -> None:
    names = [f"column {number} {'x' * 100}" for number in range(120)]
    content = ",".join(["id", "Year", *names]) + "\n" + ",".join(["1", "soon", *["v"] * 120]) + "\n"
    content += ",".join(["2", "1999", *["v"] * 120]) + "\n"

    forecast = foreseen(content.encode(), cars(""), folder)

    assert dict(forecast.by_code) == {"BAD_TYPE": 1}
    assert forecast.item_bytes == 3 + 4 + 3 + sum(len(name) + 1 for name in names)


def test_a_header_alone_is_a_forecast_of_nothing(folder: Path, cars: Callable[[str], Dataset]) -> None:
    assert foreseen(b"id,Note\n", cars(""), folder) == Forecast()


def test_a_forecast_survives_json_and_grows_with_the_file() -> None:
    forecast = Forecast(3, {"BAD_TYPE": 2}, (), 4, 100, 50, (SizeStep(256, 3),), 2, 1, 5120, "reports/f.jsonl")

    assert Forecast.from_json(forecast.to_json()) == forecast
    larger = forecast.times(10)
    assert (larger.written, larger.rejected, larger.write_units) == (30, 20, 40)
    assert (larger.batches, larger.full_batches) == (20, 10)
    assert (larger.item_bytes, larger.reject_bytes, larger.largest) == (1000, 51_200, 50)
