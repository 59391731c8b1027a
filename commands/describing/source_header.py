"""Where a table begins in a text, and which of its first records are its header. Pure: records in, a place out."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from commands.describing.cell_kinds import ColumnLook, is_blank, is_figure, is_year
from commands.describing.source_dialect import Record, commonest_width

_LOOKED_AT = 60  # records that a header may be among
_ROWS = 300
_MOST_HEADER_LINES = 4
_AHEAD = 10
_OFTEN = 0.15


@dataclass(frozen=True)
class HeaderPlace:
    """Where a table begins.

    Attributes:
        header: The header's records; none where there is none.
        rows: The records after it.
        vote: How sure that is: above 0 a header, below 0 a row, and near it a guess.
    """

    header: Sequence[Record]
    rows: Sequence[Record]
    vote: float

    @property
    def line(self) -> int:
        """The physical line that it begins in, from 0."""
        return (*self.header, *self.rows)[0].line

    @property
    def end(self) -> int:
        """The physical line after the header, from 0."""
        return self.header[-1].end if self.header else self.line


def find_header(records: Sequence[Record]) -> HeaderPlace:
    """Find the header.

    Args:
        records: The records of a text, blank ones among them; one at least that is not blank.
    """
    width = _named_width(records, commonest_width([record for record in records if record.filled]))
    start = _after_titles(records, _start_of(records, width), width)
    start = _after_gap(records, start, width)
    vote = _vote(records, start, 1, width)
    if vote <= 0 and (above := _header_above(records, start, width)) is not None:
        return HeaderPlace([records[above]], records[start:], 1.0)
    if vote < 0 or (vote == 0 and not _may_be_names(records[start])):
        return HeaderPlace((), records[start:], vote or -0.1)
    lines = 1
    while lines < _MOST_HEADER_LINES and _goes_on(records, start, lines, width):
        lines += 1
    return HeaderPlace(records[start : start + lines], records[start + lines :], vote)


def _named_width(records: Sequence[Record], width: int) -> int:
    """Return the width of the first record where it names the cells of many rows, and others end before them."""
    filled = [record for record in records if record.filled]
    wide = filled[0].width
    as_wide = sum(record.width == wide for record in filled)
    if wide <= width or as_wide < max(2, _OFTEN * len(filled)) or any(one.width > wide for one in filled):
        return width
    return wide if _vote(records, records.index(filled[0]), 1, wide) > 0 else width


def _start_of(records: Sequence[Record], width: int) -> int:
    """Find the first record of a table: it and most of those after it have the width."""
    for least in (0.6, 0.3):
        for place, record in enumerate(records[: min(_LOOKED_AT, len(records) // 2 + 1)]):
            ahead = [one for one in records[place : place + _AHEAD] if one.filled]
            as_wide = sum(one.width == width for one in ahead)
            if record.width == width and record.filled and as_wide >= least * len(ahead):
                return place
    places = (place for place, record in enumerate(records) if record.width == width and record.filled)
    return next(places, 0)


def _after_titles(records: Sequence[Record], start: int, width: int) -> int:
    """Pass over records above the header that are as wide and nearly blank."""
    body = [record.filled for record in records[start:] if record.width == width and record.filled][-_ROWS:]
    usual = median(body[len(body) // 2 :])
    place, sure = start, start
    while place + 1 < len(records):
        if _is_title(records[place], records[place + 1], usual):
            place += 1
            sure = place if sure == place - 1 else sure
        elif _is_half_blank(records[place], usual):
            place += 1
        else:
            break
    for found in (place, sure):
        record = records[found]
        if record.width != width or not record.filled:
            continue
        if found == sure or _vote(records, found, 1, width) >= 1:
            # Of two columns one may have no name: rows have none above them then.
            return found if width > 2 or found == start or _vote(records, found, 1, width) > 0 else found - 1
    return start


def _is_half_blank(record: Record, usual: float) -> bool:
    """Whether the first cells of a record hold something and the others do not: a name and a value above a table."""
    first = record.cells[: record.filled]
    return 0 < record.filled < usual and all(cell.strip() for cell in first)


def _is_title(record: Record, below: Record, usual: float) -> bool:
    if not record.filled:
        return True
    if usual < 3:
        return usual == 2 and record.width > 1 and record.filled == 1 and bool(record.cells[0].strip())
    if record.filled > max(1, 0.4 * usual):
        return False
    # What names the groups of a header's columns is part of it.
    names = [cell.strip() for cell in below.cells if cell.strip()]
    fills = below.filled > 1 and any(
        one.strip() and not other.strip() for one, other in zip(record.cells, below.cells, strict=False)
    )
    return not (record.filled > 1 and (fills or len(set(names)) < len(names)) and below.filled >= 0.5 * usual)


def _after_gap(records: Sequence[Record], start: int, width: int) -> int:
    """Pass over a block above the table that is as wide, and parted from it by a blank line."""
    found = start
    for place in range(start + 1, min(len(records), start + _LOOKED_AT // 2)):
        record, before = records[place], records[place - 1]
        is_gap = record.line > before.end or not before.filled
        rest = [one for one in records[place + 1 :] if one.width == width and one.filled]
        if is_gap and record.width == width and len(rest) >= place - found and _vote(records, place, 1, width) >= 1:
            found = place
    return found


def _looks(records: Sequence[Record], first: int, lines: int, width: int) -> list[ColumnLook]:
    """Look at the columns below some records; a header that comes again is not of them."""
    above = {_bare(record) for record in records[first : first + lines]}
    rows = [
        record.cells
        for record in records[first + lines :]
        if record.width == width and record.filled and _bare(record) not in above
    ]
    rows = rows[:_ROWS]
    return [ColumnLook.of([row[place] for row in rows]) for place in range(width)]


def _bare(record: Record) -> tuple[str, ...]:
    return tuple(cell.strip('\ufeff" \t') for cell in record.cells)


def _votes(records: Sequence[Record], first: int, lines: int, width: int) -> list[float]:
    looks = _looks(records, first, lines, width)
    cells = records[first + lines - 1].cells
    votes = [look.vote(cell) for look, cell in zip(looks, cells, strict=False)]
    counting = _counting(cells) if lines == 1 and any(vote > 0 for vote in votes) else set()
    return [0.0 if place in counting else vote for place, vote in enumerate(votes)]


def _counting(cells: Sequence[str]) -> set[int]:
    """Find cells that count: hours of a day, say, which columns are named after."""
    numbers = [int(cell) if cell.strip().isdecimal() else None for cell in cells]
    found = set[int]()
    for place in range(2, len(numbers)):
        first = numbers[place - 2]
        if first is not None and numbers[place - 2 : place + 1] == [first, first + 1, first + 2]:
            found |= {place - 2, place - 1, place}
    return found


def _vote(records: Sequence[Record], first: int, lines: int, width: int) -> float:
    votes = _votes(records, first, lines, width)
    if any(votes) or len(records) > first + lines:
        return sum(votes)
    # It is all that there is: a row if a cell is a number.
    cells = records[first].cells
    return -1.0 if any(is_figure(cell) and not is_year(cell) for cell in cells) else 1.0


def _may_be_names(record: Record) -> bool:
    names = [cell.strip() for cell in record.cells if cell.strip()]
    return bool(names) and not any(is_figure(name) and not is_year(name) for name in names)


def _header_above(records: Sequence[Record], start: int, width: int) -> int | None:
    """Find a header of another width right above the first row."""
    place = start - 1
    while place >= 0 and not records[place].filled:
        place -= 1
    if place < 0:
        return None
    record = records[place]
    names = [cell.strip() for cell in record.cells if cell.strip()]
    if record.width == width or not _may_be_names(record) or len(set(names)) < len(names):
        return None
    few = 1 if width <= 2 else 2
    return place if few <= len(names) and 2 * len(names) >= width and record.width <= 2 * width + 2 else None


def _names_units(record: Record, above: Record, rows: Sequence[Record]) -> bool:
    """Whether a record has a few words below whole names, and no key, which each row has."""
    few = record.filled <= 0.4 * record.width and above.filled == above.width
    if not few or record.cells[0].strip() or any(map(is_figure, record.cells)):
        return False
    filled = [row for row in rows[:_ROWS] if row.filled]
    return len(filled) > 2 and all(row.cells[0].strip() for row in filled)


def _goes_on(records: Sequence[Record], start: int, lines: int, width: int) -> bool:
    """Whether the record after some of the header's is one of them."""
    if len(records) <= start + lines + 1:
        return False
    above, record = records[start + lines - 1], records[start + lines]
    if record.width != width or not record.filled or record.line != above.end:
        return False
    votes = _votes(records, start, lines + 1, width)
    unlike, like = sum(vote > 0.5 for vote in votes), sum(vote < 0 for vote in votes)
    if like and (unlike < 2 or unlike < 2 * like):
        return False
    below = _looks(records, start, lines + 1, width)
    pairs = list(zip(above.cells, record.cells, strict=False))
    fills = [place for place, (one, other) in enumerate(pairs) if not one.strip() and other.strip()]
    if above.filled > 1 and len(fills) >= 1 and record.filled > 1:
        parts = any(one.strip() and not other.strip() for one, other in pairs)
        return sum(votes) > (0.2 if parts else 0.5) or all(is_year(record.cells[place]) for place in fills)
    if _names_units(record, above, records[start + lines + 1 :]):
        return True
    figures = [place for place, look in enumerate(below) if look.figures]
    told = [place for place in figures if not is_blank(record.cells[place])]
    others = any(cell.strip() for place, cell in enumerate(record.cells) if place not in figures)
    return bool(told) and len(told) >= 0.5 * len(figures) and (len(told) > 1 or not others)
