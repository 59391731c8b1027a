"""Rows as Step Functions' CSV reader cannot misread them, and the rows that nothing after it could take. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Literal

from csvdynamo.records.rejects import MAX_RECORD_BYTES, json_line
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.file_header import FileHeader
from csvdynamo_airflow.reading.record_blocks import EXTRA_FIELDS, UNREAD_LINES, BadRecord

Row = Sequence[str | int]
"""A row number and its fields, or any other fields."""

ENVELOPE_BYTES = 512
"""What a child execution's input holds beside its items: ``BatchInput``, with an execution name of 80 characters."""

RECORD_ENVELOPE_BYTES = 4096
"""What a reject's record holds beside its item, but for the names of columns in it: three at most are as long as can
be."""

_UNDECODED = re.compile(r"[\ud800-\udfff]")
_LONGEST_ESCAPE = 6  # bytes of JSON for one character: \u0000


def format_rows(rows: Iterable[Row]) -> str:
    r"""Write rows as CSV: commas, ``\n``, quotes only where needed, every backslash doubled.

    Step Functions drops a backslash before most characters, and keeps one of each pair
    (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html). A backslash means nothing to
    quoting, so doubling may wait until the whole text is written.
    """
    return "".join(map(_line, rows)).replace("\\", "\\\\")


@dataclass(frozen=True)
class ContentRules:
    """What no row may hold, whatever the data set's own rules.

    Attributes:
        headers: The source's header.
        item_limit: Bytes that one row may take as a JSON item.
        encoding: What the source is written in, as messages call it.
    """

    headers: tuple[str, ...]
    item_limit: int
    encoding: str = "UTF-8"

    def clear_all(self, text: str, longest: int) -> bool:
        """Tell at once that no row of a text breaks a rule; False means that each has to be looked at.

        Args:
            text: The rows.
            longest: Characters of the longest row, or more.
        """
        return is_readable(text) and self._fits(longest)

    def judge(self, fields: list[str]) -> BadRecord | None:
        """Say what is wrong with a row of the right width, None if nothing is."""
        for header, value in zip(self.headers, fields, strict=True):
            if _UNDECODED.search(value):
                message = f"{header}: holds bytes that are no {self.encoding}"
                return BadRecord(RejectCode.BAD_ENCODING, message, fields, column=header)
            if "\0" in value:
                return BadRecord(RejectCode.BAD_ENCODING, f"{header}: holds a NUL character", fields, column=header)
        if self._fits(sum(map(len, fields))):
            return None
        size = item_bytes(self._header, fields)
        if size > self.item_limit:
            message = f"the row takes {size:,} bytes as a JSON item; a batch has room for {self.item_limit:,}"
            return BadRecord(RejectCode.TOO_LARGE, message, fields)
        size = self._record_bytes(fields)
        if size <= self._record_limit:
            return None
        # Its batch would fail, should the Lambda function reject it: the record says the source's names.
        message = f"the row takes {size:,} bytes with the names of its columns; a reject has room for "
        return BadRecord(RejectCode.TOO_LARGE, f"{message}{self._record_limit:,}", fields)

    def _fits(self, characters: int) -> bool:
        written, names = self._name_lengths
        in_batch, in_record = (written + characters) * _LONGEST_ESCAPE, (names + characters) * _LONGEST_ESCAPE
        return in_batch <= self.item_limit and in_record <= self._record_limit

    def _record_bytes(self, fields: list[str]) -> int:
        """Size of a row as the item of its reject's record, where that is as small as it can be (`Reject.to_line`)."""
        names = sum(size for size, value in zip(self._name_sizes, fields, strict=True) if value)
        return names + len(json_line({"": fields}).encode())

    @cached_property
    def _header(self) -> FileHeader:
        return FileHeader(self.headers)

    @cached_property
    def _name_lengths(self) -> tuple[int, int]:
        """Characters of the names of the prepared file, and of the source's, with what stands round each in JSON."""
        written, names = (sum(map(len, some)) + 4 * len(some) for some in (self._header.line, self.headers))
        return written, names

    @cached_property
    def _name_sizes(self) -> list[int]:
        return [len(json_line({name: ""}).encode()) for name in self.headers]

    @cached_property
    def _record_limit(self) -> int:
        return MAX_RECORD_BYTES - RECORD_ENVELOPE_BYTES - 3 * max(self._name_sizes, default=0)


def is_readable(text: str) -> bool:
    """Tell whether a text has neither a byte of another encoding nor a NUL."""
    return (text.isascii() or not _UNDECODED.search(text)) and "\0" not in text


def plain_rows(lines: Sequence[str], first: int) -> str | None:
    r"""Number lines that are rows already as `format_rows` would write them; None if some are not.

    Args:
        lines: Physical lines of a CSV with commas, each one row.
        first: The number of the first.
    """
    if all(map(str.endswith, lines, repeat("\r\n"))):  # in half of the time that replacing them takes
        text = "".join([f"{number},{line[:-2]}\n" for number, line in enumerate(lines, first)])
    else:
        text = "".join([f"{number},{line}" for number, line in enumerate(lines, first)]).replace("\r\n", "\n")
    if '"' in text or "\\" in text or "\r" in text:
        return None
    return text if text.endswith("\n") else text + "\n"


def read_rows(text: str) -> list[list[str]]:
    """Read what `format_rows` wrote, row numbers included."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return [[value.replace("\\\\", "\\") for value in row] for row in rows] if "\\" in text else list(rows)


def item_bytes(header: FileHeader, fields: Sequence[str]) -> int:
    """Size of a row as the JSON item that a batch holds, its row number taken at its longest."""
    item = dict(zip(header.line, ["9" * 18, *fields], strict=True))
    return len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def reject_item(headers: Sequence[str], bad: BadRecord) -> Mapping[str, str]:
    r"""Keep a bad record whole: header to value for the fields that it has, and what has no header beside them.

    Fields past the header stand as CSV under ``_extra``, a record whose fields cannot be told under ``_lines`` (with
    another underscore in front where the source has such a column itself). A byte that is not of the source's
    encoding shows as ``\xNN``.
    """
    item = {header: _readable(value) for header, value in zip(headers, bad.fields, strict=False)}
    if len(bad.fields) > len(headers):
        item[_unused(EXTRA_FIELDS, headers)] = _readable(
            _csv_text([bad.fields[len(headers) :]], csv.QUOTE_MINIMAL)[:-1]
        )
    if bad.text:
        item[_unused(UNREAD_LINES, headers)] = _readable(bad.text)
    return item


def _line(row: Row) -> str:
    """Write one row. Most need no quotes, and are joined in a third of the time that the csv module takes."""
    text = f"{','.join(map(str, row))}\n"
    if '"' not in text and "\r" not in text and text.count("\n") == 1 and text.count(",") < len(row) > 1:
        return text
    # Python leaves a lone carriage return unquoted, and another reader would take it for a line end.
    return _csv_text([row], csv.QUOTE_ALL if "\r" in text else csv.QUOTE_MINIMAL)


def _csv_text(rows: Iterable[Row], quoting: Literal[0, 1]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n", quoting=quoting).writerows(rows)
    return buffer.getvalue()


def _unused(name: str, headers: Sequence[str]) -> str:
    while name in headers:
        name = "_" + name
    return name


def _readable(value: str) -> str:
    return _UNDECODED.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", value)
