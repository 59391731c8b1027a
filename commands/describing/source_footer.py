"""Where a table ends before its file does: totals, a source, notes. Pure: records in, a first cell out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from commands.describing.cell_kinds import is_figure
from commands.describing.source_dialect import Record

_LOOKED_AT = 40
_ENDING = 5
_TOTAL = re.compile(
    r"(grand |sub ?)?totals?( .*)?|sum(me)?|gesamt(summe)?|insgesamt|totaux|totale|totaal|celkem|razem|suma|ukupno"
    r"|skupaj|summa|yhteensä|összesen|toplam|итого|всего|合計|总计|總計|合计",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Footer:
    """What follows a table's rows.

    Attributes:
        place: Which of the records is its first.
        cell: The first cell of that, which no record before it begins with.
    """

    place: int
    cell: str


def find_footer(records: Sequence[Record], width: int, *, after: int = 1) -> Footer | None:
    """Find the record with which a table ends before its file does.

    Args:
        records: The last records of a file, or all after its header.
        width: How many cells a row has.
        after: How many records are rows at least.

    Returns:
        It; None where the last record is a row, or nothing tells.
    """
    place = len(records)
    while place > max(after, len(records) - _LOOKED_AT) and not _is_row(records[place - 1], width):
        place -= 1
    while place < len(records) and not _is_note(records, place, width):
        place += 1
    if place >= len(records):
        return None
    first = records[place].cells[0].strip()
    # What more than a line of notes has is another table: nobody is to lose it without a word.
    if not first or any(row.cells[0].strip() == first for row in records[:place] if row.cells):
        return None
    return Footer(place, first)


def find_total(rows: Sequence[Record]) -> Record | None:
    """Find a record among the last rows that looks like totals though it does not begin as such."""
    for row in rows[-_ENDING:]:
        others = [cell.strip().rstrip(":") for cell in row.cells[1:] if cell.strip()]
        if row.cells and not row.cells[0].strip() and any(map(_TOTAL.fullmatch, others)):
            return row
    return None


def _is_note(records: Sequence[Record], place: int, width: int) -> bool:
    """Whether a record may be the first that is none of the table: totals, or a line of text."""
    record = records[place]
    if not record.filled or not record.cells[0].strip():
        return False
    parted = place > 0 and (not records[place - 1].filled or record.line > records[place - 1].end)
    is_total = _TOTAL.fullmatch(record.cells[0].strip().rstrip(":")) is not None
    return is_total or (width > 1 and record.filled == 1) or (parted and record.width != width)


def _is_row(record: Record, width: int) -> bool:
    if not record.filled or _TOTAL.fullmatch(record.cells[0].strip().rstrip(":")):
        return False
    if record.width == width and record.filled > max(1, width // 3):
        return True
    # Nearly blank: a row if it has a key and a figure, or no more cells than any has.
    return (record.filled > 1 and any(map(is_figure, record.cells))) or (width == 1 and record.width == 1)
