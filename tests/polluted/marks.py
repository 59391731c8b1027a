"""Files in another dialect from their first byte to their last, with the setting that says so and without it.

Left out without their setting, since the other reading is as good:

- quotes of another kind, and none, around or in cells that need none but for one cell;
- escape characters in a file whose cells hold the same character;
- white space after delimiters that no quote follows, and in front of cells without quotes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.polluted.dialects import Dialect
from tests.polluted.model import Polluted, Table

DELIMITERS = (
    ",",
    ";",
    "\t",
    "|",
    "^",
    "~",
    ":",
    "!",
    "*",
    "/",
    "@",
    "$",
    "%",
    "&",
    "\x01",
    "\x1f",
    "\u00a7",
    "\u00a6",
    "\u00ac",
)
TWO = ("||", "::", ", ", "\t\t", "~|", "|~", "##", "; ", ";;", ",,", "\\t")
_PART_OF_CELLS = (", ", "; ", "|~")
"""Of these the second character may be the beginning of every cell, if it has no quotes that tell otherwise."""
QUOTES = ("'", "`", "$", "~", "\u00a6", "\u201d", "%", "^")
ESCAPES = ("\\", "^", "~", "?", "%")


def marked_files(table: Table) -> Iterator[Polluted]:
    """Write a table in every dialect."""
    for quote_all in (False, True):
        for end in ("\n", "\r\n"):
            base = Dialect("quoted" if quote_all else "", quote_all=quote_all, line_end=end)
            yield from _delimiters(table, base)
            yield from _quotes(table, base)
            yield from _escapes(table, base)
    yield from _line_ends(table)
    yield from _trailing(table)
    yield from _white_space(table)
    yield from _no_quotes(table)


def _file(
    kind: str, case: str, table: Table, text: str, settings: Mapping[str, object], told: tuple[str, ...] = ()
) -> Polluted:
    truth = table.truth
    return Polluted(kind, f"{table.name}, {case}", text.encode(), truth, settings=settings, told=told)


def _delimiters(table: Table, base: Dialect) -> Iterator[Polluted]:
    for delimiter in (*DELIMITERS, *TWO, " "):
        text = replace(base, delimiter=delimiter).text(table)
        case = f"{delimiter!r} {base.name} {base.line_end!r}"
        said = {"\t": "tab"}.get(delimiter, delimiter)
        yield _file("another delimiter, told", case, table, text, {"delimiter": said})
        if base.quote_all or delimiter not in _PART_OF_CELLS:
            yield _file("another delimiter", case, table, text, {}, ("delimiter",))
        yield _file("Excel's first line", case, table, f"sep={delimiter}{base.line_end}{text}", {}, ("delimiter",))


def _quotes(table: Table, base: Dialect) -> Iterator[Polluted]:
    for quote in QUOTES:
        text = replace(base, quote=quote).text(table)
        case = f"{quote} {base.name} {base.line_end!r}"
        yield _file("other quotes, told", case, table, text, {"quote": quote})
        if any("," in cell for row in table.rows for cell in row) and not _holds_quotes_first(table):
            yield _file("other quotes", case, table, text, {}, ("quote",))


def _holds_quotes_first(table: Table) -> bool:
    """Whether a cell begins with what is a quote without the setting."""
    return any(cell.startswith('"') for row in table.rows for cell in row)


def _escapes(table: Table, base: Dialect) -> Iterator[Polluted]:
    for escape in ESCAPES:
        text = replace(base, escape=escape).text(table)
        case = f"{escape} {base.name} {base.line_end!r}"
        yield _file("an escape character, told", case, table, text, {"escape": escape})
        if not any(escape in cell for row in table.rows for cell in row):
            yield _file("an escape character", case, table, text, {}, ("escape",))


def _line_ends(table: Table) -> Iterator[Polluted]:
    for quote_all in (False, True):
        for end, said in (("\n", "lf"), ("\r\n", "crlf"), ("\r", "cr"), ("\r\r\n", ""), ("\n\r", ""), ("\n\n", "")):
            dialect = Dialect("", line_end=end, quote_all=quote_all)
            text = dialect.text(table)
            case = f"{end!r} {quote_all}"
            yield _file("another line end", case, table, text, {})
            yield _file("no line end at the end", case, table, text.removesuffix(end), {})
            yield _file("blank lines at the end", case, table, text + end * 4, {})
            if said:
                yield _file("another line end, told", case, table, text, {"line_end": said})
    lines = Dialect("").lines(table)
    mixed = "".join(line + ("\n", "\r\n", "\r")[number % 3] for number, line in enumerate(lines))
    yield _file("another line end", "mixed", table, mixed, {})
    for bare, end, said in (("\n", "\r\n", "crlf"), ("\r", "\n", "lf"), ("\r", "\r\n", "crlf"), ("\n", "\r", "cr")):
        rows = tuple((*row[:2], f"first{bare}second", *row[3:]) for row in table.rows)
        text = Dialect("", line_end=end).text(Table(table.name, table.header, rows))
        lines_bare = text.replace(f'"first{bare}second"', f"first{bare}second")
        other = Table(table.name, table.header, rows)
        yield _file("a bare line end in cells, told", f"{bare!r} {end!r}", other, lines_bare, {"line_end": said})
        yield _file("a bare line end in cells", f"{bare!r} {end!r}", other, lines_bare, {}, ("line_end",))


def _trailing(table: Table) -> Iterator[Polluted]:
    for quote_all in (False, True):
        lines = Dialect("", quote_all=quote_all).lines(table)
        for mark in (",", ',""', ",,,", ", "):
            every = "".join(f"{line}{mark}\n" for line in lines)
            rows = "".join(f"{line}{mark}\n" for line in lines[1:])
            some = "".join(f"{line}{mark if number % 2 else ''}\n" for number, line in enumerate(lines[1:]))
            case = f"{mark!r} {quote_all}"
            yield _file("a delimiter at the end of every line", case, table, every, {})
            yield _file("a delimiter at the end of every row", case, table, f"{lines[0]}\n{rows}", {}, ("names",))
            yield _file("a delimiter at the end of some rows", case, table, f"{lines[0]}\n{some}", {})
    front = "".join(f",{line}\n" for line in Dialect("").lines(table))
    yield _file("a delimiter before every line", "all", table, front, {})


def _white_space(table: Table) -> Iterator[Polluted]:
    bare = Table(table.name, table.header, tuple(tuple(cell or "x" for cell in row) for row in table.rows))
    for quote_all in (False, True):
        lines = [
            ", ".join(Dialect("", quote_all=quote_all).cell(cell) for cell in row)
            for row in (table.header, *table.rows)
        ]
        text = "".join(f"{line}\n" for line in lines)
        case = f"after the delimiter {quote_all}"
        yield _file("white space after delimiters, told", case, table, text, {"skip_initial_space": True})
        if quote_all:  # the header alone shows it: a quote after a space
            yield _file("white space after delimiters", case, table, text, {}, ("skip_initial_space",))
    for gap in (" ", "   ", "\t", " \t "):
        dialect = Dialect("", quote_all=True, delimiter=gap)
        yield _file(
            "white space between cells, told", repr(gap), bare, dialect.text(bare), {"delimiter": "white space"}
        )
        yield _file("white space between cells", repr(gap), bare, dialect.text(bare), {}, ("delimiter",))


def _no_quotes(table: Table) -> Iterator[Polluted]:
    """Write cells as they are; those with a delimiter or a line break get others in their place."""
    plain = tuple(
        tuple(cell.translate({ord(","): ";", ord("\n"): " ", ord("\r"): " "}) for cell in row) for row in table.rows
    )
    bare = Table(table.name, table.header, plain)
    text = Dialect("", quote="").text(bare)
    yield _file("no quotes, told", "cells as they are", bare, text, {"quote": "none"})
    for number, row in enumerate(table.rows):
        rows = [*Table(table.name, table.header, plain).rows]
        rows = [tuple(cell.replace('"', "") for cell in other) for other in rows]
        for column in range(1, len(row)):
            changed = [*rows]
            changed[number] = (*rows[number][:column], f'"{rows[number][column]}', *rows[number][column + 1 :])
            one = Table(table.name, table.header, tuple(changed))
            text = Dialect("", quote="").text(one)
            case = f"row {number + 1}, column {column + 1} opens one"
            yield _file("no quotes, told", case, one, text, {"quote": "none"})
            yield _file("no quotes", case, one, text, {}, ("quote",))
