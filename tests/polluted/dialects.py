"""Writing a clean table as some program would, and where each of its cells then stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.polluted.model import Settings, Table


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Attributes:
        name: Its name in a case.
        delimiter: What stands between two cells.
        quote: What stands around a cell that needs it; "" for nothing.
        escape: What stands before a quote within quotes; "" where it is doubled.
        line_end: What ends a record.
        quote_all: Whether every cell has quotes, blank ones too.
        settings: What a data set file says of it, where it is not found.
    """

    name: str
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    line_end: str = "\n"
    quote_all: bool = False
    settings: Settings = field(default_factory=dict)

    def cell(self, text: str) -> str:
        """Write one cell."""
        if not self.quote or not (self.quote_all or self._needs_quotes(text)):
            return text
        if self.escape:
            text = text.replace(self.escape, self.escape * 2).replace(self.quote, self.escape + self.quote)
        else:
            text = text.replace(self.quote, self.quote * 2)
        return self.quote + text + self.quote

    def line(self, cells: Sequence[str]) -> str:
        """Write a record without its line end."""
        return self.delimiter.join(map(self.cell, cells))

    def lines(self, table: Table) -> list[str]:
        """Write the header and each record, without line ends."""
        return [self.line(record) for record in (table.header, *table.rows)]

    def text(self, table: Table) -> str:
        """Write the whole table."""
        return self.join(self.lines(table))

    def join(self, lines: Sequence[str]) -> str:
        """End each line."""
        return "".join(line + self.line_end for line in lines)

    def _needs_quotes(self, text: str) -> bool:
        # Half of a delimiter of two characters, at the end of a cell, would move it.
        return any(mark in text for mark in (*self.delimiter, self.quote, "\r", "\n", *self.escape))


@dataclass(frozen=True)
class Span:
    """A cell as it stands in a text, its quotes included."""

    start: int
    end: int
    quoted: bool


@dataclass(frozen=True)
class Record:
    """A record as it stands in a text.

    Attributes:
        number: 0 for the header.
        key: Its key.
        cells: Its cells.
        before: Where the line end of the record before it begins; the same as its start in the first record.
    """

    number: int
    key: str
    cells: tuple[Span, ...]
    before: int

    @property
    def start(self) -> int:
        """Where its first cell begins."""
        return self.cells[0].start

    @property
    def end(self) -> int:
        """Where its last cell ends."""
        return self.cells[-1].end


@dataclass(frozen=True)
class Written:
    """A clean table in a dialect, and where its cells stand."""

    table: Table
    dialect: Dialect
    text: str
    records: tuple[Record, ...]

    def keys_of(self, *numbers: int) -> frozenset[str]:
        """Return the keys of records, of the header none."""
        return frozenset(self.table.keys[number - 1] for number in numbers if 1 <= number <= len(self.table.rows))


def write(table: Table, dialect: Dialect) -> Written:
    """Write a table, and note where each cell stands."""
    return Written(table, dialect, dialect.text(table), tuple(_records(table, dialect)))


def _records(table: Table, dialect: Dialect) -> Iterator[Record]:
    place = before = 0
    for number, row in enumerate((table.header, *table.rows)):
        spans = []
        for text in row:
            written = dialect.cell(text)
            quoted = bool(dialect.quote) and written != text
            spans.append(Span(place, place + len(written), quoted))
            place += len(written) + len(dialect.delimiter)
        end = spans[-1].end
        yield Record(number, row[0], tuple(spans), before)
        before, place = end, end + len(dialect.line_end)
