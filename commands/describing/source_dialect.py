"""Which delimiter, quote and escape a text is written with: candidates, and how well each cuts the text. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from commands.describing.cell_kinds import is_blank, is_figure, is_moment
from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns

USUAL = (",", ";", "\t", "|")
_SELDOM = "^~§¦¬\x01\x02\x07\x1c\x1d\x1e\x1f:!#$%&*=@\u00a0"
_SURE = _SELDOM[: _SELDOM.index(":")]  # where they stand in every line, that is what they are for
_QUOTES = re.escape("'`~^$%*@!#&/|¦§”“„«»\u2018\u2019")
_ESCAPES = re.escape("\\^%?/~!`$#@*&¦")
_PAIR = re.compile(r"[^\w\s\"'.\-+/\\(){}\[\]<>]{2}")
_NO_CELL = re.compile(
    r"[;\t|^~¦\x01\x1f]|,(?=\S)|(?<=\S) {2,}(?=\S)"
)  # what a cell hardly holds, but for the delimiter itself
MOST_RECORDS = 1_000
"""Records of a text that are looked at."""
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

    @property
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


def delimiters_of(lines: Sequence[str]) -> list[str]:
    """List what may stand between two cells: the usual ones, and others that most lines hold."""
    filled = [line for line in lines[:_LINES] if line.strip()]
    held = Counter(one for line in filled for one in set(line))
    often = [one for one in _SELDOM if held[one] >= 0.8 * len(filled) > 0]
    between = Counter(one for line in filled for one in set(re.findall(r'[^"]"([^\w\s"])"[^"]', f" {line} ")))
    often += [one for one, count in between.items() if count >= 0.8 * len(filled) and one not in (*USUAL, *often)]
    pairs = [2 * one for one in (*USUAL, *often) if _stands_in_pairs(filled, one)]
    pairs += [one for one in _mixed_pairs(filled) if one not in pairs]
    pairs += [r"\t"] if sum(r"\t" in line for line in filled) >= 0.8 * len(filled) > 0 else []
    spaces = [WHITE_SPACE] if held[" "] + held["\t"] >= 0.8 * len(filled) > 0 else []
    return [*(one for one in USUAL if held[one]), *pairs, *often, *spaces]


def _mixed_pairs(lines: Sequence[str]) -> list[str]:
    """List two characters that stand beside each other in most lines, and never apart."""
    held = Counter(pair for line in lines for pair in set(_PAIR.findall(line)) if pair[0] != pair[1])
    often = [pair for pair, count in held.most_common(3) if count >= 0.8 * len(lines)]
    return [pair for pair in often if not any(pair[0] in line.replace(pair, "") for line in lines)]


def _stands_in_pairs(lines: Sequence[str], one: str) -> bool:
    """Whether a character stands in most lines, and hardly ever alone or at a line's end: there cells are blank."""
    pairs = [line for line in lines if 2 * one in line and one not in line.replace(2 * one, "")]
    inner = [line for line in pairs if not line.strip().endswith(one)]
    return len(pairs) >= 0.8 * len(lines) > 0 and len(inner) >= 0.5 * len(pairs)


def variants_of(text: str, delimiter: str) -> Iterator[Dialect]:
    """List the ways of quoting that a text with a delimiter may be written in, the likeliest first.

    Args:
        text: The text, or the beginning of it.
        delimiter: What stands between two cells.
    """
    for line_end in (None, *_line_ends_of(text)):
        plain = Dialect(delimiter, line_end=line_end)
        yield plain
        mark = "[ \t]" if delimiter == WHITE_SPACE else re.escape(delimiter)
        for quote in ('"', *_quotes_of(text, mark)):
            if quote != '"':
                yield replace(plain, quote=quote)
            if len(delimiter) == 1 and re.search(rf"{mark} +{re.escape(quote)}|^ *[^{mark}\s]+{mark} ", text):
                yield replace(plain, quote=quote, skip_initial_space=True)
            if delimiter != WHITE_SPACE:
                yield from (replace(plain, quote=quote, escape=one) for one in _escapes_of(text, quote, mark))
        if _quotes_are_text(text, mark):
            yield replace(plain, quote=None)


def _line_ends_of(text: str) -> list[str]:
    """List what alone may end a line, where several kinds of line ends stand."""
    pairs, feeds, returns = text.count("\r\n"), text.count("\n"), text.count("\r")
    lone = (feeds - pairs) + (returns - pairs)
    if pairs and lone:
        return ["\r\n"]
    return ["\n", "\r"] if feeds and returns and not pairs else []


def _quotes_of(text: str, mark: str) -> list[str]:
    """List what beside a double quote may stand round cells: as often before as after them."""
    opening = Counter(re.findall(rf"(?:^|{mark}|[\r\n]) *([{_QUOTES}])(?!{mark}|[\r\n]|\Z)", text))
    closing = Counter(re.findall(rf"(?<!\A)([{_QUOTES}])(?={mark}|[\r\n]|\Z)", text))
    both = [one for one, count in opening.most_common() if count > 1 and 0.5 * count <= closing[one] <= 2 * count]
    return [one for one in both if re.fullmatch(mark, one) is None][:2]


def _escapes_of(text: str, quote: str, mark: str) -> list[str]:
    """List what may stand before a quote, or a delimiter, that is text."""
    before = Counter(re.findall(rf"([{_ESCAPES}]){re.escape(quote)}(?!{mark}|[\r\n]|\Z)", text))
    found = [one for one, _ in before.most_common(3) if re.fullmatch(mark, one) is None and one != quote]
    before_text = re.search(rf"\\{re.escape(quote)}(?!{mark}|[\r\n]|\Z)", text)
    if before_text or len(re.findall(rf"\\{mark}", text)) > 1:
        found.insert(0, "\\")
    return list(dict.fromkeys(found))


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
    if _habit(dialect) < 1.0 and _cuts_cells(records, width, dialect):
        return 0.0
    spread = (width - 1) / width
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        spread = (2 * width - 2) / (2 * width - 1)  # as many cells as with one of its characters, no more, no less
    return share * spread * _clean_share(cells, dialect) ** 2 * _habit(dialect)


def _cuts_cells(records: Sequence[Record], width: int, dialect: Dialect) -> bool:
    """Whether what is seldom a delimiter cuts what is one cell: below a header of one word, or a date with its time."""
    if len(records) > 1 and records[0].width == 1 and records[1].width == width:
        return True
    glue = " " if dialect.delimiter == WHITE_SPACE else dialect.delimiter
    lines = [glue.join(record.cells) for record in records[:200]]
    return sum(map(is_moment, lines)) > 0.8 * len(lines)


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
    if text in USUAL:
        return False
    marks = _NO_CELL.findall(text)
    return all((mark.strip(" ") or " ") in dialect.delimiter for mark in marks)


def _habit(dialect: Dialect) -> float:
    if dialect.delimiter in USUAL or dialect.delimiter in _SURE:
        return 1.0
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        return 1.01
    return 0.7 if dialect.delimiter == WHITE_SPACE else 0.6
