"""Reading a CSV record by record, in blocks. Pure: text lines in, records out.

A block of lines is taken as it is where each line is seen to be one row; any other is read carefully
(`careful_records`).
"""

import csv
from collections.abc import Callable, Iterator
from itertools import islice

from csvdynamo_airflow.reading.careful_records import FIELD_LIMIT, CarefulRecords, EndlessRecordError, Lines
from csvdynamo_airflow.reading.doubt import LINES_HELD
from csvdynamo_airflow.reading.record_blocks import BadRecord, Block, PlainBlock
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns
from csvdynamo_airflow.reading.text_lines import CutLine

_RECORDS_AT_ONCE = 256


class CsvRecords:
    """The records of one CSV, header first. Blank lines and comments are no records.

    Attributes:
        skipped_lines: Lines of records before the header.
    """

    def __init__(self, lines: Lines, name: str, source_format: SourceFormat | None = None) -> None:
        """Take the lines.

        Args:
            lines: The file's physical lines.
            name: What to call the file in messages.
            source_format: How it is written.
        """
        self._format = source_format or SourceFormat()
        self._name = name
        self.skipped_lines = 0
        self._delimiter = self._format.mark
        self._stand_ins = StandIns(self._format)
        self._careful = CarefulRecords(lines, self._format)
        # The limit belongs to the process, so it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))

    @property
    def read_again(self) -> int:
        """Characters that were read more than once."""
        return self._careful.read_again

    @property
    def quote_faults(self) -> int:
        """Records with a quote out of place, bad or not."""
        return self._careful.quote_faults

    @property
    def comments(self) -> int:
        """Lines that were passed over as comments."""
        return self._careful.comments

    def header(self) -> list[str]:
        """Read the next record of the header.

        Raises:
            SourceFileError: There is none, or its quotes are wrong.
        """
        try:
            fields = self._next_record()
        except (csv.Error, EndlessRecordError) as error:
            raise SourceFileError(
                f"The header of {self._name} cannot be read: {error}. Correct its quotes if they are wrong."
            ) from error
        if fields is None:
            raise SourceFileError(f"{self._name} holds only blank lines: not even a header.")
        return fields

    def header_with(self, is_it: Callable[[list[str]], bool], most: int) -> list[str] | None:
        """Read on to the first record that a header begins with. A line that begins no record is passed over.

        Args:
            is_it: Whether a record is that.
            most: How many records are looked at.

        Returns:
            It; None if there is none.
        """
        careful = self._careful
        for _ in range(most):
            try:
                fields = self._next_record()
            except (csv.Error, EndlessRecordError):
                first, *later = careful.held
                careful.again.extendleft(reversed(later))
                careful.held[:] = [first]
                fields = [first.rstrip("\r\n")]
            if fields is None or is_it(fields):
                return fields
            self.skipped_lines += len(careful.held)
        return None

    def _next_record(self) -> list[str] | None:
        fields = self._careful.next_record()
        if fields is None:
            return None
        text, quotes = "".join(self._careful.held), self._careful.quotes
        if not quotes.are_sound(text) and not quotes.are_harmless(text, after_bad=False):
            raise csv.Error("a quote stands where none belongs")
        [record] = self._stand_ins.taken_out([fields])
        return record.fields if isinstance(record, BadRecord) else record

    def blocks(self, width: int) -> Iterator[Block | PlainBlock]:
        """Read the records after the header.

        Args:
            width: How many fields a row has.
        """
        for block in self._blocks(width):
            yield block if isinstance(block, PlainBlock) else Block(self._stand_ins.taken_out(block.records))

    def _blocks(self, width: int) -> Iterator[Block | PlainBlock]:
        careful = self._careful
        careful.held.clear()
        whole: Block | PlainBlock | None = None
        while lines := careful.next_lines():
            block = None if careful.in_doubt else self._whole(lines, width)
            if block is not None:
                if held := careful.before.release():
                    yield Block(held)
                if whole is not None:
                    yield whole
                whole = block
                continue
            careful.again.extend(lines)
            records = careful.records(width)
            if whole is not None:
                first, last = whole.parted(LINES_HELD)
                yield first
                for record in last:
                    list(careful.before.add(record))
                whole = None
            while some := list(islice(records, _RECORDS_AT_ONCE)):
                yield Block(some)
        if whole is not None:
            yield whole
        if held := careful.before.release():
            yield Block(held)

    def _whole(self, lines: list[str], width: int) -> Block | PlainBlock | None:
        """Take lines of which each is a sound row, or a comment; None if they are anything else."""
        comment = self._format.comment
        rows = [line for line in lines if not line.startswith(comment)] if comment else lines
        if not rows:
            return None
        plain = PlainBlock(rows, self._delimiter)
        block = plain if self._is_plain(plain, width) else self._one_row_a_line(rows, width)
        if block is not None:
            self._careful.comments += len(lines) - len(rows)
        return block

    def _is_plain(self, block: PlainBlock, width: int) -> bool:
        """Whether each line is a row without a quote, for which counting tells what reading would."""
        lines, text, source = block.lines, block.text, self._format
        if (source.quote and source.quote in text) or isinstance(lines[0], CutLine) or len(text) > FIELD_LIMIT:
            return False
        if (source.escape and source.escape in text) or (source.skip_initial_space and " " in text):
            return False
        delimiter = self._delimiter
        if self._stand_ins.are_in(text):
            return False
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
        quote, escape, quotes = self._format.quote, self._format.escape, self._careful.quotes
        if (quote and quote in "".join(map("".join, rows))) or (escape and escape in "".join(lines)):
            for line, fields in zip(lines, rows, strict=True):
                if (quote and quote in "".join(fields)) or (escape and escape in line):
                    if not quotes.are_sound(line):
                        return None
                    quotes.learn(line)
        return Block(rows)
