"""Which columns may be a key, and in what order they are tried. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from commands.describing.column_names import is_code, is_key, is_period
from commands.describing.column_types import ColumnFinding
from csvdynamo.rules.attribute_values import MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES

MOST_COLUMNS = 12
"""Columns of which keys of several are made."""

_MOST_NAME_BYTES = 255  # of a key's attribute
_LONG_TEXT = 60  # bytes, on average: a sentence, not a name
_ABOUT = 0.8  # HyperLogLog is a few percent off
_NAMED_FOR_IT = 6


@dataclass(frozen=True)
class Candidate:
    """Columns that may be a key.

    Attributes:
        columns: The columns, in the file's order.
        duplicates: How many rows have the key of another one before them.
    """

    columns: tuple[ColumnFinding, ...]
    duplicates: int

    @property
    def blank(self) -> int:
        """Rows of which a cell of it is blank, the most of a column."""
        return max(column.counts.blank for column in self.columns)

    @property
    def is_key(self) -> bool:
        """Whether every row has its own."""
        return not self.duplicates and not self.blank

    @property
    def told(self) -> str:
        """Its columns' names."""
        return " + ".join(column.header for column in self.columns)


def single_columns(findings: Sequence[ColumnFinding]) -> list[ColumnFinding]:
    """Give the columns that may tell every row apart, or come near it, the most likely ones first."""
    likely = [
        one
        for one in findings
        if _fits_in_key(one, MAX_PARTITION_KEY_BYTES) and one.counts.distinct >= _ABOUT * one.counts.filled > 0
    ]
    likely = [one for one in likely if not one.blank and one.counts.blank <= (1 - _ABOUT) * one.counts.rows]
    return sorted(likely, key=lambda one: (one.counts.blank > 0, is_by_chance(one), _unlikely(one), one.counts.place))


def best_known(findings: Sequence[ColumnFinding], most: int) -> list[ColumnFinding]:
    """Give the columns with the most different cells, to tell how far they are from a key."""
    fit = [one for one in findings if _fits_in_key(one, MAX_PARTITION_KEY_BYTES) and not one.counts.blank]
    return sorted(fit, key=lambda one: -one.counts.distinct)[:most]


def parts(findings: Sequence[ColumnFinding]) -> list[ColumnFinding]:
    """Give the columns of which a key of several may be made, in the file's order, a dozen at most."""
    fit = [one for one in findings if _fits_in_key(one, MAX_SORT_KEY_BYTES) and _is_part(one)]
    named = [one for one in fit if _is_named(one)][:_NAMED_FOR_IT]
    others = sorted((one for one in fit if one not in named), key=lambda one: (is_by_chance(one), -one.counts.distinct))
    return sorted([*named, *others][:MOST_COLUMNS], key=lambda one: one.counts.place)


def several(columns: Sequence[ColumnFinding], size: int, *, by_chance: bool) -> Iterator[tuple[ColumnFinding, ...]]:
    """Give the combinations of so many columns that may tell every row apart, the most likely ones first.

    Args:
        columns: What `parts` gave.
        size: How many of them make a key.
        by_chance: Whether one of them is to be a measure or a long text; else none is.
    """
    made = [
        some
        for some in combinations(columns, size)
        if prod(one.counts.distinct for one in some) >= _ABOUT * some[0].counts.rows
        and any(map(is_by_chance, some)) == by_chance
    ]
    yield from sorted(
        made, key=lambda some: (sum(map(_unlikely, some)), sum(one.counts.place for one in some), some[0].counts.place)
    )


def is_by_chance(column: ColumnFinding) -> bool:
    """Say whether a column that tells rows apart may do so by chance: a measure, or a long text."""
    average = column.counts.text_bytes / max(1, column.counts.filled)
    return column.fraction or average > _LONG_TEXT


def _unlikely(column: ColumnFinding) -> int:
    if is_key(column.header):
        return 0
    if _is_named(column):
        return 1
    return 3 if column.kind is not None and column.kind.type in ("number", "boolean") else 2


def _is_named(column: ColumnFinding) -> bool:
    moment = column.kind is not None and column.kind.type in ("date", "timestamp")
    return moment or is_key(column.header) or is_code(column.header) or is_period(column.header)


def _is_part(column: ColumnFinding) -> bool:
    return not column.counts.blank and not column.blank and column.counts.distinct > 1


def _fits_in_key(column: ColumnFinding, most: int) -> bool:
    is_document = column.kind is not None and column.kind.type == "json"
    return not is_document and column.counts.longest <= most and len(column.header.encode()) <= _MOST_NAME_BYTES
