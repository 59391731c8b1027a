"""One delimiter or quote too many or too few, at every place of a file where that can be told.

Left out, because what comes of it is another sound row, as good as any of a clean file:

- a delimiter more within quotes: it is text, as a letter more would be. So is a quote there that is escaped;
- an escape character more or less before anything but a quote, a delimiter or a line end: the same;
- a quote more within a cell, or at its end, or one less at the beginning of one, where the record then has that one
  quote and no other: `5" pipe` is text in many a clean file. In a record with other quotes it is an edit: they and it
  do not go together.
- a quote more or less within a name of the header, where it is the header's only one: the same.
"""

from collections.abc import Iterator

from tests.polluted.dialects import Record, Span, Written
from tests.polluted.model import Polluted


def delimiter_edits(written: Written) -> Iterator[Polluted]:
    """Put a delimiter at every place, and take away each."""
    delimiter, text = written.dialect.delimiter, written.text
    for record in written.records:
        for number, cell in enumerate(record.cells):
            for place in range(cell.start, cell.end + 1):
                if not _within(cell, place) or _between_escaped_quote(written, cell, place):
                    where = "a delimiter more" + (" between quotes" if _within(cell, place) else "")
                    yield edited(written, where, record, number, place, text[:place] + delimiter + text[place:])
        for number, cell in enumerate(record.cells[:-1]):
            rest = text[: cell.end] + text[cell.end + len(delimiter) :]
            yield edited(written, "a delimiter less", record, number, cell.end, rest)


def quote_edits(written: Written) -> Iterator[Polluted]:
    """Put a quote at every place, and take away each."""
    quote, text = written.dialect.quote, written.text
    for record in written.records:
        for number, cell in enumerate(record.cells):
            for place in range(cell.start, cell.end + 1):
                more = text[:place] + quote + text[place:]
                if not _is_lone_text(written, record, more, 1) and not _is_escaped(written, cell, place):
                    yield edited(written, f"a quote more {_where(cell, place)}", record, number, place, more)
            for place in range(cell.start, cell.end):
                less = text[:place] + text[place + 1 :]
                if text[place] == quote and not _is_lone_text(written, record, less, -1):
                    yield edited(written, f"a quote less {_which(cell, place)}", record, number, place, less)


def escape_edits(written: Written) -> Iterator[Polluted]:
    """Put an escape before each delimiter, line end and quote around a cell; take away each before a quote."""
    dialect, text = written.dialect, written.text
    for record in written.records:
        for number, cell in enumerate(record.cells):
            ends = [cell.start, cell.end - 1] if cell.quoted else []
            for place in (*ends, cell.end):
                more = text[:place] + dialect.escape + text[place:]
                yield edited(written, "an escape more", record, number, place, more)
            for place in _escaped_quotes(written, cell):
                less = text[:place] + text[place + 1 :]
                yield edited(written, "an escape less", record, number, place, less)


def edited(written: Written, kind: str, record: Record, column: int, place: int, text: str) -> Polluted:
    """Make the file of one edit in one record."""
    table, where = written.table, "header" if record.number == 0 else f"row {record.number}"
    return Polluted(
        kind=kind if record.number else f"header: {kind}",
        case=f"{table.name}, {written.dialect.name}, {where}, column {column + 1}, character {place - record.start}",
        content=text.encode(),
        truth=table.truth,
        settings=written.dialect.settings,
        touched=written.keys_of(record.number),
        told=("names",) if record.number == 0 else (),
    )


def _within(cell: Span, place: int) -> bool:
    return cell.quoted and cell.start < place < cell.end


def _between_escaped_quote(written: Written, cell: Span, place: int) -> bool:
    """Whether a place within quotes is between a quote and what escapes it."""
    return place - 1 in _escaped_quotes(written, cell)


def _is_escaped(written: Written, cell: Span, place: int) -> bool:
    """Whether a character put there would be escaped: a quote is text then."""
    escape = written.dialect.escape
    if not escape or not _within(cell, place):
        return False
    before = written.text[cell.start + 1 : place]
    return (len(before) - len(before.rstrip(escape))) % 2 == 1


def _escaped_quotes(written: Written, cell: Span) -> set[int]:
    """Tell where each escape of a quote stands."""
    if not cell.quoted:
        return set()
    found, place, text = set(), cell.start + 1, written.text
    escape = written.dialect.escape or written.dialect.quote
    while place < cell.end - 1:
        if text[place] == escape:
            if text[place + 1] == written.dialect.quote:
                found.add(place)
            place += 1
        place += 1
    return found


def _is_lone_text(written: Written, record: Record, text: str, more: int) -> bool:
    """Whether a record has one quote after an edit, and that is text: not the first character of a cell."""
    line = text[record.start : record.end + more]
    quote, delimiter = written.dialect.quote, written.dialect.delimiter
    return line.count(quote) == 1 and not any(piece.startswith(quote) for piece in line.split(delimiter))


def _where(cell: Span, place: int) -> str:
    if cell.quoted:
        return "within quotes" if _within(cell, place) else "beside a quote"
    return "before a cell" if place == cell.start else "in a cell of a record with quotes"


def _which(cell: Span, place: int) -> str:
    return {cell.start: "that opens", cell.end - 1: "that closes"}.get(place, "of two")
