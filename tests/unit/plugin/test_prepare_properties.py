"""Generated files through prepare, Step Functions' CSV reader and the core: each row is once an item or a reject."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset, Gates, Limits
from csvdynamo.datasets.policies import OnChange, Policies
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.columns import Column
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.transforms import Trim, Uppercase, is_blank
from csvdynamo_airflow.outcome.error_csv import write_error_csv
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import SourceFormat
from tests.hostile.generated import (
    BAD_QUOTES,
    CELLS,
    HEADER,
    KEYS,
    PLAIN_ROW,
    QUOTED_ROW,
    Line,
    good_lines,
    other_widths,
    row_within,
    strictly_read,
    write,
)
from tests.hostile.in_process import Migrated, migrate_bytes
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly

MANY = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
FEWER = settings(MANY, max_examples=120)
DATASET = Dataset(
    name="generated",
    source=Source("https://example.org/g.csv", "g.csv"),
    table=Table("tb_generated", "id"),
    columns=(Column("id", required=True, transform=(Trim(), Uppercase())),),
    gates=Gates(max_reject_percent=100, last_record=OnChange.ACCEPT),
    limits=Limits(rows_per_batch=3),
)
"""Small batches, so that equal keys meet in one batch and in different ones; any number of rejects."""


@pytest.fixture(scope="module")
def slow_folder() -> Iterator[Path]:
    """Where the tasks work, once for all examples."""
    with quick_folder() as made:
        yield made


@pytest.fixture
def folder(slow_folder: Path) -> Iterator[Path]:
    """Where the tasks work in a tenth of the time."""
    with prepare_quickly(slow_folder):
        yield slow_folder


def with_policy(policy: DuplicatePolicy) -> Dataset:
    return replace(DATASET, policies=Policies(duplicates=policy))


def key_of(cell: str) -> str:
    return cell.strip().upper()


def is_blank_record(line: Line) -> bool:
    return all(map(is_blank, next(csv.reader([line.text]), []) if line.fields is None else line.fields))


def check(lines: Sequence[Line], migrated: Migrated, policy: DuplicatePolicy) -> None:
    """Hold what became of each record against what the specification says of it. One without any value is none."""
    lines = [line for line in lines if not is_blank_record(line)]
    rejects = {reject.row: reject for reject in migrated.rejects}
    assert len(rejects) == len(migrated.rejects), "a row was rejected twice"
    assert migrated.overwritten == []
    assert migrated.prepared.source_rows == len(lines)
    assert len(migrated.table) + len(rejects) == len(lines)

    rivals: dict[str, list[int]] = {}
    for number, line in enumerate(lines, start=1):
        if line.fields is None:
            assert rejects[number].code == line.code, line
        elif is_blank(line.fields[0]):
            assert rejects[number].code == "MISSING_KEY"
            assert tuple(rejects[number].item.values()) == line.fields
        else:
            rivals.setdefault(key_of(line.fields[0]), []).append(number)
    assert set(migrated.table) <= set(rivals)
    for key, numbers in rivals.items():
        winner = numbers[-1] if policy is DuplicatePolicy.LAST else numbers[0]
        if policy is DuplicatePolicy.REJECT and len(numbers) > 1:
            winner = 0
            assert key not in migrated.table
        for number in numbers:
            fields = lines[number - 1].fields
            assert fields is not None
            if number == winner:
                wanted = {name: {"S": cell} for name, cell in zip(HEADER, fields, strict=True) if not is_blank(cell)}
                assert migrated.table[key] == {**wanted, "id": {"S": key}}
            else:
                assert rejects[number].code == "DUPLICATE_KEY"
                assert tuple(rejects[number].item.values()) == fields


POLICY = st.sampled_from(list(DuplicatePolicy))
ENDS = st.sampled_from([("\n",), ("\r\n",), ("\n", "\r\n")])


@FEWER
@given(lines=good_lines(), policy=POLICY, ends=ENDS, blank_after=st.sets(st.integers(0, 12)), final_end=st.booleans())
def test_every_cell_of_a_sound_file_arrives_as_it_is(
    slow_folder: Path,
    lines: list[Line],
    policy: DuplicatePolicy,
    ends: tuple[str, ...],
    blank_after: set[int],
    final_end: bool,
) -> None:
    content = write(lines, ends, blank_after, final_end=final_end)

    check(lines, migrate_bytes(content, with_policy(policy), slow_folder), policy)


@MANY
@given(
    lines=st.lists(st.one_of(good_lines(), other_widths().map(lambda line: [line])), max_size=4).map(
        lambda groups: [line for group in groups for line in group]
    ),
    policy=POLICY,
)
def test_records_of_other_widths_are_rejects_and_cost_no_other_row(
    folder: Path, lines: list[Line], policy: DuplicatePolicy
) -> None:
    # A record of several lines and the wrong width, one of whose lines is a row by itself, may be an unclosed quote.
    assume(not any(line.fields is None and row_within(line.text) for line in lines))
    # One that may be the end of a cell whose first quote was lost casts doubt on the rows before it.
    quotes = Quotes(SourceFormat())
    assume(not any(line.fields is None and quotes.closes_nothing(line.text) for line in lines))
    # A file of nothing but other widths is refused.
    lines = [*lines, *(Line(f"sound{number},x,y", (f"sound{number}", "x", "y")) for number in range(len(lines)))]

    check(lines, migrate_bytes(write(lines, ["\n"], set(), final_end=True), with_policy(policy), folder), policy)


@MANY
@given(st.lists(st.one_of(PLAIN_ROW, PLAIN_ROW, QUOTED_ROW, BAD_QUOTES), max_size=15), POLICY)
def test_each_bad_quote_costs_its_own_line(folder: Path, lines: list[Line], policy: DuplicatePolicy) -> None:
    check(lines, migrate_bytes(write(lines, ["\n"], set(), final_end=True), with_policy(policy), folder), policy)


@MANY
@given(st.text(st.sampled_from('",\n\r\\ab1'), max_size=60), POLICY)
@example('"\n,",",\n', DuplicatePolicy.LAST)
def test_whatever_the_text_every_record_is_counted_once(folder: Path, text: str, policy: DuplicatePolicy) -> None:
    content = (",".join(HEADER) + "\n" + text).encode()

    try:
        migrated = migrate_bytes(content, with_policy(policy), folder)
    except SourceFileError as error:
        event("refused")
        assert re.search(r"of the first \d+ of .* cells", str(error))  # noqa: PT017 - either outcome is right
        return

    numbers = Counter(reject.row for reject in migrated.rejects)
    total = migrated.prepared.source_rows
    assert set(numbers.values()) <= {1}
    assert set(numbers) <= set(range(1, total + 1))
    assert len(migrated.table) + len(numbers) == total
    assert migrated.overwritten == []
    strict = strictly_read(text)
    if strict is not None:
        event("a sound CSV")
        check([Line("", tuple(row)) for row in strict], migrated, policy)


ENCODINGS = {"utf-8": "utf-8", "utf-8 with BOM": "utf-8-sig", "utf-16": "utf-16", "windows-1252": "windows-1252"}


@MANY
@given(
    st.lists(st.tuples(KEYS, CELLS, CELLS), min_size=1, max_size=6),
    st.sampled_from(list(ENCODINGS)),
    st.sampled_from(",;|\t"),
)
def test_encoding_and_delimiter_are_found(
    folder: Path, rows: list[tuple[str, str, str]], encoding: str, delimiter: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows([HEADER, ["e\u00e9", "", ""], *rows])
    try:
        content = file.getvalue().encode(ENCODINGS[encoding])
    except UnicodeEncodeError:
        assume(False)
        return

    migrated = migrate_bytes(content, DATASET, folder)

    check([Line("", row) for row in [("e\u00e9", "", ""), *rows]], migrated, DuplicatePolicy.LAST)


FORMULA_CELLS = st.one_of(
    CELLS,
    st.tuples(st.sampled_from(["'", "''", "=", "+", "-", "@", "\t", "\r", "\n", " ", "'=", "\uff1d"]), CELLS).map(
        "".join
    ),
)


@MANY
@given(st.lists(st.tuples(FORMULA_CELLS, FORMULA_CELLS), min_size=1, max_size=8), st.booleans())
def test_an_error_csv_read_back_as_a_source_gives_the_same_cells(
    folder: Path, rows: list[tuple[str, str]], semicolons: bool
) -> None:
    cells = [(f"k{number}", *row) for number, row in enumerate(rows)]
    rejects = b"".join(reject_line(number, row) for number, row in enumerate(cells, start=1))
    error_csv = io.BytesIO()
    write_error_csv(io.BytesIO(rejects), HEADER, error_csv)
    content = error_csv.getvalue()
    if semicolons:  # as a spreadsheet of another country saves it
        table = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";").writerows(table)
        content = text.getvalue().encode("utf-8-sig")

    migrated = migrate_bytes(content, DATASET, folder)

    assert migrated.rejects == []
    check([Line("", row) for row in cells], migrated, DuplicatePolicy.LAST)


def reject_line(row: int, cells: tuple[str, ...]) -> bytes:
    reject = Reject(
        execution_name="generated-1",
        dataset="generated",
        row=row,
        stage=Stage.VALIDATE,
        code="BAD_TYPE",
        column="a",
        message="=refused",
        item=dict(zip(HEADER, cells, strict=True)),
        reject_id=reject_id("generated-1", row),
    )
    return reject.to_json().encode() + b"\n"
