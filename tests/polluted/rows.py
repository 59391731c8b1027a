"""Records of one file that are written otherwise than the others, each at every place: widths, marks, line ends.

Left out: what is another sound row. A row whose cells stand in quotes of another kind where no cell needs them is one,
and so is a row with another delimiter that has by chance as many of the file's own.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.polluted.dialects import Dialect
from tests.polluted.model import Polluted, Table

_LINE_ENDS = ("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r", "\r\r\n")


def row_pollutions(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    """Pollute one row after the other."""
    for place in range(len(table.rows)):
        for kind, case, text in (
            *_widths(table, dialect, place),
            *_other_marks(table, dialect, place),
            *_other_ends(table, dialect, place),
        ):
            yield Polluted(
                kind=kind,
                case=f"{table.name}, {dialect.name}, row {place + 1}, {case}",
                content=text.encode(),
                truth=table.truth,
                settings=dialect.settings,
                touched=frozenset([table.keys[place]]),
            )


def _widths(table: Table, dialect: Dialect, place: int) -> Iterator[tuple[str, str, str]]:
    row, width = table.rows[place], len(table.header)
    for kept in range(1, width):
        yield "a short row", f"{kept} cells", _with(table, dialect, place, dialect.line(row[:kept]))
    yield "a short row", "no key", _with(table, dialect, place, dialect.line(row[1:]))
    for more in (1, 2, width - 1, width, 100):
        for cell in ("", "x", 'x "y", z'):
            line = dialect.line([*row, *[cell] * more])
            yield "a long row", f"{more} of {cell!r} more", _with(table, dialect, place, line)
    line = dialect.line(row)
    twice = line + dialect.line_end + line
    yield "a row twice", "one after the other", _with(table, dialect, place, twice)
    yield "a row twice", "in one line", _with(table, dialect, place, dialect.line([*row, *row]))


def _other_marks(table: Table, dialect: Dialect, place: int) -> Iterator[tuple[str, str, str]]:
    row = table.rows[place]
    everything = "".join(row)
    for delimiter in (";", "\t", "|", ":", " ", ",,", "\x1f"):
        line = replace(dialect, delimiter=delimiter).line(row)
        if delimiter != dialect.delimiter and line.count(dialect.delimiter) != len(row) - 1:
            yield "a row with another delimiter", repr(delimiter), _with(table, dialect, place, line)
    if any(dialect.delimiter in cell for cell in row):
        for quote in ("'", "`", "\u00a6"):
            if quote not in everything:
                line = replace(dialect, quote=quote, quote_all=True).line(row)
                yield "a row with other quotes", quote, _with(table, dialect, place, line)
        if not any(mark in everything for mark in (dialect.quote, "\n", "\r")):
            line = replace(dialect, quote="").line(row)
            yield "a row without its quotes", "none", _with(table, dialect, place, line)
    if dialect.quote in everything and "\\" not in everything and not dialect.escape:
        line = replace(dialect, escape="\\").line(row)
        yield "a row with backslashes before quotes", "each", _with(table, dialect, place, line)
    whole = replace(dialect, quote_all=True).cell(dialect.line(row))
    yield "a row in quotes as a whole", "one cell", _with(table, dialect, place, whole)


def _other_ends(table: Table, dialect: Dialect, place: int) -> Iterator[tuple[str, str, str]]:
    for end in _LINE_ENDS:
        if end != dialect.line_end:
            lines = [line + dialect.line_end for line in dialect.lines(table)]
            lines[place + 1] = dialect.line(table.rows[place]) + end
            yield "a row with another line end", repr(end), "".join(lines)


def _with(table: Table, dialect: Dialect, place: int, line: str) -> str:
    """Write the table with another line for one of its rows."""
    lines = dialect.lines(table)
    lines[place + 1] = line
    return dialect.join(lines)
