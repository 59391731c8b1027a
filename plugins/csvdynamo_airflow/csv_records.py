"""Reading a CSV record by record, so that one bad quote costs one record. Pure: text lines in, records out.

Python's reader alone would let an unclosed quote swallow every line up to the next quote. So the physical lines of
each record are kept until it is known to be good. If it is not, and one of its later lines may be a row by itself, the
quote was never closed: the first line alone is bad, and the lines after it are read again.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from csvdynamo.codes import RejectCode
from csvdynamo_airflow.source_file import SourceFileError

LINE_LIMIT = 4 * 1024 * 1024
"""Characters of one physical line; past it the file is no CSV, and memory would not stay constant."""

RECORD_LINES_LIMIT = 100_000
"""Physical lines of one record."""

FIELD_LIMIT = 1024 * 1024
"""Characters of one field: far past DynamoDB's 400 KB an item, and a bound to how far an unclosed quote is followed."""


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be handed on.

    Attributes:
        code: Why.
        message: What is wrong with it.
        fields: Its fields, as far as they can be told.
        text: Its lines as they are, if its fields cannot be told; "" otherwise.
        column: The header of the one field that is bad, None if it is the record as a whole.
    """

    code: RejectCode
    message: str
    fields: list[str] = field(default_factory=list)
    text: str = ""
    column: str | None = None


class CsvRecords:
    """The records of one CSV, header first: commas, quotes doubled within quotes. Blank lines are no records."""

    def __init__(self, read_line: Callable[[int], str], name: str) -> None:
        """Take the lines.

        Args:
            read_line: A text stream's ``readline``, the stream opened with ``newline=""``.
            name: What to call the file in messages.
        """
        self._read_line = read_line
        self._name = name
        self._again: deque[str] = deque()
        self._held: list[str] = []
        self._row = 0
        # The limit belongs to the process, so it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))

    def header(self) -> list[str]:
        """Read the first record.

        Raises:
            SourceFileError: There is none, or its quotes are wrong.
        """
        try:
            fields = next(filter(None, self._reader()), None)
        except csv.Error as error:
            raise SourceFileError(f"The header of {self._name} cannot be read: {error}. Correct its quotes.") from error
        if fields is None:
            raise SourceFileError(f"{self._name} holds only blank lines: not even a header.")
        self._held.clear()
        return fields

    def rows(self, width: int) -> Iterator[list[str] | BadRecord]:
        """Read the records after the header.

        Args:
            width: How many fields a row has.

        Yields:
            A row of that width, or what is wrong with a record.

        Raises:
            SourceFileError: It cannot be told where a record ends.
        """
        clear = self._held.clear
        while True:
            try:
                for fields in self._reader():
                    if len(fields) == width:
                        self._row += 1
                        yield fields
                    elif fields:
                        self._row += 1
                        yield self._wrong_width(fields, width)
                    clear()
            except csv.Error as error:
                self._row += 1
                bad = self._unreadable(str(error), width)
                clear()
                yield bad
            else:
                return

    def _wrong_width(self, fields: list[str], width: int) -> BadRecord:
        first, *later = self._held
        if width > 1 and any(_is_row(line, width) for line in later):
            return self._unclosed(first, later)
        return BadRecord(RejectCode.BAD_WIDTH, f"{len(fields)} fields, but the header has {width}", fields)

    def _unreadable(self, reason: str, width: int) -> BadRecord:
        first, *later = self._held
        if width > 1 and any(_may_be_row(line, width) for line in later):
            return self._unclosed(first, later)
        if later and (width == 1 or "field limit" in reason):
            raise SourceFileError(
                f"It cannot be told where row {self._row:,} of {self._name} ends: a quote in it is not closed within "
                f"{len(later) + 1:,} lines ({reason}). Correct the quotes of that row."
            )
        code = RejectCode.TOO_LARGE if "field limit" in reason else RejectCode.BAD_QUOTE
        return BadRecord(code, f"the record cannot be read: {reason}", text="".join(self._held))

    def _unclosed(self, first: str, later: list[str]) -> BadRecord:
        self._again.extendleft(reversed(later))
        return BadRecord(RejectCode.BAD_QUOTE, "a quote is opened and never closed", text=first)

    def _reader(self) -> Iterator[list[str]]:
        """Make a reader that goes on after the lines read so far: one that failed cannot be used again."""
        return csv.reader(self._lines(), strict=True)

    def _lines(self) -> Iterator[str]:
        read_line, again, held = self._read_line, self._again, self._held
        while line := again.popleft() if again else read_line(LINE_LIMIT):
            if len(line) >= LINE_LIMIT or len(held) >= RECORD_LINES_LIMIT:
                raise SourceFileError(
                    f"{self._name} has after row {self._row:,} a line of more than {LINE_LIMIT:,} characters, or a "
                    f"record of more than {RECORD_LINES_LIMIT:,} lines. Is it a CSV, its quotes closed?"
                )
            held.append(line)
            yield line


def _is_row(line: str, width: int) -> bool:
    """Whether a line is a row by itself; the last line of a quoted field has a quote too many for that."""
    try:
        return line.count('"') % 2 == 0 and any(len(fields) == width for fields in csv.reader([line], strict=True))
    except csv.Error:
        return False


def _may_be_row(line: str, width: int) -> bool:
    """Whether a line has enough commas to be a row, its quotes possibly as bad as those of the line before.

    Of a record that is bad anyway, a line too many read again costs a reject more; one too few would cost a good row.
    """
    return line.count(",") >= width - 1
