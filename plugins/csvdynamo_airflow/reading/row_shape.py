"""What a source's records are to its layout: rows, blank ones, the header again, or the end. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from csvdynamo.datasets.dialects import ShortRows
from csvdynamo.datasets.source_rules import Source
from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.layout import Layout
from csvdynamo_airflow.reading.record_blocks import BadRecord, Block, PlainBlock

_REPEATED = "the header again"
_NO_CELL = "\0"  # of a record whose cells cannot be told
_MARK = "\ufeff"  # a byte order mark, which stands before the header again where files were joined
_BEFORE = _MARK + " \t"


class RowShape:
    """Makes rows of a source's records, block by block.

    Attributes:
        blank_records: How many had no value.
        stopped: Whether a record ended the file before its end.
    """

    def __init__(self, layout: Layout, source: Source) -> None:
        """Take the layout, and what the data set file says of the source."""
        self.blank_records = 0
        self.stopped = False
        self._layout = layout
        self._pads = source.short_rows is ShortRows.PAD
        self._stop_at = source.stop_at.strip() if source.stop_at else None
        records = (_bare(record) for record in layout.header_records if any(map(str.strip, record)))
        self._headers = {record for record in records if len(record) == layout.width}

    def rows(self, blocks: Iterator[Block | PlainBlock]) -> Iterator[Block | PlainBlock]:
        """Give the rows and rejects of blocks of records, each with the cells of the columns alone."""
        for block in blocks:
            if isinstance(block, PlainBlock) and self._is_plain(block):
                yield block
                continue
            yield Block(list(self._shaped(block.records)))
            if self.stopped:
                return

    def _is_plain(self, block: PlainBlock) -> bool:
        """Whether each line of a block is a row, and all of it."""
        if self._layout.kept is not None or self._stop_at is not None:
            return False
        firsts = block.first_characters
        # Of a record without a value.
        beginnings = tuple(one for one in firsts if one == block.delimiter or one.isspace())
        if beginnings and any(
            not line.replace(block.delimiter, "").strip() for line in block.lines if line.startswith(beginnings)
        ):
            return False
        # A header that comes again may have white space, or a byte order mark, before its first cell.
        headers = {header[0] for header in self._headers}
        if "" in headers and firsts & {block.delimiter, _MARK, *beginnings}:
            return False
        named = tuple(filter(None, headers))
        return not any(name in block.text for name in named) or not any(
            line.lstrip(_BEFORE).startswith(named) for line in block.lines
        )

    def _shaped(self, records: Sequence[list[str] | BadRecord]) -> Iterator[list[str] | BadRecord]:
        firsts, everything = {header[0] for header in self._headers}, self._layout.kept is None
        for record in records:
            fields = record.fields if isinstance(record, BadRecord) else record
            first = fields[0] if fields else _NO_CELL
            if self._stop_at is not None and first.strip() == self._stop_at:
                self.stopped = True
                return
            if not first.strip() and not any(map(str.strip, fields)):
                self.blank_records += 1
            elif isinstance(record, BadRecord):
                yield self._bad(record)
            elif first.strip(_BEFORE) in firsts and _bare(record) in self._headers:
                yield self._columns(BadRecord(RejectCode.REPEATED_HEADER, _REPEATED, record))
            else:
                yield record if everything else self._row(record)

    def _bad(self, record: BadRecord) -> list[str] | BadRecord:
        missing = self._layout.width - len(record.fields)
        if self._pads and record.code is RejectCode.BAD_WIDTH and record.fields and missing > 0:
            return self._row([*record.fields, *[""] * missing])
        return self._columns(record)

    def _row(self, fields: list[str]) -> list[str] | BadRecord:
        kept = self._layout.kept
        if kept is None:
            return fields
        for place in self._layout.blank:
            if fields[place].strip():
                message = f"a value in column {place + 1:,}, which has no name and was blank in the first rows"
                return self._columns(BadRecord(RejectCode.BAD_WIDTH, message, fields))
        return [fields[place] for place in kept]

    def _columns(self, record: BadRecord) -> BadRecord:
        """Return a bad record with the cells of the columns, and after them those past the row's end."""
        kept = self._layout.kept
        if kept is None:
            return record
        fields = [record.fields[place] for place in kept if place < len(record.fields)]
        left_out = [record.fields[place] for place in self._layout.blank if place < len(record.fields)]
        more = [cell for cell in left_out if cell.strip()] + record.fields[self._layout.width :]
        return replace(record, fields=fields + (more if len(fields) == len(kept) else []))


def _bare(record: Sequence[str]) -> tuple[str, ...]:
    """Return a record's cells without the white space round them, and without a byte order mark."""
    return tuple(cell.strip(_BEFORE) for cell in record)
