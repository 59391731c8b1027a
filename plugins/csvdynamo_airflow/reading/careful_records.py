"""Reading records where a line may be none, so that one bad quote costs one record. Pure: text lines in, records out.

Python's reader alone would let an unclosed quote swallow every line up to the next quote. So a block of lines is taken
as it is only if each line is seen to be one row. Otherwise the physical lines of each record are kept until
it is known to be good; if it is not, and one of its later lines may be a row by itself, the quote was never closed: the
first line alone is bad, and the lines after it are read again. Where a source has that happen line after line, each of
them would be read as often as there are lines before it: past a bound, all lines of such a record are bad.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.doubt import IN_DOUBT, HeldRecords
from csvdynamo_airflow.reading.other_quotes import IN_OTHER_QUOTES, closing_marks, lines_of_one_row
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import MOST_LINES_IN_DOUBT, SourceFormat
from csvdynamo_airflow.reading.text_lines import CutLine

RECORD_LINES_LIMIT = 100_000
"""Physical lines of one record."""

RECORD_LIMIT = 4 * 1024 * 1024
"""Characters of one record: memory stays constant, however many quoted lines follow each other."""

FIELD_LIMIT = 1024 * 1024
"""Characters of one field: far past DynamoDB's 400 KB an item, and a bound to how far an unclosed quote is followed."""

READ_AGAIN_TIMES = 4
"""How often a file may be read again, on the whole, because quotes were never closed; ordinary ones cost far less."""

_LINES_DOUBTED = 2  # before what ends a cell of several lines, where no other such cell was seen
_UNCLOSED = "a quote is opened and never closed: a line after it reads as a row by itself"
_GIVEN_UP = (
    "the line stands where so many quotes are opened and never closed that its record is not looked for any more"
)
_EITHER_WAY = (
    "a quote stands where none belongs, and how it is read decides what the cells are: double it within a quoted cell, "
    'or say how the source quotes: source.quote ("none": quotes are text), source.escape, source.skip_initial_space'
)


class Lines(Protocol):
    """Physical lines: `text_lines.TextLines`, or what stands round them."""

    @property
    def characters(self) -> int:
        """How many were read."""

    def next_block(self) -> list[str]:
        """Return the next complete lines, with their line ends; an empty list at the end."""


class EndlessRecordError(Exception):
    """A record goes on past the limits."""


class CarefulRecords:
    """Reads records line by line, and lines again where a quote was never closed.

    Attributes:
        quotes: Judges their quotes.
        before: The last records.
        again: Lines that lie ready.
        held: The lines of the record that is read.
        read_again: Characters that were read more than once.
        comments: Lines that were passed over as comments.
        quote_faults: Records with a quote out of place, bad or not.
    """

    def __init__(self, lines: Lines, source_format: SourceFormat) -> None:
        """Take the lines, and how they are written."""
        self.quotes = Quotes(source_format)
        self.before = HeldRecords()
        self.again: deque[str] = deque()
        self.held: list[str] = []
        self.read_again = 0
        self.comments = 0
        self.quote_faults = 0
        self._source = lines
        self._format = source_format
        self._doubted = 0  # lines to come that may belong to a cell whose closing quote was lost

    @property
    def in_doubt(self) -> bool:
        """Whether the next line may belong to a cell of a record before it."""
        return self._doubted > 0

    def next_record(self) -> list[str] | None:
        """Read one record, whatever its width, and hold its lines; None at the end.

        Raises:
            csv.Error, EndlessRecordError: It cannot be read.
        """
        self.held.clear()
        while lines := self.next_lines():
            self.again.extend(lines)
            for fields in self._reader():
                if fields:
                    return fields
                self.held.clear()
        return None

    def next_lines(self) -> list[str]:
        """Take the lines that lie ready, or the next ones; none at the end."""
        if not self.again:
            return self._source.next_block()
        lines = list(self.again)
        self.again.clear()
        return lines

    def records(self, width: int) -> Iterator[list[str] | BadRecord]:
        """Read the lines that lie ready, and what the last record needs beyond them."""
        clear = self.held.clear
        while self.again:
            try:
                for fields in self._reader():
                    for record in self._judged(fields, width):
                        yield from self.before.add(record)
                    clear()
            except (csv.Error, EndlessRecordError) as error:
                bad = self._unreadable(error, width)
                clear()
                for record in bad:
                    yield from self.before.add(record)

    def _judged(self, fields: list[str], width: int) -> Sequence[list[str] | BadRecord]:
        """Say what a record is, of which the lines are held."""
        if not fields:
            return ()
        text = "".join(self.held)
        sound = self.quotes.are_sound(text)
        in_other_quotes = sound and self._ends_row_in_other_quotes(text, width, is_bad=len(fields) != width)
        if len(fields) != width:
            return self._wrong_width(fields, width, sound=sound)
        if in_other_quotes:
            return [BadRecord(RejectCode.BAD_QUOTE, IN_OTHER_QUOTES, fields)]
        if sound:
            return [self._unless_doubted(fields, text)]
        self.quote_faults += 1
        is_one = len(self.held) == 1 or not any(self._is_row(line, width) for line in self.held[1:])
        if is_one and self.quotes.are_harmless(text, after_bad=self.before.ends_badly):
            return [self._unless_doubted(fields, "")]
        self._doubt_lines_before(width)
        return [BadRecord(RejectCode.BAD_QUOTE, _EITHER_WAY, text=text)] if is_one else self._unclosed()

    def _unless_doubted(self, fields: list[str], text: str) -> list[str] | BadRecord:
        """Take a row, unless it may be lines of a cell before it whose closing quote was lost."""
        if self._doubted > 0:
            self._doubted -= len(self.held)
            return BadRecord(RejectCode.BAD_QUOTE, IN_DOUBT, fields)
        self.quotes.learn(text, len(self.held))
        return fields

    def _ends_row_in_other_quotes(self, text: str, width: int, *, is_bad: bool) -> bool:
        """Whether a record is the last line of a row in other quotes, whose lines are no good rows then."""
        marks = closing_marks(text, self._format)
        if not marks:
            return False
        lines = lines_of_one_row(self.before.texts(self._format.mark), text, marks, width, self._format)
        good = self.before.good(lines) if lines else 0
        if lines == 0 or (good == lines and not is_bad):  # rows of which none is bad are rows
            return False
        self.before.doubt(good)
        return True

    def _doubt_lines_before(self, width: int) -> None:
        """Doubt the records before one that begins as if it ended a cell: as many as the longest cell has lines.

        Where no cell of several lines was seen, only a line that is too short to be a row tells that this is one.
        """
        if not self.quotes.habits.careless and self.quotes.closes_nothing(self.held[0]):
            least = 0 if self._may_be_row(self.held[0], width) else _LINES_DOUBTED
            self.before.doubt(max(self.quotes.habits.lines - 1, least))

    def _wrong_width(self, fields: list[str], width: int, *, sound: bool) -> Sequence[BadRecord]:
        self._doubt_lines_before(width)
        later = self.held[1:]
        # A record of some lines whose quotes are right is one, whatever its lines look like.
        is_one = sound and len(self.held) <= MOST_LINES_IN_DOUBT
        if width > 1 and not is_one and any(self._is_row(line, width) for line in later):
            return self._unclosed()
        return [BadRecord(RejectCode.BAD_WIDTH, f"{len(fields)} fields, but the header has {width}", fields)]

    def _unreadable(self, error: Exception, width: int) -> Sequence[BadRecord]:
        later = self.held[1:]
        if any(self._may_be_row(line, width) for line in later) or self._goes_on_with_row(later, width):
            self._doubt_lines_before(width)
            return self._unclosed()
        code = RejectCode.BAD_QUOTE
        if isinstance(error, EndlessRecordError) or "field limit" in str(error):
            code = RejectCode.TOO_LARGE
            self._skip_to_its_end(width)
        else:
            self.quote_faults += 1
            self._doubt_lines_before(width)
        return [BadRecord(code, f"the record cannot be read: {error}", text="".join(self.held))]

    def _unclosed(self) -> Sequence[BadRecord]:
        """Take the first line of a record for all of it; or each line for a bad record, if too much was read again."""
        first, *later = self.held
        self.quote_faults += 1
        if not self.quotes.habits.careless:
            self._doubted = max(self.quotes.habits.lines - 1, int(self.quotes.open_at_the_end(first)))
        if self._may_read_again(later):
            self.again.extendleft(reversed(later))
            return [BadRecord(RejectCode.BAD_QUOTE, _UNCLOSED, text=first)]
        if isinstance(self.held[-1], CutLine):
            self.again.appendleft(self.held.pop())
        return [BadRecord(RejectCode.BAD_QUOTE, _GIVEN_UP, text=line) for line in self.held if line.strip("\r\n")]

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
            while size < FIELD_LIMIT and (self.again or self._read_on()) and not isinstance(self.again[0], CutLine):
                used.append(self.again.popleft())
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
        self.again.extendleft(reversed(ahead))
        return len(fields) == width and self.quotes.are_sound("".join(used))

    def _skip_to_its_end(self, width: int) -> None:
        """Leave out what follows of a record that is too long to keep, up to a line that is a row by itself."""
        quotes = sum(map(self._count_quotes, self.held))
        while quotes % 2 and (self.again or self._read_on()) and not self._is_row(self.again[0], width):
            quotes += self._count_quotes(self.again.popleft())

    def _reader(self) -> Iterator[list[str]]:
        """Make a reader that goes on after the lines read so far: one that failed cannot be used again."""
        return csv.reader(self._lines(), strict=True, **self._format.options)

    def _lines(self) -> Iterator[str]:
        again, held, comment = self.again, self.held, self._format.comment
        size = 0
        while again or (held and self._read_on()):
            line = again.popleft()
            if comment and not held and line.startswith(comment):
                self.comments += 1
                continue
            size = size + len(line) if held else len(line)
            held.append(line)
            if isinstance(line, CutLine):
                raise EndlessRecordError(f"a line has {line.length:,} characters, of which the first are kept")
            if len(held) >= RECORD_LINES_LIMIT or size >= RECORD_LIMIT:
                raise EndlessRecordError(f"it does not end within {len(held):,} lines and {size:,} characters")
            yield line

    def _read_on(self) -> bool:
        """Make the next lines ready for a record that is open; say whether there are any."""
        self.again.extend(self._source.next_block())
        return bool(self.again)

    def _is_row(self, line: str, width: int) -> bool:
        """Whether a line is a row by itself, and a sound one."""
        if not self._may_be_row(line, width) or isinstance(line, CutLine) or not self.quotes.are_sound(line):
            return False
        return any(len(fields) == width for fields in csv.reader([line], **self._format.options))

    def _may_be_row(self, line: str, width: int) -> bool:
        """Whether a line has enough delimiters to be a row, its quotes possibly as bad as those of the line before.

        Of a record that is bad anyway, a line too many read again costs a reject more; one too few would cost a good
        row.
        """
        return line.count(self._format.mark) >= width - 1

    def _count_quotes(self, line: str) -> int:
        if isinstance(line, CutLine):
            return line.quotes
        return line.count(self._format.quote) if self._format.quote else 0
