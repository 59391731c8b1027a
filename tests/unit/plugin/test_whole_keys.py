"""One row a key, whatever the key is made of: two attributes, numbers, a template, a digest, the row's number."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.computed import Computed, Digest, RowNumber, Template
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.transforms import Trim, Uppercase
from csvdynamo.writing.batch import Batch
from csvdynamo.writing.migration import migrate
from tests.hostile.in_process import migrate_bytes
from tests.support.quick_prepare import quick_prepare

HEADER = ("city", "at", "note")
CITY = Column("city", transform=(Trim(), Uppercase()))
AT = Column("at", type=ColumnType.NUMBER)


def dataset(partition: str, sort: str | None = None, *computed: Computed) -> Dataset:
    table = Table("tb_places", partition, sort)
    return Dataset("places", Source("https://example.org/p.csv", "p.csv"), table, columns=(CITY, AT), computed=computed)


Cells = Sequence[str]


def city(row: Cells) -> str:
    return row[0].strip().upper()


def at(row: Cells) -> Decimal | None:
    try:
        return Decimal(row[1].strip())
    except InvalidOperation:
        return None


def both(*parts: Any) -> Any:
    return parts if all(part not in ("", None) for part in parts) else None


# Each with what tells its rows apart, said once more: by the number of a row and its cells; None: it has no key.
KEYS: dict[str, tuple[Dataset, Any]] = {
    "text": (dataset("city"), lambda _, row: city(row) or None),
    "a number": (dataset("at"), lambda _, row: at(row)),
    "text and a number": (dataset("city", "at"), lambda _, row: both(city(row), at(row))),
    "a number and text": (dataset("at", "note"), lambda _, row: both(at(row), row[2].strip() and row[2])),
    "a template": (
        dataset("pk", None, Computed("pk", Template("{city}/{note}"))),
        lambda _, row: both(city(row), row[2].strip()) and f"{city(row)}/{row[2]}",
    ),
    "text and a digest": (
        dataset("city", "sk", Computed("sk", Digest(("at", "note")))),
        lambda _, row: both(city(row), (row[1].strip() and row[1], row[2].strip() and row[2])),
    ),
    "a digest of all": (
        dataset("pk", None, Computed("pk", Digest(()))),
        lambda _, row: (city(row), row[1].strip() and row[1], row[2].strip() and row[2]),
    ),
    "a row number": (dataset("n", None, Computed("n", RowNumber())), lambda number, _: number),
    "text and a row number": (
        dataset("city", "n", Computed("n", RowNumber())),
        lambda number, row: both(city(row), number),
    ),
}

CELL = st.sampled_from(["a", "A", " a", "b", "1", "1.0", "01", "2", "1#", "#", "", " ", "a/b", "/b"])
NUMBER = st.sampled_from(["1", "1.0", "01", "1e0", "2", "-0", "0", "x", ""])
ROWS = st.lists(st.tuples(CELL, NUMBER, CELL).filter(lambda row: any(map(str.strip, row))), max_size=12)


def right(rows: Sequence[Cells], key: Any, policy: DuplicatePolicy) -> dict[Any, int]:
    """Which row is written under each key."""
    rivals: dict[Any, list[int]] = {}
    for number, row in enumerate(rows, 1):
        sound = not row[1].strip() or at(row) is not None
        if sound and key(number, row) is not None and not is_blank_digest(key(number, row)):
            rivals.setdefault(key(number, row), []).append(number)
    if policy is DuplicatePolicy.REJECT:
        return {key: rows[0] for key, rows in rivals.items() if len(rows) == 1}
    return {key: rows[0 if policy is DuplicatePolicy.FIRST else -1] for key, rows in rivals.items()}


def is_blank_digest(key: Any) -> bool:
    return isinstance(key, tuple) and (not any(key) or key[-1] == ("", ""))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_prepare() as made:
        yield made


@pytest.mark.parametrize("name", KEYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, policy=st.sampled_from(DuplicatePolicy))
def test_of_rows_with_the_same_whole_key_one_is_written_and_each_other_is_a_reject(
    folder: Path, name: str, rows: list[Cells], policy: DuplicatePolicy
) -> None:
    made, key = KEYS[name]
    # A row a batch: what prepare leaves of equal keys, nothing after it tells.
    places = replace(
        made,
        policies=Policies(duplicates=policy),
        gates=replace(made.gates, max_reject_percent=100.0),
        limits=replace(made.limits, rows_per_batch=1),
    )
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])

    result = migrate_bytes(text.getvalue().encode(), places, folder)

    written = right(rows, key, policy).values()
    assert len(result.table) == len(written)
    assert not result.overwritten
    assert {reject.row for reject in result.rejects} == {*range(1, len(rows) + 1)} - {*written}


@pytest.mark.parametrize("name", KEYS)
def test_a_batch_that_nobody_prepared_obeys_the_same_rule(name: str) -> None:
    made, key = KEYS[name]
    rows = [("a", "1", "x"), ("A", "1.0", "x"), ("b", "1", "y"), (" a", "01", "x")]
    table: dict[str, Any] = {}
    batch = Batch(
        "by-hand",
        tuple({"_row": str(number), **dict(zip(HEADER, row, strict=True))} for number, row in enumerate(rows, 1)),
    )

    outcome = migrate(
        batch,
        RowConverter(made.rules),
        lambda items: table.update({one.key: one.text for one in items}) or (),
    )

    written = right(rows, key, DuplicatePolicy.LAST)
    assert outcome.written == len(table) == len(written)
    assert {reject.row for reject in outcome.rejects} == {1, 2, 3, 4} - set(written.values())
