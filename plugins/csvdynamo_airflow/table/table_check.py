"""Whether the table holds what the prepared file makes: items compared, differences told apart. Pure."""

import hashlib
import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from csvdynamo.rules.attribute_values import AttributeValue, Item, number_text
from csvdynamo_airflow.documents.checked_table import Difference, DifferenceKind

_DIGEST_BYTES = 16
_MARSHAL_VERSION = 2  # the last that refers to no object that it wrote before


class RowOutcome(StrEnum):
    """What became of a row, as the run's result files say.

    `WRITTEN`: its item must be in the table. `UNFINISHED`: its batch did not succeed, and the item may be there.
    `REJECTED`: this run did not write it.
    """

    WRITTEN = "written"
    UNFINISHED = "unfinished"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Expected:
    """What one row of the prepared file lets expect of the table.

    Attributes:
        key: The row's key (`TableKey.of`), "" when it has none.
        row: The row's number in the source.
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
        digest: The item's `digest`, "" when the rules make no item of the row.
    """

    row: int
    outcome: RowOutcome
    digest: str


def digest(item: Item) -> str:
    """Digest an item so that items which DynamoDB takes for equal have the same: 32 hexadecimal characters.

    DynamoDB gives numbers back in a form of its own, so they are compared as numbers, in lists, maps and sets, too;
    attributes, and the members of maps and sets, have no order.
    """
    # Names differ, so that only they are ordered.
    canonical = [one if "S" in one[1] else (one[0], _canonical(one[1])) for one in sorted(item.items())]
    # Version 2 writes each value in full behind its type and length: equal values, and only those, have equal bytes.
    # Nothing reads them. JSON would be three times as slow.
    return hashlib.blake2b(marshal.dumps(canonical, _MARSHAL_VERSION), digest_size=_DIGEST_BYTES).hexdigest()


def digest_expected(expected: Expected) -> ExpectedDigest:
    """Leave of an expectation what tells whether it is met."""
    made = digest(expected.item) if expected.item is not None else ""
    return ExpectedDigest(expected.row, expected.outcome, made)


def differing_attributes(expected: Item, found: Item) -> tuple[str, ...]:
    """Name the attributes in which two items differ, in alphabetical order."""
    return tuple(
        name
        for name in sorted(expected.keys() | found.keys())
        if _canonical(expected.get(name)) != _canonical(found.get(name))
    )


def judge(key: str, expected: Sequence[ExpectedDigest], found: str | None) -> Iterator[Difference]:
    """Tell how the table departs from what the rows of one key let expect.

    Each row is judged by itself: of two rows that were both written under one key, one was lost.

    Args:
        key: The key.
        expected: What the rows of the prepared file that have it let expect; none for an item of another origin.
        found: The `digest` of the item that the table has under it, None when it has none.
    """
    not_rejected = [one for one in expected if one.outcome is not RowOutcome.REJECTED]
    for one in not_rejected:
        if found is not None and found == one.digest:
            continue
        if one.outcome is RowOutcome.UNFINISHED:
            yield Difference(DifferenceKind.UNFINISHED, key, one.row)
        else:
            yield Difference(DifferenceKind.MISSING if found is None else DifferenceKind.CHANGED, key, one.row)
    if found is not None and not not_rejected:
        if expected:
            yield Difference(DifferenceKind.STALE, key, expected[0].row)
        else:
            yield Difference(DifferenceKind.FOREIGN, key)


def _canonical(value: AttributeValue | None) -> Any:
    """Give a value the one form that equal ones have; what is no number, list, map or set is that already."""
    if value is None or len(value) != 1:  # DynamoDB gives each value one type
        return value
    number = value.get("N")
    if number is not None:  # by far the most of what is no text
        return ("N", number_text(number) or number)
    [(kind, held)] = value.items()
    form = _FORMS.get(kind)
    return value if form is None else (kind, form(held))


def _number(text: str) -> str:
    return number_text(text) or text


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "SS": sorted,
    "NS": lambda members: sorted(map(_number, members)),
    "BS": sorted,
    "L": lambda members: list(map(_canonical, members)),
    "M": lambda members: [(name, _canonical(member)) for name, member in sorted(members.items())],
}
