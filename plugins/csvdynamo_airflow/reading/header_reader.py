"""Reading the records that make a source's header, wherever it begins and however many lines it takes."""

import unicodedata

from csvdynamo.datasets.dialects import Header
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.source_error import SourceFileError

_RECORDS_LOOKED_AT = 1_000


def read_header(records: CsvRecords, source: Source, name: str) -> list[list[str]]:
    """Read the records of the header.

    Args:
        records: The source's records, none of which was read.
        source: How the data set file says that it is written.
        name: What to call it in messages.

    Returns:
        Each record's cells; none where the source has no header.

    Raises:
        SourceFileError: There is no such record, or its quotes are wrong.
    """
    if source.header is Header.NONE:
        return []
    first = records.header() if source.header_at is None else _header_at(records, source.header_at, name)
    return [first, *(records.header() for _ in range(source.header_lines - 1))]


def _header_at(records: CsvRecords, cell: str, name: str) -> list[str]:
    wanted = _form(cell)
    header = records.header_with(lambda fields: wanted in map(_form, fields), _RECORDS_LOOKED_AT)
    if header is None:
        raise SourceFileError(
            f"{name} has no record with the cell {cell!r} among its first {_RECORDS_LOOKED_AT:,}: source.header_at "
            "names a cell of the header. Correct it, or say how many lines are before the header: source.skip_lines."
        )
    return header


def _form(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()
