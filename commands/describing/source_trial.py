"""Reading a source by prepare's own reader with settings that are only proposed: what prepare can read decides."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from commands.describing.provisional import Settings, provisional_dataset
from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.preparation.source_header import check_header
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.first_rows import look_at_rows
from csvdynamo_airflow.reading.header_reader import read_header
from csvdynamo_airflow.reading.layout import Layout, lay_out
from csvdynamo_airflow.reading.record_blocks import BadRecord, Block, PlainBlock
from csvdynamo_airflow.reading.row_shape import RowShape
from csvdynamo_airflow.reading.source_columns import SourceColumns
from csvdynamo_airflow.reading.source_file import find_format, open_source
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.source_lines import SourceLines

_ROWS_KEPT = 200


@dataclass(frozen=True)
class Trial:
    """What prepare's reader makes of a source with some settings.

    Attributes:
        settings: They.
        problem: Why the source is refused; empty where it is not.
        headers: The columns' names.
        width: How many cells a row has.
        good: Rows.
        rejects: How many records are none, by code.
        short: Those of them that have fewer cells than the header.
        long: Those that have more.
        named_late: Those with a value in a column that was left out, blank in the first rows.
        rows: The first rows.
        notes: What was left out or read otherwise, a sentence each.
        source_format: How the source is written, as the reader found it.
    """

    settings: Settings
    problem: str = ""
    headers: tuple[str, ...] = ()
    width: int = 0
    good: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    short: int = 0
    long: int = 0
    named_late: int = 0
    rows: Sequence[Sequence[str]] = ()
    notes: tuple[str, ...] = ()
    source_format: SourceFormat = field(default_factory=SourceFormat)

    @property
    def bad(self) -> int:
        """How many records are no rows."""
        return self.rejects.total()

    @property
    def faults(self) -> int:
        """How many of them other settings might read."""
        return self.bad - self.rejects[RejectCode.REPEATED_HEADER] - self.rejects[RejectCode.BAD_ENCODING]


@dataclass(frozen=True)
class OpenRows:
    """A source that is being read.

    Attributes:
        layout: Which cells are columns.
        source_format: How it is written.
        blocks: Its rows and rejects.
        records: Counts what was no record.
    """

    layout: Layout
    source_format: SourceFormat
    blocks: Iterator[Block | PlainBlock]
    records: CsvRecords


@contextmanager
def open_rows(path: Path, name: str, settings: Settings) -> Iterator[OpenRows]:
    """Open a source as prepare does.

    Args:
        path: The file.
        name: What to call it in messages.
        settings: Keys of ``[source]``.

    Raises:
        MigrationError: Prepare would refuse it.
        ValidationError: A setting is not allowed.
    """
    dataset = provisional_dataset("source", settings)
    first = look_at_rows(path, name, find_format(path, name, dataset), dataset)
    source_format = first.source_format
    with open_source(path, name, source_format.encoding, source=dataset.source) as text:
        records = CsvRecords(SourceLines(text, source_format), name, source_format)
        header = read_header(records, dataset.source, name)
        layout = lay_out(header, first.cells, dataset, name)
        check_header(SourceColumns.of(layout.headers).headers, dataset, name)
        yield OpenRows(
            layout, source_format, RowShape(layout, dataset.source).rows(records.blocks(layout.width)), records
        )


def try_settings(path: Path, name: str, settings: Settings, most: int | None = None) -> Trial:
    """Read a source with settings, and count what comes of it.

    Args:
        path: The file.
        name: What to call it in messages.
        settings: Keys of ``[source]``.
        most: Records after which it is enough, about; None for all.
    """
    try:
        with open_rows(path, name, settings) as opened:
            return _counted(opened, settings, most)
    except MigrationError as error:
        return Trial(settings, problem=str(error))
    except ValidationError as error:
        return Trial(settings, problem=error.errors()[0]["msg"])


def _counted(opened: OpenRows, settings: Settings, most: int | None) -> Trial:
    layout = opened.layout
    good, short, long, late = 0, 0, 0, 0
    rejects, rows = Counter[str](), list[Sequence[str]]()
    for block in opened.blocks:
        if isinstance(block, PlainBlock):
            good += len(block.lines)
            if len(rows) < _ROWS_KEPT:
                rows += block.records[: _ROWS_KEPT - len(rows)]
        else:
            for record in block.records:
                if not isinstance(record, BadRecord):
                    if _is_decoded(record):
                        good += 1
                    else:
                        rejects[RejectCode.BAD_ENCODING] += 1
                    if len(rows) < _ROWS_KEPT:
                        rows.append(record)
                    continue
                rejects[record.code] += 1
                if record.code is RejectCode.BAD_WIDTH:
                    short += len(record.fields) < len(layout.headers)
                    long += len(record.fields) > len(layout.headers)
                    late += "which has no name" in record.message
        if most is not None and good + rejects.total() >= most:
            break
    return Trial(
        settings,
        headers=layout.headers,
        width=layout.width,
        good=good,
        rejects=rejects,
        short=short,
        long=long,
        named_late=late,
        rows=rows,
        notes=layout.notes,
        source_format=opened.source_format,
    )


def _is_decoded(record: Sequence[str]) -> bool:
    text = "".join(record)
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)
