"""Lines between the rows that are none, at every place: blank ones, comments, the header again, totals, a second table.

Left out: a comment, a footer, or a row of a second table that has text in the key's column and as many cells as the
header. It is a row unless a setting says otherwise (`comment`, `stop_at`), and is tried with that alone.
"""

from collections.abc import Iterator, Mapping

from tests.polluted.dialects import Dialect
from tests.polluted.model import Polluted, Table, truth_of

_BOM = "\ufeff"


def lines_between(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    """Put lines between two rows, before the first and after the last."""
    for place in range(len(table.rows) + 1):
        for kind, line in _lines(table, dialect):
            yield _file(table, dialect, place, kind, line, {})
        for line in ("#", "# made on Monday", '# "open', "#" + dialect.line(table.rows[0]), "##,,,,"):
            yield _file(table, dialect, place, "a comment, told", line, {"comment": "#"})
        yield _stopped(table, dialect, place)


def _lines(table: Table, dialect: Dialect) -> Iterator[tuple[str, str]]:
    width, mark, end = len(table.header), dialect.delimiter, dialect.line_end
    yield "a blank line", ""
    yield "a blank line", end * 3
    yield "a blank line", " "
    yield "a blank record", mark * (width - 1)
    yield "a blank record", mark.join(['""'] * width)
    yield "a blank record", mark.join([" "] * width)
    yield "a blank record", '""'
    yield "a line of delimiters", mark * width
    yield "a line of delimiters", mark * (width - 2)
    for comment in ("# made on Monday", "// made on Monday", '# the "big" one', "#,,", f"# a{mark} b"):
        yield "a comment", comment
    yield "an open quote in a line of its own", '"# made on Monday'
    yield "an open quote in a line of its own", '"'
    yield "a closed quote in a line of its own", 'made on Monday"'
    header = dialect.line(table.header)
    yield "the header again", header
    yield "the header again", _BOM + header
    yield "the header again", mark.join(f'"{name}"' for name in table.header)
    yield "the header again", mark.join(f"{name} " for name in table.header)
    yield "the header again", header + end + end + header
    yield "a footer", "Total: 123"
    yield "a footer", mark.join(["Total", "", "123"])
    yield "a footer", mark.join(["", "", "Total", "123"])
    yield "a footer", mark * 3 + "Total" + mark
    for columns in (1, 2, width - 1, width + 1, width * 2 + 1):
        other = [[f"{name}-{column}" for column in range(columns)] for name in ("col", "a", "b", "c")]
        yield "a second table", end + end.join(map(dialect.line, other)) + end


def _file(table: Table, dialect: Dialect, place: int, kind: str, line: str, settings: Mapping[str, object]) -> Polluted:
    lines = dialect.lines(table)
    lines.insert(place + 1, line)
    return Polluted(
        kind=kind,
        case=f"{table.name}, {dialect.name}, after row {place}, {line!r}",
        content=dialect.join(lines).encode(),
        truth=table.truth,
        settings={**dialect.settings, **settings},
    )


def _stopped(table: Table, dialect: Dialect, place: int) -> Polluted:
    lines = dialect.lines(table)
    lines.insert(place + 1, dialect.line(["Total", "", "and so on", "", "123"]))
    return Polluted(
        kind="totals, told",
        case=f"{table.name}, {dialect.name}, after row {place}",
        content=dialect.join(lines).encode(),
        truth=truth_of(table.header, table.rows[:place]),
        settings={**dialect.settings, "stop_at": "Total"},
    )
