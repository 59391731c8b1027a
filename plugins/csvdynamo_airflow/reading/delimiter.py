"""Finding out which character stands between two fields. Pure: the beginning of a text in, a character out."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice

from csvdynamo.datasets.dataset import DELIMITERS as NAMED_DELIMITERS
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.reading.source_columns import SourceColumns

DELIMITERS = tuple(character for character in NAMED_DELIMITERS.values() if character is not None)
"""Those that are looked for, in this order where several fit alike."""

_SAMPLE_ROWS = 100


def find_delimiter(head: str, dataset: Dataset) -> str:
    """Find the delimiter by the header line.

    It is the one that gives the columns that the data set cannot do without; of several, or of none, one that cuts the
    header and leaves its quotes right; of several, one with which most of the first rows are as wide as the header; of
    several still, the one that gives the most columns. A delimiter within quotes is text.

    Args:
        head: The beginning of the text, the header and some rows if it has them.
        dataset: The data set.
    """
    return max(DELIMITERS, key=lambda delimiter: _fitness(head, delimiter, dataset))


def header_with_key(head: str, dataset: Dataset) -> list[str] | None:
    """Read the first line as a header that has the partition key's column; None if no delimiter makes it one.

    Args:
        head: The beginning of a text.
        dataset: The data set, which may declare the delimiter.
    """
    first_line = next(iter(io.StringIO(head.lstrip(), newline=None)), "")
    for delimiter in (dataset.source.delimiter,) if dataset.source.delimiter else DELIMITERS:
        for header in _records(first_line, delimiter)[:1]:
            if dataset.table.partition_key in _stored(SourceColumns.of(header).headers, dataset):
                return header
    return None


def _fitness(head: str, delimiter: str, dataset: Dataset) -> tuple[bool, bool, bool, int]:
    records = _records(head, delimiter)
    if not records:
        return (False, False, False, 0)
    header, *rows = records
    as_wide = sum(len(row) == len(header) for row in rows)
    cuts = len(header) > 1 and _quotes_are_right(head, delimiter)
    return (_has_required(header, dataset), cuts, 2 * as_wide >= len(rows), len(header))


def _quotes_are_right(head: str, delimiter: str) -> bool:
    """Whether the header is sound CSV with a delimiter: prepare refuses one that is not."""
    try:
        return any(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False


def _records(head: str, delimiter: str) -> list[list[str]]:
    """Read the header and some rows; a last line that is cut off is left out unless it is the only one."""
    reader = filter(None, csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
    try:
        records = list(islice(reader, _SAMPLE_ROWS))
    except csv.Error:  # a field past Python's limit: the header is no CSV with this delimiter
        return []
    return records[:-1] if 1 < len(records) < _SAMPLE_ROWS else records


def _has_required(header: Sequence[str], dataset: Dataset) -> bool:
    headers = set(SourceColumns.of(header).headers)
    required = {column.header for column in dataset.columns if column.required}
    return required <= headers and dataset.table.partition_key in _stored(headers, dataset)


def _stored(headers: Iterable[str], dataset: Dataset) -> set[str]:
    """Return the attributes that headers become."""
    return {dataset.rules.attribute_name(name) for name in headers if not dataset.rules.column(name).drop}
