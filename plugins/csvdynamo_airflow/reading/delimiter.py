"""Finding out what stands between two fields. Pure: the beginning of a text in, a delimiter out."""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo.datasets.dialects import Header as HeaderIs
from csvdynamo.rules.header import Header
from csvdynamo_airflow.reading.header_names import told_names
from csvdynamo_airflow.reading.source_columns import SourceColumns
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns

DELIMITERS = (",", ";", "|", "\t")
"""Those that are looked for, in this order where several fit alike."""

_SAMPLE_ROWS = 100
_NEVER = re.compile(r"[\w\s\"'.\-+/\\]")


def find_delimiter(head: str, dataset: Dataset) -> str:
    """Find the delimiter by the header line.

    It is the one that gives the columns that the data set cannot do without; of several, or of none, one that cuts the
    header and leaves its quotes right; of several, one with which most of the first rows are as wide as the header; of
    several still, the one that gives the most columns. A delimiter within quotes is text. Where none of the usual ones
    gives the columns, any other character, or white space, is taken with which the header and every row are cut alike.

    Args:
        head: The beginning of the text, the header and some rows if it has them.
        dataset: The data set.
    """
    best = max(DELIMITERS, key=lambda delimiter: _fitness(head, delimiter, dataset))
    if _gives_columns(head, best, dataset):
        return best
    first_line = next(iter(io.StringIO(head.lstrip(), newline=None)), "")
    others = [*dict.fromkeys(one for one in first_line if not _NEVER.match(one) and one not in DELIMITERS), WHITE_SPACE]
    evident = [one for one in others if _gives_columns(head, one, dataset) and _is_even(head, one, dataset)]
    return max(evident, key=lambda one: len(_records(head, one, dataset)[0]), default=best)


def header_with_key(head: str, dataset: Dataset) -> list[str] | None:
    """Read the first line as a header that has the partition key's column; None if no delimiter makes it one.

    Args:
        head: The beginning of a text.
        dataset: The data set, which may declare the delimiter.
    """
    first_line = next(iter(io.StringIO(head.lstrip(), newline=None)), "")
    for delimiter in (dataset.source.delimiter,) if dataset.source.delimiter else DELIMITERS:
        for header in _records(first_line, delimiter, dataset)[:1]:
            if not Header.of(dataset.rules, _headers(header, dataset)).lacking:
                return header
    return None


def _fitness(head: str, delimiter: str, dataset: Dataset) -> tuple[bool, bool, bool, int]:
    records = _records(head, delimiter, dataset)
    if not records:
        return (False, False, False, 0)
    header, rows = _parted(records, dataset)
    as_wide = sum(len(row) == len(header) for row in rows)
    cuts = len(header) > 1 and _quotes_are_right(head, delimiter, dataset)
    return (_has_required(header, dataset), cuts, 2 * as_wide >= len(rows), len(header))


def _parted(records: list[list[str]], dataset: Dataset) -> tuple[Sequence[str], list[list[str]]]:
    source = dataset.source
    if source.header is HeaderIs.NONE:
        wide = sum(len(row) == len(source.names) for row in records) * 2 >= len(records)
        return (source.names if wide else records[0]), records
    return records[0], records[source.header_lines :]


def _gives_columns(head: str, delimiter: str, dataset: Dataset) -> bool:
    records = _records(head, delimiter, dataset)
    if not records or (dataset.source.header is HeaderIs.NONE and len(records[0]) != len(dataset.source.names)):
        return False
    return _has_required(_parted(records, dataset)[0], dataset)


def _is_even(head: str, delimiter: str, dataset: Dataset) -> bool:
    """Whether a delimiter cuts the header and every row, one at least, into as many cells, and more than one."""
    whole = head if head.endswith(("\n", "\r")) else head + "\n"
    records = _records(whole + "\n.", delimiter, dataset)  # a last line that may be left out
    return len(records) > 1 and {len(record) for record in records} == {len(records[0])} != {1}


def _quotes_are_right(head: str, delimiter: str, dataset: Dataset) -> bool:
    """Whether the header is sound CSV with a delimiter: prepare refuses one that is not."""
    try:
        return any(csv.reader(io.StringIO(head, newline=""), strict=True, **_format(delimiter, dataset).options))
    except csv.Error:
        return False


def _records(head: str, delimiter: str, dataset: Dataset) -> list[list[str]]:
    """Read the header and some rows; a last line that is cut off is left out unless it is the only one."""
    source_format = _format(delimiter, dataset)
    lines = StandIns(source_format).put(io.StringIO(head, newline="").readlines())
    reader = filter(None, csv.reader(lines, **source_format.options))
    try:
        records = list(islice(reader, _SAMPLE_ROWS))
    except csv.Error:  # a field past Python's limit: the header is no CSV with this delimiter
        return []
    return records[:-1] if 1 < len(records) < _SAMPLE_ROWS else records


def _format(delimiter: str, dataset: Dataset) -> SourceFormat:
    source = dataset.source
    return SourceFormat(
        delimiter, quote=source.quote, escape=source.escape, skip_initial_space=source.skip_initial_space
    )


def _headers(header: Sequence[str], dataset: Dataset) -> Sequence[str]:
    """Return the names that a header's record gives, or those that the data set file gives instead."""
    return told_names(header, dataset)[0]


def _has_required(header: Sequence[str], dataset: Dataset) -> bool:
    return Header.of(dataset.rules, SourceColumns.of(_headers(header, dataset)).headers).is_whole
