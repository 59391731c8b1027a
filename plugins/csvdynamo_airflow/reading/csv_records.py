"""Reading a CSV record by record, so that one bad quote costs one record. Pure: text lines in, records out.

Python's reader alone would let an unclosed quote swallow every line up to the next quote. So a block of lines is taken
as it is only if each line is seen to be one row. Otherwise the physical lines of each record are kept until
it is known to be good; if it is not, and one of its later lines may be a row by itself, the quote was never closed: the
first line alone is bad, and the lines after it are read again. Where a source has that happen line after line, each of
them would be read as often as there are lines before it: past a bound, all lines of such a record are bad.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.record_blocks import BadRecord, Block, PlainBlock
from csvdynamo_airflow.reading.source_error import SourceFileError
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
_UNCLOSED = "a quote is opened and never closed: a line after it reads as a row by itself"
_GIVEN_UP = (
    "the line stands where so many quotes are opened and never closed that its record is not looked for any more"
)


class CsvRecords:
    """The records of one CSV, header first: quotes doubled within quotes. Blank lines are no records.

    Attributes:
        read_again: Characters that were read more than once.
    """

    def __init__(self, lines: TextLines, name: str, delimiter: str = ",") -> None:
        """Take the lines.

        Args:
            lines: The file's physical lines.
            name: What to call the file in messages.
            delimiter: The character between two fields.
        """
        self.read_again = 0
        self._source = lines
        self._name = name
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._held: list[str] = []
        mark = re.escape(delimiter)
        value = rf'(?:"(?:[^"]++|"")*+"|[^"{mark}\r\n]*+)'
        self._sound = re.compile(rf"{value}(?:{mark}{value})*+(?:\r\n|\r|\n)?")
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
        while lines := self._next_lines():
            if self._is_plain(lines, width):
                yield PlainBlock(lines, self._delimiter)
                continue
            rows = self._one_row_a_line(lines, width)
            if rows is not None:
                yield Block(rows)
                continue
            self._again.extend(lines)
            records = self._careful(width)
            while some := list(islice(records, _RECORDS_AT_ONCE)):
                yield Block(some)

    def _next_lines(self) -> list[str]:
        if not self._again:
            return self._source.next_block()
        lines = list(self._again)
        self._again.clear()
        return lines

    def _is_plain(self, lines: list[str], width: int) -> bool:
        """Whether each line is a row without a quote, for which counting tells what reading would."""
        text = "".join(lines)
        if '"' in text or isinstance(lines[0], CutLine) or len(text) > FIELD_LIMIT:
            return False
        delimiter = self._delimiter
        return width > 1 and {line.count(delimiter) for line in lines} == {width - 1}

    def _one_row_a_line(self, lines: list[str], width: int) -> list[list[str]] | None:
        """Read lines of which each is a row of that width; None if they are anything else."""
        if isinstance(lines[0], CutLine):
            return None
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return rows if len(rows) == len(lines) and set(map(len, rows)) == {width} else None

    def _careful(self, width: int) -> Iterator[list[str] | BadRecord]:
        """Read the lines that lie ready, and what the last record needs beyond them."""
        clear = self._held.clear
        while self._again:
            try:
                for fields in self._reader():
                    if len(fields) != width:
                        if fields:
                            yield from self._wrong_width(fields, width)
                    elif len(self._held) > 1 and self._merges_rows(width):
                        yield from self._unclosed()
                    else:
                        yield fields
                    clear()
            except (csv.Error, _EndlessRecordError) as error:
                bad = self._unreadable(error, width)
                clear()
                yield from bad

    def _merges_rows(self, width: int) -> bool:
        """Whether a record of several lines is no sound CSV, and rows without its first line."""
        later = self._held[1:]
        return not self._is_sound("".join(self._held)) and any(self._is_row(line, width) for line in later)

    def _wrong_width(self, fields: list[str], width: int) -> Sequence[BadRecord]:
        later = self._held[1:]
        if width > 1 and any(self._is_row(line, width) for line in later):
            return self._unclosed()
        return [BadRecord(RejectCode.BAD_WIDTH, f"{len(fields)} fields, but the header has {width}", fields)]

    def _unreadable(self, error: Exception, width: int) -> Sequence[BadRecord]:
        later = self._held[1:]
        if any(self._may_be_row(line, width) for line in later) or self._goes_on_with_row(later, width):
            return self._unclosed()
        code = RejectCode.BAD_QUOTE
        if isinstance(error, _EndlessRecordError) or "field limit" in str(error):
            code = RejectCode.TOO_LARGE
            self._skip_to_its_end(width)
        return [BadRecord(code, f"the record cannot be read: {error}", text="".join(self._held))]

    def _unclosed(self) -> Sequence[BadRecord]:
        """Take the first line of a record for all of it; or each line for a bad record, if too much was read again."""
        first, *later = self._held
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
            reader = csv.reader(lines(), delimiter=self._delimiter, strict=True)
            fields = next(filter(None, reader), [])
        except csv.Error:
            fields = []
        ahead = used[len(later) :]
        # Needs no bound of its own: what was an error after the first line is one to this record when it comes again.
        self.read_again += sum(map(len, ahead))
        self._again.extendleft(reversed(ahead))
        return len(fields) == width and self._is_sound("".join(used))

    def _skip_to_its_end(self, width: int) -> None:
        """Leave out what follows of a record that is too long to keep, up to a line that is a row by itself."""
        quotes = sum(map(_quotes, self._held))
        while quotes % 2 and (self._again or self._read_on()) and not self._is_row(self._again[0], width):
            quotes += _quotes(self._again.popleft())

    def _reader(self) -> Iterator[list[str]]:
        """Make a reader that goes on after the lines read so far: one that failed cannot be used again."""
        return csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        again, held = self._again, self._held
        size = 0
        while again or (held and self._read_on()):
            line = again.popleft()
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
        if isinstance(line, CutLine) or not self._is_sound(line):
            return False
        return any(len(fields) == width for fields in csv.reader([line], delimiter=self._delimiter))

    def _is_sound(self, text: str) -> bool:
        """Whether a record has quotes only around its fields and doubled within them (RFC 4180, section 2)."""
        return self._sound.fullmatch(text) is not None

    def _may_be_row(self, line: str, width: int) -> bool:
        """Whether a line has enough delimiters to be a row, its quotes possibly as bad as those of the line before.

        Of a record that is bad anyway, a line too many read again costs a reject more; one too few would cost a good
        row.
        """
        return line.count(self._delimiter) >= width - 1


def _quotes(line: str) -> int:
    return line.quotes if isinstance(line, CutLine) else line.count('"')


class _EndlessRecordError(Exception):
    """A record goes on past the limits."""
