"""Where a table ends before its file does: totals, a source, notes. Pure: records in, a first cell out."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from commands.describing.cell_kinds import is_figure, shape_of
from commands.describing.source_dialect import Record

_SENTENCE = re.compile(
    r":|\w+\W+\w+\W+\w+\W+\w+|^(?:notes?|sources?|footnotes?|legend|key|©|\(c\)|\*|\[?1[.)\]])", re.IGNORECASE
)
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
    body = _Body.of(records, width)
    place = len(records)
    while place > max(after, len(records) - _LOOKED_AT) and not body.has(records[place - 1]):
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
        if row.cells and not row.cells[0].strip() and any(map(_is_total, others)):
            return row
    return None


def _is_note(records: Sequence[Record], place: int, width: int) -> bool:
    """Whether a record may be the first that is none of the table: totals, or a line of text."""
    record = records[place]
    first = record.cells[0].strip() if record.cells else ""
    if not first:
        return False
    parted = place > 0 and (not records[place - 1].filled or record.line > records[place - 1].end)
    if _is_total(first) or (parted and (record.width != width or record.filled == 1)):
        return True
    return width > 1 and record.filled == 1 and (record.width != width or _SENTENCE.search(first) is not None)


@dataclass(frozen=True)
class _Body:
    """What the rows of a table are like.

    Attributes:
        width: How many cells they have.
        filled: How many of them hold something, in most.
        shapes: The shapes of the first cells that have a digit.
    """

    width: int
    filled: float
    shapes: frozenset[str]

    @classmethod
    def of(cls, records: Sequence[Record], width: int) -> "_Body":
        rows = [record for record in records if record.width == width and record.filled]
        rows = rows[: max(1, len(rows) - _ENDING)]
        shapes = Counter(shape_of(row.cells[0]) for row in rows)
        common = frozenset(shape for shape, count in shapes.items() if "9" in shape and count > 0.1 * len(rows))
        return cls(width, median([row.filled for row in rows]) if rows else width, common)

    def has(self, record: Record) -> bool:
        """Whether a record is a row."""
        if not record.filled or _is_total(record.cells[0].strip()):
            return False
        if record.width == self.width:
            return record.filled > max(1, self.filled / 3) or self._has_key(record)
        # A row if it has a key and a figure, or no more cells than any has.
        return (record.filled > 1 and any(map(is_figure, record.cells))) or (self.width == 1 and record.width == 1)

    def _has_key(self, record: Record) -> bool:
        first = record.cells[0].strip()
        return bool(first) and (self.filled <= 1 or shape_of(first) in self.shapes)


def _is_total(cell: str) -> bool:
    return _TOTAL.fullmatch(cell.rstrip(":")) is not None
