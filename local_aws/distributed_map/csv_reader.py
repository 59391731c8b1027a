"""Reads a CSV file into items by the rules of the Distributed Map's item reader.

The rules: https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html
"""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

HEADER_LIMIT_BYTES = 10 * 1024

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
# Step Functions knows no limit of a field's width but the limit of a child's input, which the batcher applies.
csv.field_size_limit(sys.maxsize)

Item = dict[str, str]


class CsvError(ValueError):
    """The file or its reader configuration breaks a rule of the item reader."""


class RepeatedHeaderError(CsvError):
    """The header, read or given, names a field twice."""


@dataclass(frozen=True)
class CsvFormat:
    """How the fields of a file are separated and named.

    Attributes:
        delimiter: the one character between fields.
        header: the field names; None when the file's first row holds them.
    """

    delimiter: str = ","
    header: tuple[str, ...] | None = None

    @classmethod
    def from_reader_config(cls, config: Mapping[str, Any]) -> Self:
        """The format that an ItemReader's ReaderConfig asks for.

        Raises:
            CsvError: a setting is unknown, or CSVHeaders is missing where the header is GIVEN.
        """
        name = config.get("CSVDelimiter", "COMMA")
        if name not in _DELIMITERS:
            raise CsvError(f"CSVDelimiter is {name!r}: use one of {', '.join(_DELIMITERS)}.")
        location = config.get("CSVHeaderLocation")
        if location == "FIRST_ROW":
            return cls(_DELIMITERS[name])
        if location != "GIVEN":
            raise CsvError(f"CSVHeaderLocation is {location!r}: use FIRST_ROW or GIVEN.")
        header = config.get("CSVHeaders")
        if not header:
            raise CsvError("CSVHeaderLocation is GIVEN: list the field names in CSVHeaders.")
        return cls(_DELIMITERS[name], tuple(header))


def read_items(body: bytes, form: CsvFormat) -> Iterator[Item]:
    """Yield one item a record, each value a text, in the file's order.

    Blank lines are skipped, short records padded with empty texts, and fields past the header dropped.

    Args:
        body: the file, UTF-8.
        form: its delimiter and header.

    Raises:
        CsvError: the header is longer than 10 KiB or names a field twice, or the file is not UTF-8.
    """
    try:
        lines = _lines(body)
        header = _first_row(lines, form) if form.header is None else form.header
        _check_header(header, form)
        for row in _rows(lines, form):
            yield _item(header, row)
    except UnicodeDecodeError as error:
        raise CsvError(f"The file is not UTF-8 (byte {error.object[error.start]:#04x}): encode it anew.") from error


def _lines(body: bytes) -> Iterator[str]:
    # BytesIO shares the memory of the bytes, and the wrapper decodes a piece at a time: no copy of the file is made.
    lines = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline="")
    if b"\\\n" in body or b"\\\r" in body or body.endswith(b"\\"):
        return map(_without_escaped_line_end, lines)
    return iter(lines)


def _without_escaped_line_end(line: str) -> str:
    # Python's reader would take an escaped line end into the field. To Step Functions it is a backslash before "any
    # other character": the backslash goes, and the line ends all the same.
    content = line.rstrip("\r\n")
    backslashes = len(content) - len(content.rstrip("\\"))
    return content[:-1] + line[len(content) :] if backslashes % 2 else line


def _rows(lines: Iterator[str], form: CsvFormat) -> Iterator[list[str]]:
    # Given an escape character, Python's reader drops every backslash and takes the character after it as it is, in
    # and out of quotes: for a backslash, a quotation mark or the delimiter that is the documented escape, for
    # any other character the documented silent removal.
    return (row for row in csv.reader(lines, delimiter=form.delimiter, escapechar="\\") if row)


def _first_row(lines: Iterator[str], form: CsvFormat) -> tuple[str, ...]:
    return tuple(next(_rows(lines, form), ()))


def _check_header(header: Sequence[str], form: CsvFormat) -> None:
    if len(set(header)) < len(header):
        raise RepeatedHeaderError("CSV headers cannot contain duplicates.")
    size = len(form.delimiter.join(header).encode())
    if size > HEADER_LIMIT_BYTES:
        raise CsvError(f"The header is {size} bytes long: Step Functions reads at most {HEADER_LIMIT_BYTES}.")


def _item(header: Sequence[str], row: list[str]) -> Item:
    missing = len(header) - len(row)
    if missing > 0:
        row += [""] * missing
    return dict(zip(header, row, strict=False))
