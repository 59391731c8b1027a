"""Which delimiter, quote and escape a text is written with: candidates, and how well each cuts the text. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from commands.describing.cell_kinds import is_blank, is_figure
from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns

USUAL = (",", ";", "\t", "|")
_SELDOM = ":^~!#$%&*=§¦¬\x01\x02\x07\x1c\x1d\x1e\x1f\u00a0"
_NO_CELL = re.compile(r"[;\t|]|,(?=\S)")  # what a cell hardly holds, but for the delimiter itself
_RECORDS = 1_000
_LINES = 4_000
_WRITTEN = {"\t": "tab", WHITE_SPACE: "white space"}


@dataclass(frozen=True)
class Dialect:
    """How a text is written.

    Attributes:
        delimiter: What stands between two cells, as `SourceFormat` has it.
        quote: The character round cells, None for none.
        escape: The character before one that stands for itself, None for none.
        skip_initial_space: Whether spaces after a delimiter are no part of a cell.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skip_initial_space: bool = False

    @property
    def format(self) -> SourceFormat:
        """What prepare's reader calls it."""
        return SourceFormat(
            self.delimiter, quote=self.quote, escape=self.escape, skip_initial_space=self.skip_initial_space
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

    @property
    def filled(self) -> int:
        """How many of its cells hold something."""
        return sum(bool(cell.strip()) for cell in self.cells)


def lines_of(text: str) -> list[str]:
    """Cut a text into physical lines, with their ends."""
    return io.StringIO(text, newline="").readlines()


def records_of(lines: Sequence[str], dialect: Dialect, first: int = 0, most: int = _RECORDS) -> list[Record]:
    """Read lines as records, whatever their quotes; blank lines are none.

    Args:
        lines: The lines.
        dialect: How they are written.
        first: The place of the first of them in the file.
        most: How many records are enough.
    """
    return list(islice(_records(lines, dialect, first), most))


def _records(lines: Sequence[str], dialect: Dialect, first: int) -> Iterator[Record]:
    source_format, quotes = dialect.format, Quotes(dialect.format)
    stand_ins = StandIns(source_format)
    put = stand_ins.put(list(lines))
    reader = csv.reader(put, **source_format.options)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = []
        if cells is None:
            return
        start, before = before, reader.line_num
        if cells:
            [record] = stand_ins.taken_out([cells])
            fields = record.fields if isinstance(record, BadRecord) else record
            yield Record(first + start, first + before, fields, quotes.are_sound("".join(put[start:before])))


def delimiters_of(lines: Sequence[str]) -> list[str]:
    """List what may stand between two cells: the usual ones, and others that most lines hold."""
    filled = [line for line in lines[:_LINES] if line.strip()]
    held = Counter(one for line in filled for one in set(line))
    often = [one for one in _SELDOM if held[one] >= 0.8 * len(filled) > 0]
    pairs = [2 * one for one in (*USUAL, *often) if _stands_in_pairs(filled, one)]
    spaces = [WHITE_SPACE] if held[" "] + held["\t"] >= 0.8 * len(filled) > 0 else []
    return [*(one for one in USUAL if held[one]), *pairs, *often, *spaces]


def _stands_in_pairs(lines: Sequence[str], one: str) -> bool:
    """Whether a character stands in most lines, and hardly ever alone or at a line's end: there cells are blank."""
    pairs = [line for line in lines if 2 * one in line and one not in line.replace(2 * one, "")]
    inner = [line for line in pairs if not line.strip().endswith(one)]
    return len(pairs) >= 0.8 * len(lines) > 0 and len(inner) >= 0.5 * len(pairs)


def variants_of(text: str, delimiter: str) -> Iterator[Dialect]:
    """List the ways of quoting that a text with a delimiter may be written in, the likeliest first."""
    plain = Dialect(delimiter)
    yield plain
    mark = re.escape(delimiter)
    if len(delimiter) == 1 and re.search(rf'{mark} +"', text):
        yield replace(plain, skip_initial_space=True)
    if delimiter != WHITE_SPACE and (re.search(r'\\["\\]', text) or re.search(rf"\\{mark}", text)):
        yield replace(plain, escape="\\")
    edge = rf"(?:^|{'[ ]' if delimiter == WHITE_SPACE else mark}|[\r\n]) *'"
    if len(re.findall(edge, text)) > 1:
        yield replace(plain, quote="'")
        if "\\'" in text:
            yield replace(plain, quote="'", escape="\\")
        if len(delimiter) == 1 and re.search(rf"{mark} +'", text):
            yield replace(plain, quote="'", skip_initial_space=True)
    if _quotes_are_text(text, mark if delimiter != WHITE_SPACE else "[ \t]"):
        yield replace(plain, quote=None)


def _quotes_are_text(text: str, mark: str) -> bool:
    """Whether quotes stand before cells or after them, and hardly ever both."""
    opening = len(re.findall(rf'(?:^|{mark}|[\r\n])"(?!{mark}|[\r\n]|\Z)', text))
    closing = len(re.findall(rf'(?<!^)(?<!{mark})(?<![\r\n])"(?={mark}|[\r\n]|\Z)', text))
    return '"' in text and min(opening, closing) <= 0.1 * max(opening, closing)


def fitness(records: Sequence[Record], dialect: Dialect, *, whole: bool) -> float:
    """Say how well a dialect cuts a text, from 0 to 1.

    It is the share of the records that have the commonest width and sound quotes, less where there are few cells, and
    much less where cells hold what looks like another delimiter.

    Args:
        records: The text's, read with it.
        dialect: The dialect.
        whole: Whether the last record is whole.
    """
    records = [record for record in (records if whole or len(records) < 2 else records[:-1]) if record.filled]
    if not records:
        return 0.0
    width = commonest_width(records)
    even = [record for record in records if record.width == width and record.sound]
    if width < 2 or not even:
        return 0.0
    cells = [cell for record in even[:200] for cell in record.cells]
    share = len(even) / len(records)
    spread = (width - 1) / width
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        spread = (2 * width - 2) / (2 * width - 1)  # as many cells as with one of its characters, no more, no less
    return share * spread * _clean_share(cells, dialect) ** 2 * _habit(dialect)


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


def _clean_share(cells: Sequence[str], dialect: Dialect) -> float:
    clean = sum(_is_clean(cell, dialect) for cell in cells)
    return clean / len(cells)


def _is_clean(cell: str, dialect: Dialect) -> bool:
    text = cell.strip()
    if is_blank(text):
        return True
    if dialect.quote is None and text[0] == '"' == text[-1]:
        return False
    if is_figure(text):
        return True
    marks = _NO_CELL.findall(text)
    return all(mark in dialect.delimiter for mark in marks)


def _habit(dialect: Dialect) -> float:
    if dialect.delimiter in USUAL:
        return 1.0
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        return 1.01
    return 0.7 if dialect.delimiter == WHITE_SPACE else 0.6
