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
    told = []
    if column.kind is not None and not plain:
        if column.extremes is not None:
            told.append(" to ".join(map(_cell, column.extremes)))
        if column.kind.told != column.kind.type:
            told.append(column.kind.told)
        if column.blank:
            told.append(f"blank words: {cells(column.words)}")
        return told
    if plain and column.kind is not None:
        told.append(f"{column.kind.type} would fit; text, as a part of the key")
    if column.near is not None:
        near = column.near
        if near.misfits and near.fitting < column.counts.filled:
            told.append(f"not a {near.kind.type}: {cells(dict(near.misfits))}")
        elif column.why:
            told.append(f"{near.kind.type} would fit, but: {column.why}")
    elif column.why:
        told.append(column.why)
    if column.ruined:
        told.append(f"as a spreadsheet leaves codes: {cells(column.ruined)}")
    if column.words:
        told.append(f"looks blank: {cells(column.words)}")
    return told


def cells(counted: Mapping[str, int]) -> str:
    """Show cells, each with how often it is there if that is more than once."""
    most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_MOST_WORDS]
    text = ", ".join(f"{_cell(cell)}{f' ({count:,})' if count > 1 else ''}" for cell, count in most)
    return text + (f" and {len(counted) - len(most)} more" if len(counted) > len(most) else "")


def _cell(cell: str) -> str:
    text = cell if len(cell) <= _LONGEST else cell[: _LONGEST - 1] + "…"
    return shown(f'"{text}"' if not text.isalnum() else text)
