"""The rows of a prepared file, as Step Functions hands them on."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

_FIELD_LIMIT = 1 << 20  # characters; a row is far smaller, or no batch would have room for it

PreparedRow = Mapping[str, str]
"""Header to text, the row number among them."""


def read_file_rows(path: Path) -> Iterator[PreparedRow]:
    """Read a prepared file as Step Functions' CSV reader does, each pair of backslashes as one, by its own header."""
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    # Only \n ends a line of a prepared file; Python would end one at a lone carriage return, too.
    with path.open(encoding="utf-8", newline="\n") as file:
        records = csv.reader(line.replace("\\\\", "\\") for line in file)
        header = next(records)
        for fields in records:
            yield dict(zip(header, fields, strict=True))
