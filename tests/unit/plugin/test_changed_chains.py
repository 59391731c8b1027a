"""Chains of versions of a file, of which each run writes what changed: the table is as if it had written all."""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset, Gates, Limits
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import UnknownKeys, Vanished, Write, WriteMode
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.computed import Computed, RowNumber
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.transforms import Lowercase, Prefix
from csvdynamo_airflow.reading.source_error import SourceFileError
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End, Ran

HEADER = ("id", "city", "year")
CARS = Dataset(
    name="cars",
    source=Source("https://example.org/cars.csv", "cars.csv"),
    table=Table("tb_cars", "id"),
    columns=(Column("id", transform=(Lowercase(), Prefix("A_"))), Column("year", type=ColumnType.NUMBER)),
    gates=Gates(max_reject_percent=100.0, tolerated_failure_percent=100.0, min_rows_percent=0.0),
    limits=Limits(rows_per_batch=3),
    write=Write(WriteMode.CHANGED),
)
OF_TWO = replace(CARS, table=Table("tb_cars", "city", sort_key="year"))
NUMBERED = replace(CARS, computed=(Computed("place", RowNumber()),))
OTHER_RULES = replace(CARS, columns=(CARS.columns[0], Column("year")))

DELETING = Write(WriteMode.CHANGED, Vanished.DELETE, max_delete_percent=100.0, unknown_keys=UnknownKeys.IGNORE)

SETTINGS = settings(
    max_examples=int(os.environ.get("CSVDYNAMO_CHAINS", "20")),
    deadline=None,
    database=None,
    derandomize="CSVDYNAMO_CHAINS" not in os.environ,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)

ROW = st.tuples(
    st.sampled_from(["a", "A", "b", "c", "d", "e", "f", " ", ""]),
    st.sampled_from(["Kent", "Köln", "", "a\nb", 'a"b,c', "back\\slash", "\r"]),
    st.sampled_from(["2020", "2021", "2021.0", "", "soon"]),
)
EDITS = st.lists(st.tuples(st.sampled_from(["put", "add", "drop", "move"]), st.integers(0, 9), ROW), max_size=3)
VERSIONS = st.fixed_dictionaries(
    {
        "edits": EDITS,
        "header": st.sampled_from([HEADER, HEADER, HEADER[::-1]]),
        "delimiter": st.sampled_from([",", ",", ";"]),
        "extra": st.sampled_from([0, 0, 0, 1]),
        "end": st.sampled_from([End.GREEN, End.GREEN, End.GREEN, End.RED, End.KILLED]),
        "failing": st.sampled_from([(), (), (0,), (1,)]),
        "other_rules": st.sampled_from([False, False, False, False, True]),
        "again": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


def written(rows: Any, header: Any = HEADER, delimiter: str = ",", extra: int = 0) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    lines.writerow(header)
    for number, row in enumerate(rows):
        cells = dict(zip(HEADER, row, strict=True))
        lines.writerow([cells[name] for name in header] + ["more"] * (extra if number == 0 else 0))
    return text.getvalue().encode()


def edited(rows: list[Any], edits: Any) -> list[Any]:
    """Give the next version: rows added, changed, removed and moved; a key may come twice."""
    rows = list(rows)
    for edit, where, row in edits:
        place = min(where, len(rows) - 1)
        if edit == "add" or not rows:
            rows.insert(max(place, 0), row)
        elif edit == "put":
            rows[place] = (rows[place][0], *row[1:])
        elif edit == "drop":
            del rows[place]
        else:
            rows.append(rows.pop(place))
    return rows


def held(chain: Chain, before: dict[str, Any], ran: Ran) -> None:
    """Hold the table, and the ledger, to what the run must have left."""
    found, known = dict(chain.table.items), ran.expected
    assert {key: found.get(key) for key in known} == known
    others = [key for key in {*found, *before} if key not in known and key not in ran.may_be]
    assert {key: found.get(key) for key in others} == {key: before.get(key) for key in others}
    prepared = ran.prepared
    rows = len(ran.written) + prepared.unchanged + ran.rejected + ran.failed
    assert rows == prepared.source_rows


@SETTINGS
@given(
    rows=st.lists(ROW, min_size=2, max_size=9),
    versions=st.lists(VERSIONS, min_size=2, max_size=5),
    dataset=st.sampled_from([CARS, CARS, OF_TWO, NUMBERED]),
    policy=st.sampled_from(list(DuplicatePolicy)),
)
def test_the_table_has_every_row_of_each_version(
    rows: Any, versions: Any, dataset: Dataset, policy: DuplicatePolicy, folder: Path
) -> None:
    chain = Chain(folder)
    for version in versions:
        rows = edited(rows, version["edits"])
        rules = OTHER_RULES if version["other_rules"] and dataset is CARS else dataset
        text = written(rows, version["header"], version["delimiter"], version["extra"])
        before = dict(chain.table.items)
        try:
            ran = chain.run(
                text, replace(rules, policies=Policies(duplicates=policy)), version["end"], version["failing"]
            )
        except SourceFileError:  # no row is as wide as the header
            continue
        if ran.prepared.unchanged:
            event("a run with unchanged rows")
        if version["end"] is not End.KILLED:
            held(chain, before, ran)
        if version["again"]:
            before = dict(chain.table.items)
            again = chain.run(text, replace(rules, policies=Policies(duplicates=policy)))
            held(chain, before, again)
            if again.prepared.difference and again.prepared.difference.same_source:
                event("a source that is not read again")
                assert (chain.table.items, again.expected) == (before, ran.expected)


def told_keys(rows: Any, dataset: Dataset) -> set[str]:
    """The keys of a version's rows, whatever else is wrong with them."""
    key_of = RowConverter(dataset.rules).key_of
    return {key for key in (key_of(dict(zip(HEADER, row, strict=True))) for row in rows) if key}


@SETTINGS
@given(
    rows=st.lists(ROW, min_size=2, max_size=9),
    versions=st.lists(VERSIONS, min_size=2, max_size=5),
    dataset=st.sampled_from([CARS, CARS, OF_TWO, NUMBERED]),
    policy=st.sampled_from(list(DuplicatePolicy)),
    touched=st.lists(st.integers(0, 4), max_size=1),
)
def test_the_table_has_the_rows_of_the_last_version_and_what_others_put_there(
    rows: Any, versions: Any, dataset: Dataset, policy: DuplicatePolicy, touched: Any, folder: Path
) -> None:
    chain = Chain(folder)
    theirs: set[str] = set()
    for number, version in enumerate(versions):
        before_edits, rows = rows, edited(rows, version["edits"])
        other_rules = version["other_rules"] and dataset is CARS
        rules = replace(OTHER_RULES if other_rules else dataset, write=DELETING, policies=Policies(duplicates=policy))
        text = written(rows, version["header"], version["delimiter"], version["extra"])
        whole = rows[1:] if version["extra"] else rows
        present = told_keys(whole, rules)
        gone = sorted(told_keys(before_edits, rules) - present)
        if number in touched and gone and gone[0] in chain.table.items:  # somebody changes what is to be deleted
            chain.table.items[gone[0]] = {**chain.table.items[gone[0]], "note": {"S": "mine"}}
            theirs.add(gone[0])
        before = dict(chain.table.items)
        try:
            ran = chain.run(text, rules, version["end"], version["failing"])
        except SourceFileError:  # no row is as wide as the header
            continue
        theirs -= ran.expected.keys() | set(ran.may_be)  # their item was written over
        if version["again"] and version["end"] is End.GREEN:
            once = dict(chain.table.items)
            repeated = chain.prepare(text, rules)
            if repeated.difference and repeated.difference.same_source:
                event("a source that is not read again")
                chain.run(text, rules)
                assert chain.table.items == once
        if ran.prepared.deletions:
            event("a run with deletions")
        if version["end"] is End.KILLED:
            continue
        found = dict(chain.table.items)
        assert {key: found.get(key) for key in ran.expected} == ran.expected
        others = {key for key in {*found, *before} if key not in ran.expected and key not in ran.may_be}
        kept = {key: before[key] for key in others if key in before and (key in present or key in theirs)}
        assert {key: found[key] for key in others if key in found} == kept
