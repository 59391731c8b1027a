"""Runs that are taken back: the table is as it was before them, but for what somebody else has changed since."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo_airflow.reading.source_error import SourceFileError
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End, Ran
from tests.unit.plugin.test_changed_chains import (
    CARS,
    DELETING,
    NUMBERED,
    OF_TWO,
    OTHER_RULES,
    ROW,
    SETTINGS,
    VERSIONS,
    edited,
    written,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


@dataclass(frozen=True)
class Green:
    """A green run that wrote, the table that it left, and the keys of what runs before it left that nobody noted."""

    ran: Ran
    rules: Dataset
    table: Mapping[str, Item]
    strays: Collection[str]


BACK = st.tuples(
    st.sampled_from([(), (), (End.KILLED,), (End.RED,)]),  # what ends the rollback before it is repeated
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["change", "delete", "add"])), max_size=2),
)


@settings(SETTINGS, max_examples=int(os.environ.get("CSVDYNAMO_CHAINS", "5")))
@given(
    rows=st.lists(ROW, min_size=2, max_size=9),
    versions=st.lists(VERSIONS, min_size=2, max_size=5),
    dataset=st.sampled_from([CARS, CARS, OF_TWO, NUMBERED]),
    deletes=st.booleans(),
    policy=st.sampled_from(list(DuplicatePolicy)),
    backs=st.lists(BACK, min_size=1, max_size=2),
)
def test_a_rollback_leaves_the_table_as_it_was_but_for_what_others_have_changed(
    rows: Any, versions: Any, dataset: Dataset, deletes: bool, policy: DuplicatePolicy, backs: Any, folder: Path
) -> None:
    chain, greens, strays = Chain(folder), list[Green](), set[str]()
    last: Ran | None = None
    text = b""
    for version in versions:
        rows = edited(rows, version["edits"])
        rules = OTHER_RULES if version["other_rules"] and dataset is CARS else dataset
        rules = replace(rules, write=DELETING if deletes else CARS.write, policies=Policies(duplicates=policy))
        content = written(rows, version["header"], version["delimiter"], version["extra"])
        held = set(chain.table.items)
        try:
            ran = chain.run(content, rules, version["end"], version["failing"])
        except SourceFileError:  # no row is as wide as the header
            continue
        text = content
        if ran.prepared.nothing_to_write:
            continue
        last = ran
        if version["end"] is End.GREEN:
            greens.append(Green(ran, rules, dict(chain.table.items), frozenset(strays)))
        else:
            strays |= chain.table.items.keys() - held
    theirs = set[str]()
    for ends, edits in backs:
        if greens and last is greens[-1].ran:
            greens.pop()
        if last is None or not greens:
            return
        theirs |= taken_back(chain, last, greens[-1], ends, edits, theirs)
        last = greens[-1].ran
    rests_on_it(chain, text, rules, theirs)


def rests_on_it(chain: Chain, text: bytes, rules: Dataset, theirs: set[str]) -> None:
    """Migrate the last version once more: the table has its rows, but what others changed of unchanged ones."""
    before = dict(chain.table.items)
    again, found = chain.run(text, rules), chain.table.items
    for key in {*found, *before} - set(again.may_be):
        if key not in again.expected:
            assert found.get(key) == before.get(key) or (rules.write.deletes and key not in found)
        elif found.get(key) != again.expected[key]:  # nobody told of what they have changed
            assert key in theirs
            assert found.get(key) == before.get(key)


def taken_back(chain: Chain, last: Ran, green: Green, ends: Any, edits: Any, before: set[str]) -> set[str]:
    """Roll the last run back to the green one before it, once others have changed items, and look at the table.

    Returns:
        The keys of the items that others have changed, beside those that they had before.
    """
    theirs = changed_by_others(chain, edits)
    left = dict(chain.table.items)
    for end in ends:
        chain.take_back(last.prepared, green.rules, end, accept_source=True)
    back = chain.take_back(last.prepared, green.rules, accept_source=True)
    assert back.prepared.rollback is not None
    event("a rollback" + (" of all rows" * (back.prepared.base is None)))
    found, was = dict(chain.table.items), green.table
    for key in {*found, *was, *left} - set(green.ran.may_be):  # of those nobody knows what was there
        if key in theirs:
            left_alone(key, left, green, back, found)
        elif key in before:
            assert found.get(key) in (left.get(key), was.get(key))
        elif key in green.ran.expected:
            assert found.get(key) == was[key]
        elif key in green.strays:  # a run that was taken back may have put the very same there
            assert found.get(key) in (None, left.get(key))
        elif left.get(key) == was.get(key):  # no run has touched it
            assert found.get(key) == was.get(key)
        elif key not in was:
            assert key not in found
    lost = [key for key in was if key not in theirs and key not in green.ran.may_be and found.get(key) != was[key]]
    if lost:
        event("a rollback that loses items")
    rows = len(back.written) + back.prepared.unchanged + back.rejected + back.failed
    assert rows == back.prepared.source_rows
    return theirs


def left_alone(key: str, left: Mapping[str, Item], green: Green, back: Ran, found: Mapping[str, Item]) -> None:
    """Look at an item that others have changed: it is as they left it, and told where a row was to take its place."""
    if key not in left and green.rules.write.deletes:
        return  # a run may have deleted it itself
    assert found.get(key) == left.get(key)
    row = green.ran.expected.get(key)
    if row is not None and left.get(key) not in (None, row) and green.table.get(key) == row:
        assert key in back.left or back.prepared.base is not None


def changed_by_others(chain: Chain, edits: Any) -> set[str]:
    """Let somebody else change, delete and add items."""
    keys, theirs = sorted(chain.table.items), set()
    for place, edit in edits:
        if not keys:
            continue
        key = keys[place % len(keys)]
        theirs.add(key)
        if edit == "delete":
            chain.table.items.pop(key, None)
        else:
            chain.table.items[key] = {**chain.table.items.get(key, {}), "note": {"S": "mine"}}
    return theirs
