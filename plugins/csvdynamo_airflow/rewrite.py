"""The one streaming pass of prepare: a source's text in, the prepared file and its rejects out."""

from dataclasses import dataclass
from itertools import islice
from typing import TextIO

from csvdynamo.dataset import ROW_NUMBER_HEADER, Dataset
from csvdynamo_airflow.csv_records import BadRecord, CsvRecords
from csvdynamo_airflow.growing_file import GrowingFile
from csvdynamo_airflow.prepared_rows import ENVELOPE_BYTES, ContentRules, Row, format_rows
from csvdynamo_airflow.reject_spool import RejectSpool
from csvdynamo_airflow.source_header import check_header

CHUNK_ROWS = 64
"""Rows handled at once: enough that the work is done in C, few enough that a chunk seldom looks too large."""


@dataclass(frozen=True)
class Rewritten:
    """What the pass saw.

    Attributes:
        headers: The source's header.
        schema_changes: How it departs from the data set's declared columns.
        source_rows: Records after the header.
    """

    headers: tuple[str, ...]
    schema_changes: tuple[str, ...]
    source_rows: int


def rewrite(text: TextIO, output: GrowingFile, spool: RejectSpool, dataset: Dataset, name: str) -> Rewritten:
    """Write every good row to the prepared file and every other to the spool, in constant memory.

    Args:
        text: The source, as `source_file.open_source` opens it.
        output: The prepared file.
        spool: Takes the rejects.
        dataset: The data set.
        name: What to call the source in messages.

    Raises:
        SourceFileError: It cannot be told where a record ends, or the source breaks off.
        HeaderError: The header would lose or mix up columns.
        NoSpaceError: The disk fills up.
    """
    records = CsvRecords(text.readline, name)
    headers = tuple(records.header())
    schema_changes = check_header(headers, dataset, name)
    rules = ContentRules(headers, dataset.limits.max_input_bytes_per_batch - ENVELOPE_BYTES)
    output.write(format_rows([[ROW_NUMBER_HEADER, *headers]]).encode("utf-8"))
    numbered = enumerate(records.rows(len(headers)), start=1)
    source_rows = 0
    while chunk := list(islice(numbered, CHUNK_ROWS)):
        source_rows = chunk[-1][0]
        output.write(_good_text(chunk, rules, spool).encode("utf-8"))
    return Rewritten(headers, schema_changes, source_rows)


def _good_text(chunk: list[tuple[int, list[str] | BadRecord]], rules: ContentRules, spool: RejectSpool) -> str:
    """Write the good rows of a chunk as CSV, and spool the others."""
    rows: list[Row] = [[number, *record] for number, record in chunk if not isinstance(record, BadRecord)]
    text = format_rows(rows)
    clear = rules.clear_all(text)
    if clear and len(rows) == len(chunk):
        return text
    good: list[Row] = []
    for number, record in chunk:
        bad = record if isinstance(record, BadRecord) else None if clear else rules.judge(record)
        if bad is not None:
            spool.add(number, bad, rules.headers)
        elif not isinstance(record, BadRecord):
            good.append([number, *record])
    return format_rows(good)
