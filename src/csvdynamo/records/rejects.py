"""The reject record: one JSON object a line, the same for Firehose, the error files and the DAG."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from csvdynamo.errors import RejectError
from csvdynamo.rules.codes import Stage

MAX_RECORD_BYTES = 1000 * 1024
"""The largest record that Firehose takes, its line end included."""

FIREHOSE_STEP_BYTES = 5 * 1024
"""What a record is rounded up to when it is billed (https://aws.amazon.com/firehose/pricing/)."""

_ID_LENGTH = 24
_ROW_LIMIT = 10**18  # as for the row numbers of a batch
# Line ends to some readers (Python's splitlines among them), though JSON allows them inside a text.
# By a pattern: `str.translate` looks each character up, ten times as long.
_OTHER_LINE_END = re.compile("[\x85\u2028\u2029]")


@dataclass(frozen=True)
class Reject:
    """One row that was not stored, and why.

    Attributes:
        row: The row's number in the source, 1 for the first after the header; None if unknown.
        code: One of `RejectCode`; a reader takes codes that it does not know.
        column: The header of the column whose rule refused the row; None if it was the row as a whole.
        item: The source row as it was received, whole, without the row number; cells without a character may be left
            out (see `to_line`).
        reject_id: The same for the same row on every retry (see `reject_id`).
    """

    execution_name: str
    dataset: str
    row: int | None
    stage: Stage
    code: str
    column: str | None
    message: str
    item: Mapping[str, str]
    reject_id: str

    def to_json(self) -> str:
        """Return the record on one line, in text that always encodes to UTF-8."""
        record = {
            "execution_name": self.execution_name,
            "dataset": self.dataset,
            "row": self.row,
            "stage": self.stage,
            "code": self.code,
            "column": self.column,
            "message": self.message,
            "item": dict(self.item),
            "reject_id": self.reject_id,
        }
        return json_line(record)

    def to_line(self) -> bytes:
        """Return the record as Firehose is sent it; one that is too large for it without the cells that are empty.

        Below a very long header most of a record are names, and a cell that is not there is read as an empty one.
        """
        line = self.to_json().encode() + b"\n"
        if len(line) <= MAX_RECORD_BYTES:
            return line
        filled = {header: value for header, value in self.item.items() if value}
        return replace(self, item=filled).to_json().encode() + b"\n"

    @classmethod
    def from_json(cls, line: str | bytes) -> "Reject":
        """Read a record. Keys that it does not know are left aside.

        Raises:
            RejectError: The line is not a reject record.
        """
        record = _parse(line)
        return cls(
            execution_name=_text(record, "execution_name"),
            dataset=_text(record, "dataset"),
            row=_row(record),
            stage=_stage(record),
            code=_text(record, "code"),
            column=None if _get(record, "column") is None else _text(record, "column"),
            message=_text(record, "message"),
            item=_item(record),
            reject_id=_text(record, "reject_id"),
        )


def json_line(record: Mapping[str, Any]) -> str:
    """Return a JSON object on one line, without its end, in text that always encodes to UTF-8."""
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    if line.isascii():
        return line
    try:
        line.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only as an escape does it survive
        return json.dumps(record, separators=(",", ":"))
    return _OTHER_LINE_END.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def reject_id(execution_name: str, row: int) -> str:
    """Return the id of a numbered row's reject: the same on every retry, whatever the row is refused for."""
    return _digest(execution_name, "row", row)


def unnumbered_reject_id(execution_name: str, batch_digest: str, position: int) -> str:
    """Return the id of a reject whose row has no number: known by its batch and its position (from 0) there."""
    return _digest(execution_name, "position", batch_digest, position)


def _digest(*parts: str | int) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_ID_LENGTH]


def _parse(line: str | bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RejectError(f"not a reject record: not one JSON object ({type(error).__name__})") from error
    if not isinstance(record, dict):
        raise RejectError(f"not a reject record: a JSON {type(record).__name__}, not an object")
    return record


def _get(record: Mapping[str, Any], key: str) -> Any:
    if key not in record:
        raise RejectError(f"not a reject record: {key} is missing")
    return record[key]


def _text(record: Mapping[str, Any], key: str) -> str:
    value = _get(record, key)
    if not isinstance(value, str):
        raise RejectError(f"not a reject record: {key} must be a text")
    return value


def _row(record: Mapping[str, Any]) -> int | None:
    row = _get(record, "row")
    if row is None:
        return None
    if isinstance(row, bool) or not isinstance(row, int) or not 1 <= row < _ROW_LIMIT:
        raise RejectError("not a reject record: row must be a number from 1, or null")
    return row


def _stage(record: Mapping[str, Any]) -> Stage:
    try:
        return Stage(_text(record, "stage"))
    except ValueError:  # its message quotes the value
        raise RejectError(f"not a reject record: stage must be one of {', '.join(Stage)}") from None


def _item(record: Mapping[str, Any]) -> dict[str, str]:
    item = _get(record, "item")
    if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
        raise RejectError("not a reject record: item must be an object of texts")
    return item
