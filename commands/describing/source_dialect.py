"""How a text is written, and the records that it is made of then, read without judging them. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns

MOST_RECORDS = 1_000
"""Records of a text that are looked at."""

_WRITTEN = {"\t": "tab", WHITE_SPACE: "white space"}


@dataclass(frozen=True)
class Dialect:
    """How a text is written.

    Attributes:
        delimiter: What stands between two cells, as `SourceFormat` has it.
        quote: The character round cells, None for none.
        escape: The character before one that stands for itself, None for none.
        skip_initial_space: Whether spaces after a delimiter are no part of a cell.
        line_end: The one that ends a line, None for all three.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skip_initial_space: bool = False
    line_end: str | None = None

    @property
    def format(self) -> SourceFormat:
        """What prepare's reader calls it."""
        return SourceFormat(
            self.delimiter,
            quote=self.quote,
            escape=self.escape,
            skip_initial_space=self.skip_initial_space,
            line_end=self.line_end,
        )

    @property
    def settings(self) -> dict[str, object]:
        """The keys of ``[source]`` that say so."""
        told: dict[str, object] = {"delimiter": _WRITTEN.get(self.delimiter, self.delimiter)}
        if self.quote != '"':
            told["quote"] = self.quote or "none"
        if self.escape:
            told["escape"] = self.escape
        if self.skip_initial_space:
            told["skip_initial_space"] = True
        if self.line_end:
            told["line_end"] = {"\n": "lf", "\r\n": "crlf", "\r": "cr"}[self.line_end]
        return told


@dataclass(frozen=True)
class Record:
    """A record of a text, read without judging it.

    Attributes:
        line: The physical line that it begins in, from 0.
        end: The one after its last.
        cells: Its cells.
        sound: Whether its quotes leave no doubt.
    """

    line: int
    end: int
    cells: Sequence[str]
    sound: bool = True

    @property
    def width(self) -> int:
        """How many cells it has."""
        return len(self.cells)

    @cached_property
    def filled(self) -> int:
        """How many of its cells hold something."""
        return sum(bool(cell.strip()) for cell in self.cells)


def lines_of(text: str, line_end: str | None = None) -> list[str]:
    """Cut a text into physical lines, with their ends.

    Args:
        text: The text.
        line_end: The one that ends a line, None for all three.
    """
    if line_end is None:
        return io.StringIO(text, newline="").readlines()
    *lines, rest = text.split(line_end)
    return [line + line_end for line in lines] + ([rest] if rest else [])


def records_of(
    lines: Sequence[str], dialect: Dialect, first: int = 0, comment: str | None = None, most: int = MOST_RECORDS
) -> list[Record]:
    """Read lines as records, whatever their quotes; blank lines are none.

    Args:
        lines: The lines.
        dialect: How they are written.
        first: The place of the first of them in the file.
        comment: What lines begin with that are none, None for nothing.
        most: How many records are enough.
    """
    return list(islice(_records(lines, dialect, first, comment), most))


def _records(lines: Sequence[str], dialect: Dialect, first: int, comment: str | None) -> Iterator[Record]:
    source_format, quotes = dialect.format, Quotes(dialect.format)
    stand_ins = StandIns(source_format)
    held: list[int] = []
    put = stand_ins.put(list(lines))

    def feed() -> Iterator[str]:
        for number, line in enumerate(put):
            if comment and not held and line.startswith(comment):
                continue
            held.append(number)
            yield line

    reader = csv.reader(feed(), **source_format.options)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = []
        if cells is None:
            return
        if cells:
            start, end = held[0], held[-1] + 1
            [record] = stand_ins.taken_out([cells])
            fields = record.fields if isinstance(record, BadRecord) else record
            yield Record(first + start, first + end, fields, quotes.are_sound("".join(put[start:end])))
        held.clear()


def commonest_width(records: Sequence[Record]) -> int:
    """Return the width that most of the cells' records have: many cells count more than many records."""
    widths = Counter(record.width for record in records)
    tail = 0
    last = records[-1].width
    for record in reversed(records):
        if record.width != last:
            break
        tail += 1
    if last > 1 and tail > 1:
        widths[last] += tail  # a table ends the file
    return max(widths, key=lambda width: (widths[width] * (width - 1) / width, width))
