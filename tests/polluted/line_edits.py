"""One line end too many or too few, a byte that is no text, a file cut off, at every place where that can be told.

Left out, because what comes of it is another sound row, as good as any of a clean file:

- a line end more within quotes: it is text;
- a line end within or before a record's last cell, since the row before it has all its cells, the last one shorter; and
  within or after its first cell where the rest is a row whose key is the rest of the key. The other half of such a row
  is a reject, but which row it belongs to only a person sees;
- a file that was cut off within its last cell, if that has no quotes, or before it; or within its first character that
  is not ASCII, since what is left of that is a letter of another encoding.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.polluted.dialects import Record, Written
from tests.polluted.edits import edited
from tests.polluted.model import Polluted, truth_of


def line_end_edits(written: Written) -> Iterator[Polluted]:
    """Put a line end at every place outside of quotes, and take away each, and each half of one."""
    text, end = written.text, written.dialect.line_end
    for record in written.records:
        last = len(record.cells) - 1
        for number, cell in enumerate(record.cells):
            for place in range(cell.start, cell.end + 1):
                within = place not in (cell.start, cell.end)
                if cell.quoted and within:
                    continue
                if (number == 0 and within) or (number == last and place != cell.end):
                    continue
                yield edited(written, "a line end more", record, number, place, text[:place] + end + text[place:])
        yield _joined(written, record)
        for place in range(record.end, record.end + len(end)) if len(end) > 1 else ():
            half = edited(written, "half a line end less", record, last, place, text[:place] + text[place + 1 :])
            yield replace(half, touched=frozenset())


def _joined(written: Written, record: Record) -> Polluted:
    """Take away the line end after a record."""
    text, end = written.text, written.dialect.line_end
    less = edited(
        written,
        "a line end less",
        record,
        len(record.cells) - 1,
        record.end,
        text[: record.end] + text[record.end + len(end) :],
    )
    touched = written.keys_of(record.number, record.number + 1)
    # A header and a row that are one line are a header of more names.
    return replace(less, touched=touched, gone=touched if record.number == 0 else frozenset())


def byte_edits(written: Written) -> Iterator[Polluted]:
    """Put a NUL, or a byte that no character of UTF-8 has there, at every place."""
    for record in written.records:
        for number, cell in enumerate(record.cells):
            for place in range(cell.start, cell.end + 1):
                before, after = written.text[:place].encode(), written.text[place:].encode()
                for kind, byte in (("a NUL more", b"\0"), ("a byte of no character", b"\xff")):
                    file = edited(written, kind, record, number, place, "")
                    yield replace(file, content=before + byte + after)


def cuts(written: Written) -> Iterator[Polluted]:
    """Cut the file off at every byte, and so within characters, too."""
    table, text = written.table, written.text
    for record in written.records:
        for place in range(record.before, record.end):
            character = text[place].encode()
            for kept in range(len(character)):
                if _seems_whole(written, record, place) if kept == 0 else text[:place].isascii():
                    continue
                content = text[:place].encode() + character[:kept]
                begun = len(content) > len(text[: record.cells[0].end].encode())  # its key is there
                yield Polluted(
                    kind="cut off" if kept == 0 else "cut off within a character",
                    case=f"{table.name}, {written.dialect.name}, byte {len(content)}",
                    content=content,
                    truth=truth_of(table.header, table.rows[: max(0, record.number - (not begun))]),
                    settings=written.dialect.settings,
                    touched=written.keys_of(record.number) if begun else frozenset(),
                )


def _seems_whole(written: Written, record: Record, place: int) -> bool:
    """Whether a row that is cut off there has all its cells, the last one shorter."""
    last = record.cells[-1]
    if record.number == 0 or place < last.start:
        return False
    begun, quote = written.text[last.start : place], written.dialect.quote
    return not last.quoted or not begun or (begun.endswith(quote) and begun.count(quote) % 2 == 0)
