"""The streaming pass of prepare: a source's text in; the draft of the prepared file, its keys and its rejects out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.header import Header
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.duplicates import KeySpool
from csvdynamo_airflow.preparation.prepared_rows import (
    ENVELOPE_BYTES,
    ContentRules,
    format_rows,
    is_readable,
    plain_rows,
)
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.replay.number_spool import NumberSpool
from csvdynamo_airflow.preparation.source_header import HeaderError, check_header
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.header_reader import read_header
from csvdynamo_airflow.reading.last_record import told_last_record
from csvdynamo_airflow.reading.layout import lay_out
from csvdynamo_airflow.reading.record_blocks import BadRecord, PlainBlock
from csvdynamo_airflow.reading.row_shape import RowShape
from csvdynamo_airflow.reading.source_columns import SourceColumns
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.source_lines import SourceLines
from csvdynamo_airflow.reading.told_reading import TAKEN_FOR_ERROR_CSV, told_encoding, told_reading

NumberedRow = tuple[int, list[str]]
"""A row's number in the source and its fields."""


@dataclass(frozen=True)
class SourceHeader:
    """A header that can be migrated.

    Attributes:
        columns: The source's columns.
        key_places: The places of the columns that the key is made of among those that are migrated, from 0; none where
            it is the row's number.
    """

    columns: SourceColumns
    key_places: tuple[int, ...]

    @classmethod
    def of(cls, columns: SourceColumns, rules: RowRules) -> "SourceHeader":
        """Find the key's columns."""
        return cls(columns, tuple(map(columns.headers.index, Header.of(rules, columns.headers).key_names)))

    @property
    def key_names(self) -> tuple[str, ...]:
        """The headers of the columns that the key is made of."""
        return tuple(self.columns.headers[place] for place in self.key_places)


class Rewriter:
    """Writes every good row of a source to a draft and every other to a spool, in constant memory.

    Attributes:
        header: The source's header.
        last_record: What the source's last record is, once it was read, if that is no row (`told_last_record`).
    """

    def __init__(
        self,
        text: TextIO,
        dataset: Dataset,
        source_format: SourceFormat,
        name: str,
        sample: Sequence[Sequence[str]] = (),
    ) -> None:
        """Read and check the header.

        Args:
            text: The source, as `source_file.open_source` opens it.
            dataset: The data set.
            source_format: How the source is written.
            name: What to call the source in messages.
            sample: The cells of its first rows (`look_at_rows`): which columns it has depends on them.

        Raises:
            SourceFileError: The header cannot be read, or the rows have other widths.
            HeaderError: The header would lose or mix up columns.
        """
        self.last_record: str | None = None
        self._delimiter = source_format.delimiter
        self._lines = SourceLines(text, source_format)
        self._records = CsvRecords(self._lines, name, source_format)
        self._last_bad: BadRecord | None = None
        columns = self._read_columns(dataset, source_format, name, sample)
        self.header = SourceHeader.of(columns, dataset.rules)
        self._rules = ContentRules(
            columns.headers,
            dataset.limits.max_input_bytes_per_batch - ENVELOPE_BYTES,
            told_encoding(source_format, dataset),
        )

    def _read_columns(
        self, dataset: Dataset, source_format: SourceFormat, name: str, sample: Sequence[Sequence[str]]
    ) -> SourceColumns:
        """Read and check the header; what is wrong with it may be the way that it is read."""
        guesses = [told_reading(source_format, dataset)]
        try:
            layout = lay_out(read_header(self._records, dataset.source, name), sample, dataset, name)
            columns = SourceColumns.of(layout.headers)
            if columns.kept is not None:
                guesses.insert(0, TAKEN_FOR_ERROR_CSV)
            check_header(columns.headers, dataset, name)
        except (SourceFileError, HeaderError) as error:
            raise type(error)(" ".join(filter(None, (str(error), *guesses)))) from error
        self._layout, self._shape = layout, RowShape(layout, dataset.source)
        return columns

    def told(self, source_format: SourceFormat) -> SourceNotes:
        """Say what of the source was no row, once it was read."""
        notes = list(self._layout.notes)
        if source_format.members:
            notes.insert(0, f"Read one after the other: {', '.join(source_format.members)}.")
        if self._lines.ended_by_marks:
            notes.append("End-of-file marks after the last line end were left out.")
        if self._shape.stopped:
            notes.append("A record that begins with source.stop_at ends the rows; what follows it was not read.")
        return SourceNotes(
            blank_records=self._shape.blank_records,
            comment_lines=self._records.comments,
            skipped_lines=source_format.skipped_lines + self._records.skipped_lines,
            notes=tuple(notes),
        )

    def run(self, draft: Draft, spool: RejectSpool, keys: KeySpool, told: NumberSpool | None = None) -> int:
        """Go through the rows.

        Args:
            draft: Takes the good rows.
            spool: Takes the rejects.
            keys: Takes the rows' keys, as far as these can be told.
            told: Takes which rows an error CSV says they are; None where nobody wants to know.

        Returns:
            How many records the source has after its header.

        Raises:
            SourceFileError: The source breaks off.
            FileTooLargeError: The draft becomes larger than Step Functions reads.
            NoSpaceError: The disk fills up.
        """
        columns, key_places = self.header.columns, self.header.key_places
        draft.write_header(format_rows([FileHeader(columns.headers).line]))
        source_rows = 0
        for block in self._shape.rows(self._records.blocks(self._layout.width)):
            first = source_rows + 1
            text = self._plain_text(block, first) if isinstance(block, PlainBlock) else None
            if isinstance(block, PlainBlock) and text is not None:
                source_rows += len(block.lines)
                self._last_bad = None
                keys.add(range(first, source_rows + 1), [block.column(place) for place in key_places])
            else:
                records = block.records
                source_rows += len(records)
                if told is not None:
                    for number, record in enumerate(records, first):
                        told.add(number, columns.number_cell(record))
                good = self._good_rows(records, first, spool, keys)
                numbers = [number for number, _ in good]
                keys.add(numbers, [[fields[place] for _, fields in good] for place in key_places])
                text = format_rows([[number, *fields] for number, fields in good])
            draft.write(first, text)
        if self._last_bad is not None and columns.kept is None:  # all rows of an error CSV were bad once
            self.last_record = told_last_record(
                source_rows,
                self._last_bad,
                len(columns.all),
                ends_a_line=self._lines.ends_a_line or self._shape.stopped,
            )
        return source_rows

    def _plain_text(self, block: PlainBlock, first: int) -> str | None:
        """Return the rows of a block whose lines need nothing but their numbers; None if it has others."""
        if self._delimiter != "," or self.header.columns.kept is not None:
            return None
        text = plain_rows(block.lines, first)
        return text if text and self._rules.clear_all(text, max(map(len, block.lines))) else None

    def _good_rows(
        self, records: Sequence[list[str] | BadRecord], first: int, spool: RejectSpool, keys: KeySpool
    ) -> list[NumberedRow]:
        """Return the good rows of a block with their numbers, and spool the others; keep what ails the last one."""
        columns = self.header.columns
        joined = ["".join(record) for record in records if not isinstance(record, BadRecord)]
        clear = self._rules.clear_all("".join(joined), max(map(len, joined), default=0))
        good = []
        for number, record in enumerate(records, first):
            if isinstance(record, BadRecord):
                self._last_bad = record
                spool.add(number, columns.migrated_part(record))
                continue
            fields = columns.migrated(record)
            self._last_bad = bad = None if clear else self._rules.judge(fields)
            if bad is None:
                good.append((number, fields))
            else:
                spool.add(number, bad)
                key_cells = [fields[place] for place in self.header.key_places]
                if is_readable("".join(key_cells)):
                    keys.add_rejected(number, key_cells)
        return good
