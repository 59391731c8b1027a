"""The rows of a prepared file, as Step Functions hands them on."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from csvdynamo_airflow.preparation.prepared_records import marked_records

_FIELD_LIMIT = 1 << 20  # characters; a row is far smaller, or no batch would have room for it

PreparedRow = Mapping[str, str]
"""Header to text, the row number among them."""


def read_file_rows(path: Path) -> Iterator[PreparedRow]:
    """Read a prepared file as Step Functions' CSV reader does, each pair of backslashes as one, by its own header."""
    # Only \n ends a line of a prepared file; Python would end one at a lone carriage return, too.
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from _rows(file)


def read_marked_rows(path: Path, marks: bytearray) -> Iterator[PreparedRow]:
    """Read the rows whose numbers are marked, in the same way; the others are not taken apart."""
    return _rows(record.decode("utf-8") for record in marked_records(path, marks))


def _rows(lines: Iterable[str]) -> Iterator[PreparedRow]:
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    records = csv.reader(line.replace("\\\\", "\\") for line in lines)
    header = next(records)
    for fields in records:
        yield dict(zip(header, fields, strict=True))
