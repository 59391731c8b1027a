"""What is told of a column, in the data set file and on the terminal. Pure."""

from collections.abc import Mapping

from commands.describing.column_types import ColumnFinding
from csvdynamo.shown import shown

_LONGEST = 30
_MOST_WORDS = 5


def type_of(column: ColumnFinding, *, plain: bool) -> str:
    """Name a column's type.

    Args:
        column: The column.
        plain: Whether it is text as a part of the key.
    """
    return "text" if plain or column.kind is None else column.kind.type


def fitting(column: ColumnFinding, *, plain: bool) -> str:
    """Say how many of a column's cells fit its type, or the one that it nearly has."""
    if column.kind is None and column.near is not None and column.near.fitting < column.counts.filled:
        return f"{column.near.fitting:,} {column.near.kind.type}"
    words = 0 if plain or column.kind is None else sum(column.words.get(one, 0) for one in column.words)
    return f"{column.counts.filled - words:,}"


def remarks(column: ColumnFinding, *, plain: bool) -> list[str]:
    """Say what else is to be told of a column."""
    kind = column.kind
    if kind is None:
        return [*_why_text(column), *_marked(column)]
    if plain:
        return [f"{kind.type} would fit; text, as a part of the key", *_marked(column)]
    told = [] if column.extremes is None else [" to ".join(map(_cell, column.extremes))]
    told += [kind.told] if kind.told != kind.type else []
    return told + ([f"blank words: {cells(column.words)}"] if column.blank else [])


def _why_text(column: ColumnFinding) -> list[str]:
    near = column.near
    if near is None:
        return [column.why] if column.why else []
    if near.misfits and near.fitting < column.counts.filled:
        return [f"not a {near.kind.type}: {cells(dict(near.misfits))}"]
    return [f"{near.kind.type} would fit, but: {column.why}"]


def _marked(column: ColumnFinding) -> list[str]:
    told = [f"as a spreadsheet leaves codes: {cells(column.ruined)}"] if column.ruined else []
    return told + ([f"looks blank: {cells(column.words)}"] if column.words else [])


def cells(counted: Mapping[str, int]) -> str:
    """Show cells, each with how often it is there if that is more than once."""
    most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_MOST_WORDS]
    text = ", ".join(f"{_cell(cell)}{f' ({count:,})' if count > 1 else ''}" for cell, count in most)
    return text + (f" and {len(counted) - len(most)} more" if len(counted) > len(most) else "")


def _cell(cell: str) -> str:
    text = cell if len(cell) <= _LONGEST else cell[: _LONGEST - 1] + "…"
    return shown(f'"{text}"' if not text.isalnum() else text)
