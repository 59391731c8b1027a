"""The first rows of a source, looked at before anything is written: which columns it has depends on them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.delimiter import DELIMITERS
from csvdynamo_airflow.reading.header_reader import read_header
from csvdynamo_airflow.reading.layout import NEARLY_ALL, SAMPLE_ROWS
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_file import open_source
from csvdynamo_airflow.reading.source_format import QuoteHabits, SourceFormat
from csvdynamo_airflow.reading.source_lines import SourceLines
from csvdynamo_airflow.reading.told_reading import shown_delimiter, told_reading

_BY_CHANCE = 2  # cells of a text with a comma in it
_MOST_FAULTS = 6
"""Records with a quote out of place that one accident may make. With more, that is how the source is written."""


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a source.

    Attributes:
        cells: The cells of each, of whatever width.
        source_format: How the source is written, as far as they tell.
    """

    cells: Sequence[Sequence[str]]
    source_format: SourceFormat


def look_at_rows(path: Path, name: str, source_format: SourceFormat, dataset: Dataset) -> FirstRows:
    """Read the first rows, none where the header cannot be read.

    Args:
        path: The source.
        name: What to call it in messages.
        source_format: How it is written.
        dataset: The data set.

    Raises:
        SourceFileError: It breaks off, or its header of one name stands over rows that a delimiter cuts alike.
    """
    read = _Read.of(path, name, source_format, dataset)
    if read.width == 1 and dataset.source.delimiter is None:
        _refuse_uncut(path, name, source_format, dataset)
    if read.quote_faults > _MOST_FAULTS:
        source_format = replace(source_format, habits=QuoteHabits(careless=True))
    return FirstRows(read.cells, source_format)


def _refuse_uncut(path: Path, name: str, found: SourceFormat, dataset: Dataset) -> None:
    """Refuse a header of one name over rows that are no single cells: it may be the header that is short or broken."""
    for delimiter in DELIMITERS:
        other = replace(found, delimiter=delimiter, habits=QuoteHabits(careless=True))
        rows = _Read.of(path, name, other, dataset).cells if delimiter != found.delimiter else ()
        for width, alike in Counter(map(len, rows)).most_common(1):
            # One delimiter may be in nearly every text by chance, two or more not.
            if width == 1 or alike < len(rows) * (NEARLY_ALL if width > _BY_CHANCE else 1):
                continue
            many = "every row" if alike == len(rows) else f"{alike:,} rows"
            raise SourceFileError(
                f"The header of {name} has one name, and {many} of its first {len(rows):,} "
                f"{'has' if alike == len(rows) else 'have'} {width:,} cells with {shown_delimiter(delimiter)} between "
                "them. Name every column, source.names, or say where the header is, source.skip_lines or "
                f"source.header_at; or, if there is one column, set source.delimiter in datasets/{dataset.name}.toml "
                f"to what no cell holds. {told_reading(found, dataset)}"
            )


@dataclass(frozen=True)
class _Read:
    """What was read of a source: its first rows, how wide its header is (0: unreadable), and quotes out of place."""

    cells: Sequence[Sequence[str]]
    width: int
    quote_faults: int

    @classmethod
    def of(cls, path: Path, name: str, source_format: SourceFormat, dataset: Dataset) -> "_Read":
        source = dataset.source
        with open_source(path, name, source_format.encoding, source=source) as text:
            records = CsvRecords(SourceLines(text, source_format), name, source_format)
            try:
                header = read_header(records, source, name)
            except SourceFileError:
                return cls((), 0, records.quote_faults)  # told when the source is read
            width = len(source.names) or max(map(len, header))
            return cls(_cells(records, source, width), width, records.quote_faults)


def _cells(records: CsvRecords, source: Source, width: int) -> list[list[str]]:
    rows = list[list[str]]()
    for block in records.blocks(width):
        for record in block.records:
            fields = record.fields if isinstance(record, BadRecord) else record
            if source.stop_at and fields and fields[0].strip() == source.stop_at.strip():
                return rows
            if any(map(str.strip, fields)):
                rows.append(fields)
            if len(rows) >= SAMPLE_ROWS:
                return rows
    return rows
