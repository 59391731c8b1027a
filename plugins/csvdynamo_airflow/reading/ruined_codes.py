"""Codes that a spreadsheet has ruined: rounded (``1,95419E+13``), or too wide for it to show (``####``). Pure."""

from collections.abc import Iterable, Mapping

RUINED = r"\s*[+-]?[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,3}\s*|\s*#{3,}\s*"
"""What such a cell is, as a pattern of Python and of DuckDB."""

_SIGNS = ((b"+", (b"E+", b"e+")), (b"#", (b"###",)))


def may_hold_ruined(piece: bytes) -> bool:
    """Whether rows may have such cells, which hardly ever takes longer than looking for two characters."""
    return any(first in piece and any(sign in piece for sign in signs) for first, signs in _SIGNS)


def told_ruined(cells: Mapping[str, int], columns: Iterable[str]) -> dict[str, str]:
    """Tell of each column that has such cells, in two sentences.

    Args:
        cells: How many, by column.
        columns: The columns of which to tell.
    """
    return {
        column: f"{cells[column]:,} cell{'' if cells[column] == 1 else 's'} of {column!r}: as a spreadsheet leaves a "
        "code that it takes for a number (1.2E+11) or cannot show (####). It is lost; the cell was taken as it is."
        for column in columns
        if cells.get(column)
    }
