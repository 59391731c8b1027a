"""Whether the table holds what the prepared file makes: items compared, differences told apart. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.item_digest import canonical, item_digest
from csvdynamo_airflow.documents.checked_table import Difference, DifferenceKind


class RowOutcome(StrEnum):
    """What became of a row, as the run's result files say.

    `WRITTEN`: its item must be in the table. `UNFINISHED`: its batch did not succeed, and the item may be there.
    `REJECTED`: this run did not write it. `LEFT_ALONE`: nor this one, since it left alone what was under its key.
    `DELETED`: it is a deletion, whose item must be gone.
    """

    WRITTEN = "written"
    UNFINISHED = "unfinished"
    REJECTED = "rejected"
    LEFT_ALONE = "left alone"
    DELETED = "deleted"


NOT_WRITTEN = frozenset({RowOutcome.REJECTED, RowOutcome.LEFT_ALONE})
"""The outcomes of rows whose items nobody looks for."""


@dataclass(frozen=True)
class Expected:
    """What one row of the prepared file lets expect of the table.

    Attributes:
        key: The row's key (`TableKey.of`), "" when it has none.
        row: The row's number in the source; a deletion's is below zero.
        outcome: What became of it.
        item: The item that the rules make of it, None when they make none.
    """

    key: str
    row: int
    outcome: RowOutcome
    item: Item | None


@dataclass(frozen=True)
class ExpectedDigest:
    """An expectation without its item: small enough to hold for many rows.

    Attributes:
        row: The row's number in the source.
        outcome: What became of it.
        digest: The item's `item_digest`, "" when the rules make no item of the row.
    """

    row: int
    outcome: RowOutcome
    digest: str


def digest_expected(expected: Expected) -> ExpectedDigest:
    """Leave of an expectation what tells whether it is met."""
    made = item_digest(expected.item) if expected.item is not None else ""
    return ExpectedDigest(expected.row, expected.outcome, made)


def differing_attributes(expected: Item, found: Item) -> tuple[str, ...]:
    """Name the attributes in which two items differ, in alphabetical order."""
    return tuple(
        name
        for name in sorted(expected.keys() | found.keys())
        if canonical(expected.get(name)) != canonical(found.get(name))
    )


def judge(key: str, expected: Sequence[ExpectedDigest], found: str | None) -> Iterator[Difference]:
    """Tell how the table departs from what the rows of one key let expect.

    Each row is judged by itself: of two rows that were both written under one key, one was lost.

    Args:
        key: The key.
        expected: What the rows of the prepared file that have it let expect; none for an item of another origin.
        found: The `item_digest` of the item that the table has under it, None when it has none.
    """
    looked_for = [one for one in expected if one.outcome not in NOT_WRITTEN]
    for one in looked_for:
        if found is not None and found == one.digest:
            continue
        if one.outcome is RowOutcome.DELETED:
            if found is not None:
                yield Difference(DifferenceKind.UNDELETED, key, one.row)
        elif one.outcome is RowOutcome.UNFINISHED:
            yield Difference(DifferenceKind.UNFINISHED, key, one.row)
        else:
            yield Difference(DifferenceKind.MISSING if found is None else DifferenceKind.CHANGED, key, one.row)
    if found is not None and not looked_for and all(one.outcome is not RowOutcome.LEFT_ALONE for one in expected):
        if expected:
            yield Difference(DifferenceKind.STALE, key, expected[0].row)
        else:
            yield Difference(DifferenceKind.FOREIGN, key)
