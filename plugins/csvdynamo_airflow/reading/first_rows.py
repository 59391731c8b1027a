"""The first rows of a source, looked at before anything is written: which columns it has depends on them."""

from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.header_reader import read_header
from csvdynamo_airflow.reading.layout import SAMPLE_ROWS
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_file import open_source
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.source_lines import SourceLines


def sample_rows(path: Path, name: str, source_format: SourceFormat, dataset: Dataset) -> list[list[str]]:
    """Read the cells of the first rows, of whatever width; none where the header cannot be read.

    Args:
        path: The source.
        name: What to call it in messages.
        source_format: How it is written.
        dataset: The data set.

    Raises:
        SourceFileError: It breaks off.
    """
    source, rows = dataset.source, list[list[str]]()
    with open_source(path, name, source_format.encoding, source=source) as text:
        records = CsvRecords(SourceLines(text, source_format), name, source_format)
        try:
            header = read_header(records, source, name)
        except SourceFileError:
            return []  # told when the source is read
        width = len(source.names) or max(map(len, header))
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
