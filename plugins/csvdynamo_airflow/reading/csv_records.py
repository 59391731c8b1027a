"""Reading a CSV record by record, so that one bad quote costs one record. Pure: text lines in, records out.

Python's reader alone would let an unclosed quote swallow every line up to the next quote. So a block of lines is taken
as it is only if each line is seen to be one row. Otherwise the physical lines of each record are kept until
it is known to be good; if it is not, and one of its later lines may be a row by itself, the quote was never closed: the
first line alone is bad, and the lines after it are read again. Where a source has that happen line after line, each of
them would be read as often as there are lines before it: past a bound, all lines of such a record are bad.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.doubt import IN_DOUBT, LINES_HELD, HeldRecords
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord, Block, PlainBlock
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import MOST_LINES_IN_DOUBT, SourceFormat
from csvdynamo_airflow.reading.text_lines import CutLine, TextLines

RECORD_LINES_LIMIT = 100_000
"""Physical lines of one record."""

RECORD_LIMIT = 4 * 1024 * 1024
"""Characters of one record: memory stays constant, however many quoted lines follow each other."""

FIELD_LIMIT = 1024 * 1024
"""Characters of one field: far past DynamoDB's 400 KB an item, and a bound to how far an unclosed quote is followed."""

READ_AGAIN_TIMES = 4
"""How often a file may be read again, on the whole, because quotes were never closed; ordinary ones cost far less."""

_RECORDS_AT_ONCE = 256
_LINES_DOUBTED = 2  # before what ends a cell of several lines, where no other such cell was seen
_UNCLOSED = "a quote is opened and never closed: a line after it reads as a row by itself"
_GIVEN_UP = (
    "the line stands where so many quotes are opened and never closed that its record is not looked for any more"
)
_EITHER_WAY = (
    "a quote stands where none belongs, and how it is read decides what the cells are: double it within a quoted cell, "
    'or say how the source quotes (source.quote, "none" for quotes that are text, or source.escape)'
)


class CsvRecords:
    """The records of one CSV, header first. Blank lines and comments are no records.

    Attributes:
        read_again: Characters that were read more than once.
        comments: Lines that were passed over as comments.
    """

    def __init__(self, lines: TextLines, name: str, source_format: SourceFormat | None = None) -> None:
        """Take the lines.

        Args:
            lines: The file's physical lines.
            name: What to call the file in messages.
            source_format: How it is written.
        """
        source_format = source_format or SourceFormat()
        self.read_again = 0
        self.comments = 0
        self._source = lines
        self._name = name
        self._format = source_format
        self._delimiter = source_format.mark
        self._quotes = Quotes(source_format)
        self._again: deque[str] = deque()
        self._held: list[str] = []
        self._before = HeldRecords()
        self._doubted = 0  # lines to come that may belong to a cell whose closing quote was lost
        # The limit belongs to the process, so it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))

    def header(self) -> list[str]:
        """Read the first record.

        Raises:
            SourceFileError: There is none, or its quotes are wrong.
        """
        try:
            while lines := self._source.next_block():
                self._again.extend(lines)
                for fields in self._reader():
                    self._held.clear()
                    if fields:
                        return fields
        except (csv.Error, _EndlessRecordError) as error:
            raise SourceFileError(
                f"The header of {self._name} cannot be read: {error}. Correct its quotes if they are wrong."
            ) from error
        raise SourceFileError(f"{self._name} holds only blank lines: not even a header.")

    def blocks(self, width: int) -> Iterator[Block | PlainBlock]:
        """Read the records after the header.

        Args:
            width: How many fields a row has.
        """
        whole: Block | PlainBlock | None = None
        while lines := self._next_lines():
            block = None if self._doubted > 0 else self._whole(lines, width)
            if block is not None:
                if held := self._before.release():
                    yield Block(held)
                if whole is not None:
                    yield whole
                whole = block
                continue
            self._again.extend(lines)
            records = self._careful(width)
            if whole is not None:
                first, last = whole.parted(LINES_HELD)
                yield first
                for record in last:
                    list(self._before.add(record))
                whole = None
            while some := list(islice(records, _RECORDS_AT_ONCE)):
                yield Block(some)
        if whole is not None:
            yield whole
        if held := self._before.release():
            yield Block(held)

    def _whole(self, lines: list[str], width: int) -> Block | PlainBlock | None:
        """Take lines of which each is a sound row, or a comment; None if they are anything else."""
        comment = self._format.comment
        rows = [line for line in lines if not line.startswith(comment)] if comment else lines
        if not rows:
            return None
        block = PlainBlock(rows, self._delimiter) if self._is_plain(rows, width) else self._one_row_a_line(rows, width)
        if block is not None:
            self.comments += len(lines) - len(rows)
        return block

    def _next_lines(self) -> list[str]:
        if not self._again:
            return self._source.next_block()
        lines = list(self._again)
        self._again.clear()
        return lines

    def _is_plain(self, lines: list[str], width: int) -> bool:
        """Whether each line is a row without a quote, for which counting tells what reading would."""
        text, source = "".join(lines), self._format
        if (source.quote and source.quote in text) or isinstance(lines[0], CutLine) or len(text) > FIELD_LIMIT:
            return False
        if (source.escape and source.escape in text) or (source.skip_initial_space and " " in text):
            return False
        delimiter = self._delimiter
        return width > 1 and {line.count(delimiter) for line in lines} == {width - 1}

    def _one_row_a_line(self, lines: list[str], width: int) -> Block | None:
        """Read lines of which each is a sound row of that width; None if they are anything else."""
        if isinstance(lines[0], CutLine):
            return None
        try:
            rows = list(csv.reader(lines, strict=True, **self._format.options))
        except csv.Error:
            return None
        if len(rows) != len(lines) or set(map(len, rows)) != {width}:
            return None
        quote, quotes = self._format.quote, self._quotes
        if quote and quote in "".join(map("".join, rows)):
            for line, fields in zip(lines, rows, strict=True):
                if quote in "".join(fields):
                    if not quotes.are_sound(line):
                        return None
                    quotes.learn(line)
        return Block(rows)

    def _careful(self, width: int) -> Iterator[list[str] | BadRecord]:
        """Read the lines that lie ready, and what the last record needs beyond them."""
        clear = self._held.clear
        while self._again:
            try:
                for fields in self._reader():
                    for record in self._judged(fields, width):
                        yield from self._before.add(record)
                    clear()
            except (csv.Error, _EndlessRecordError) as error:
                bad = self._unreadable(error, width)
                clear()
                for record in bad:
                    yield from self._before.add(record)

    def _judged(self, fields: list[str], width: int) -> Sequence[list[str] | BadRecord]:
        """Say what a record is, of which the lines are held."""
        if not fields:
            return ()
        text = "".join(self._held)
        sound = self._quotes.are_sound(text)
        if len(fields) != width:
            return self._wrong_width(fields, width, sound=sound)
        if sound:
            return [self._unless_doubted(fields, text)]
        is_one = len(self._held) == 1 or not any(self._is_row(line, width) for line in self._held[1:])
        if is_one and self._quotes.are_harmless(text, after_bad=self._before.ends_badly):
            return [self._unless_doubted(fields, "")]
        self._doubt_lines_before(width)
        return [BadRecord(RejectCode.BAD_QUOTE, _EITHER_WAY, text=text)] if is_one else self._unclosed()

    def _unless_doubted(self, fields: list[str], text: str) -> list[str] | BadRecord:
        """Take a row, unless it may be lines of a cell before it whose closing quote was lost."""
        if self._doubted > 0:
            self._doubted -= len(self._held)
            return BadRecord(RejectCode.BAD_QUOTE, IN_DOUBT, fields)
        self._quotes.learn(text, len(self._held))
        return fields

    def _doubt_lines_before(self, width: int) -> None:
        """Doubt the records before one that begins as if it ended a cell: as many as the longest cell has lines.

        Where no cell of several lines was seen, only a line that is too short to be a row tells that this is one.
        """
        if self._quotes.closes_nothing(self._held[0]):
            least = 0 if self._may_be_row(self._held[0], width) else _LINES_DOUBTED
            self._before.doubt(max(self._quotes.habits.lines - 1, least))

    def _wrong_width(self, fields: list[str], width: int, *, sound: bool) -> Sequence[BadRecord]:
        self._doubt_lines_before(width)
        later = self._held[1:]
        # A record of some lines whose quotes are right is one, whatever its lines look like.
        is_one = sound and len(self._held) <= MOST_LINES_IN_DOUBT
        if width > 1 and not is_one and any(self._is_row(line, width) for line in later):
            return self._unclosed()
        return [BadRecord(RejectCode.BAD_WIDTH, f"{len(fields)} fields, but the header has {width}", fields)]

    def _unreadable(self, error: Exception, width: int) -> Sequence[BadRecord]:
        later = self._held[1:]
        if any(self._may_be_row(line, width) for line in later) or self._goes_on_with_row(later, width):
            self._doubt_lines_before(width)
            return self._unclosed()
        code = RejectCode.BAD_QUOTE
        if isinstance(error, _EndlessRecordError) or "field limit" in str(error):
            code = RejectCode.TOO_LARGE
            self._skip_to_its_end(width)
        else:
            self._doubt_lines_before(width)
        return [BadRecord(code, f"the record cannot be read: {error}", text="".join(self._held))]

    def _unclosed(self) -> Sequence[BadRecord]:
        """Take the first line of a record for all of it; or each line for a bad record, if too much was read again."""
        first, *later = self._held
        self._doubted = max(self._quotes.habits.lines - 1, int(self._quotes.open_at_the_end(first)))
        if self._may_read_again(later):
            self._again.extendleft(reversed(later))
            return [BadRecord(RejectCode.BAD_QUOTE, _UNCLOSED, text=first)]
        if isinstance(self._held[-1], CutLine):
            self._again.appendleft(self._held.pop())
        return [BadRecord(RejectCode.BAD_QUOTE, _GIVEN_UP, text=line) for line in self._held if line.strip("\r\n")]

    def _may_read_again(self, lines: Sequence[str]) -> bool:
        """Whether lines may be read again, which is taken note of: in all, work grows with the file and no faster."""
        size = sum(map(len, lines))
        if self.read_again + size > RECORD_LIMIT + READ_AGAIN_TIMES * self._source.characters:
            return False
        self.read_again += size
        return True

    def _goes_on_with_row(self, later: Sequence[str], width: int) -> bool:
        """Whether a record that begins with a later line of a bad one, and may go on after it, is a sound row."""
        if not later:
            return False
        used = list(later)

        def lines() -> Iterator[str]:
            yield from later
            size = 0
            while size < FIELD_LIMIT and (self._again or self._read_on()) and not isinstance(self._again[0], CutLine):
                used.append(self._again.popleft())
                size += len(used[-1])
                yield used[-1]

        try:
            reader = csv.reader(lines(), strict=True, **self._format.options)
            fields = next(filter(None, reader), [])
        except csv.Error:
            fields = []
        ahead = used[len(later) :]
        # Needs no bound of its own: what was an error after the first line is one to this record when it comes again.
        self.read_again += sum(map(len, ahead))
        self._again.extendleft(reversed(ahead))
        return len(fields) == width and self._quotes.are_sound("".join(used))

    def _skip_to_its_end(self, width: int) -> None:
        """Leave out what follows of a record that is too long to keep, up to a line that is a row by itself."""
        quotes = sum(map(self._count_quotes, self._held))
        while quotes % 2 and (self._again or self._read_on()) and not self._is_row(self._again[0], width):
            quotes += self._count_quotes(self._again.popleft())

    def _reader(self) -> Iterator[list[str]]:
        """Make a reader that goes on after the lines read so far: one that failed cannot be used again."""
        return csv.reader(self._lines(), strict=True, **self._format.options)

    def _lines(self) -> Iterator[str]:
        again, held, comment = self._again, self._held, self._format.comment
        size = 0
        while again or (held and self._read_on()):
            line = again.popleft()
            if comment and not held and line.startswith(comment):
                self.comments += 1
                continue
            size = size + len(line) if held else len(line)
            held.append(line)
            if isinstance(line, CutLine):
                raise _EndlessRecordError(f"a line has {line.length:,} characters, of which the first are kept")
            if len(held) >= RECORD_LINES_LIMIT or size >= RECORD_LIMIT:
                raise _EndlessRecordError(f"it does not end within {len(held):,} lines and {size:,} characters")
            yield line

    def _read_on(self) -> bool:
        """Make the next lines ready for a record that is open; say whether there are any."""
        self._again.extend(self._source.next_block())
        return bool(self._again)

    def _is_row(self, line: str, width: int) -> bool:
        """Whether a line is a row by itself, and a sound one."""
        if isinstance(line, CutLine) or not self._quotes.are_sound(line):
            return False
        return any(len(fields) == width for fields in csv.reader([line], **self._format.options))

    def _may_be_row(self, line: str, width: int) -> bool:
        """Whether a line has enough delimiters to be a row, its quotes possibly as bad as those of the line before.

        Of a record that is bad anyway, a line too many read again costs a reject more; one too few would cost a good
        row.
        """
        return line.count(self._delimiter) >= width - 1

    def _count_quotes(self, line: str) -> int:
        if isinstance(line, CutLine):
            return line.quotes
        return line.count(self._format.quote) if self._format.quote else 0


class _EndlessRecordError(Exception):
    """A record goes on past the limits."""
