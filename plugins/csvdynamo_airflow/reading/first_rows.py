"""The first rows of a source, looked at before anything is written: which columns it has depends on them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.header_reader import read_header
from csvdynamo_airflow.reading.layout import SAMPLE_ROWS
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_file import open_source
from csvdynamo_airflow.reading.source_format import QuoteHabits, SourceFormat
from csvdynamo_airflow.reading.source_lines import SourceLines

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
        SourceFileError: It breaks off.
    """
    with open_source(path, name, source_format.encoding, source=dataset.source) as text:
        records = CsvRecords(SourceLines(text, source_format), name, source_format)
        cells = _cells(records, dataset.source, name)
    if records.quote_faults > _MOST_FAULTS:
        source_format = replace(source_format, habits=QuoteHabits(careless=True))
    return FirstRows(cells, source_format)


def _cells(records: CsvRecords, source: Source, name: str) -> list[list[str]]:
    rows = list[list[str]]()
    try:
        header = read_header(records, source, name)
    except SourceFileError:
        return []  # told when the source is read
    for block in records.blocks(len(source.names) or max(map(len, header))):
        for record in block.records:
            fields = record.fields if isinstance(record, BadRecord) else record
            if source.stop_at and fields and fields[0].strip() == source.stop_at.strip():
                return rows
            if any(map(str.strip, fields)):
                rows.append(fields)
            if len(rows) >= SAMPLE_ROWS:
                return rows
    return rows
