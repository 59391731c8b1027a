"""What a Map Run leaves in S3: the manifest, and the result file of each state that a child execution ends in.

Rests on "ResultWriter (Map)" of the Step Functions developer guide. With COMPACT a SUCCEEDED file holds the children's
outputs, which are the Lambda function's answers. Children that failed, timed out, were aborted or never started are
written whole in the FAILED and PENDING files, their input as JSON text.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from csvdynamo.errors import ResultFileError
from csvdynamo.records.json_stream import documents
from csvdynamo.rules.deletions import is_deletion
from csvdynamo.rules.guards import without_guard

_REASON = re.compile(r"[A-Za-z]{1,100}")
_MAX_COUNT = 10**15  # rows or bytes; sums of more could not even be written as text


@dataclass(frozen=True)
class ResultFile:
    """One result file: its key in the manifest's bucket, and its bytes."""

    key: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A Map Run's result files. After a redrive `failed` and `pending` are those of the last attempt only."""

    succeeded: tuple[ResultFile, ...] = ()
    failed: tuple[ResultFile, ...] = ()
    pending: tuple[ResultFile, ...] = ()


class BatchAnswer(TypedDict):
    """What the Lambda function answers for one batch, as it stands in a SUCCEEDED file; read as a `BatchResult`."""

    NUMBER_OF_ITEMS_WRITTEN: int
    NUMBER_OF_ITEMS_IN_ERROR: int
    REJECT_IDS: list[str]
    RULES: str
    WRITE_UNITS: float | None
    BEGAN: float
    SECONDS: float
    THROTTLED: dict[str, int]
    WAITED: float
    NUMBER_OF_ITEMS_DELETED: NotRequired[int]
    DELETIONS_LEFT: NotRequired[list[int]]


@dataclass(frozen=True)
class BatchResult:
    """What the Lambda function answered for one batch.

    Attributes:
        written: Rows that are stored.
        rejected: Rows that were rejected.
        reject_ids: The ids of their records.
        rules: The digest of the rules that it applied (`RowRules.digest`).
        write_units: Write units that the attempt consumed; None where DynamoDB did not say.
        began: When it began, in seconds since the epoch; None from a function that was deployed before it told.
        seconds: How long it took, likewise.
        throttled: Items that DynamoDB turned away and that were sent again, by its reason; None likewise.
        waited: Seconds that passed before another attempt at the table, likewise.
        deleted: Items to be deleted that are not there any more.
        left: The numbers of the deletions (`Deletion.number`) whose items were left alone, as they are others.
    """

    written: int
    rejected: int
    reject_ids: tuple[str, ...]
    rules: str
    write_units: float | None = None
    began: float | None = None
    seconds: float | None = None
    throttled: Mapping[str, int] | None = None
    waited: float | None = None
    deleted: int = 0
    left: tuple[int, ...] = ()

    @property
    def items(self) -> int:
        """How many rows the batch had, deletions among them."""
        return self.written + self.rejected + self.deleted + len(self.left)


@dataclass(frozen=True)
class UnfinishedBatch:
    """A batch whose child execution did not succeed. Some of its rows may be in the table all the same.

    Attributes:
        status: The child's state: FAILED, TIMED_OUT, ABORTED, PENDING, …
        rows: Its input's `Items`, row numbers included, without the deletions.
        deletions: The deletions among these, likewise; some of their items may be gone.
        error: The error's name, if there is one.
        cause: The error's text, if there is one.
    """

    status: str
    rows: tuple[Mapping[str, str], ...]
    error: str | None
    cause: str | None
    deletions: tuple[Mapping[str, str], ...] = ()


def read_manifest(text: str | bytes) -> Manifest:
    """Read `manifest.json`. One without result files gives a manifest without any.

    Raises:
        ResultFileError: It is not a manifest.
    """
    name = "the manifest"
    document = _object(_parse(text, name), name)
    files = _object(_get(document, "ResultFiles", name), f"{name}'s ResultFiles")
    manifest = Manifest(
        succeeded=_files(files, "SUCCEEDED"),
        failed=_files(files, "FAILED"),
        pending=_files(files, "PENDING"),
    )
    keys = [file.key for file in (*manifest.succeeded, *manifest.failed, *manifest.pending)]
    if len(set(keys)) != len(keys):
        raise ResultFileError(f"{name} names a result file twice: its rows would be counted twice")
    return manifest


def batch_results(chunks: Iterable[bytes], name: str) -> Iterator[BatchResult]:
    """Yield the answers in a SUCCEEDED file.

    Args:
        chunks: The file's bytes, cut anywhere.
        name: What the file is called in an error: its key.

    Raises:
        ResultFileError: An entry is not an answer of the Lambda function, or its numbers contradict each other.
    """
    for number, document in enumerate(documents(chunks, name), 1):
        yield batch_result(document, f"{name} entry {number}")


def unfinished_batches(chunks: Iterable[bytes], name: str) -> Iterator[UnfinishedBatch]:
    """Yield the batches in a FAILED or PENDING file, their rows with them (one batch at a time in memory).

    Args:
        chunks: The file's bytes, cut anywhere.
        name: What the file is called in an error: its key.

    Raises:
        ResultFileError: An entry is not an execution with its input.
    """
    for number, document in enumerate(documents(chunks, name), 1):
        yield _unfinished_batch(document, f"{name} entry {number}")


def batch_result(document: object, name: str) -> BatchResult:
    """Read the answer of one batch: the Lambda function's, as a JSON document or as its text.

    Args:
        document: The answer.
        name: What it is called in an error.

    Raises:
        ResultFileError: It is none, or its numbers contradict each other.
    """
    if isinstance(document, dict) and "NUMBER_OF_ITEMS_WRITTEN" not in document and "Output" in document:
        _require_included(document, "Output", name)
        document = document["Output"]  # without COMPACT: the whole execution, its output as text
    if isinstance(document, str):
        document = _parse(document, f"{name}'s output")
    answer = _object(document, name)
    written = _count(answer, "NUMBER_OF_ITEMS_WRITTEN", name)
    rejected = _count(answer, "NUMBER_OF_ITEMS_IN_ERROR", name)
    reject_ids = _get(answer, "REJECT_IDS", name)
    if not isinstance(reject_ids, list) or not all(isinstance(reject_id, str) for reject_id in reject_ids):
        raise ResultFileError(f"{name}: REJECT_IDS must be an array of texts")
    if len(reject_ids) != rejected:
        raise ResultFileError(f"{name}: NUMBER_OF_ITEMS_IN_ERROR is {rejected}, and REJECT_IDS has {len(reject_ids)}")
    rules = _get(answer, "RULES", name)
    if not isinstance(rules, str):
        raise ResultFileError(f"{name}: RULES must be a text")
    units, began, seconds, waited = (
        _measure(answer, key, name) for key in ("WRITE_UNITS", "BEGAN", "SECONDS", "WAITED")
    )
    throttled = _throttled(answer, name)
    deleted = _count(answer, "NUMBER_OF_ITEMS_DELETED", name) if "NUMBER_OF_ITEMS_DELETED" in answer else 0
    return BatchResult(
        written,
        rejected,
        tuple(reject_ids),
        rules,
        units,
        began,
        seconds,
        throttled,
        waited,
        deleted,
        _left(answer.get("DELETIONS_LEFT", []), name),
    )


def _unfinished_batch(document: object, name: str) -> UnfinishedBatch:
    execution = _object(document, name)
    _require_included(execution, "Input", name)
    text = _get(execution, "Input", name)
    batch = _object(_parse(text, f"{name}'s Input") if isinstance(text, str) else text, f"{name}'s Input")
    rows = _get(batch, "Items", f"{name}'s Input")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise ResultFileError(f"{name}'s Input: Items must be an array of rows, which are objects of texts")
    return UnfinishedBatch(
        status=_optional_text(execution, "Status", name) or "UNKNOWN",
        rows=tuple(without_guard(row) for row in rows if not is_deletion(row)),
        deletions=tuple(filter(is_deletion, rows)),
        error=_optional_text(execution, "Error", name),
        cause=_optional_text(execution, "Cause", name),
    )


def _require_included(execution: Mapping[str, object], field: str, name: str) -> None:
    """Refuse an execution of which Step Functions wrote an empty text for what it could not take in."""
    details = execution.get(f"{field}Details")
    if isinstance(details, dict) and details.get("Included") is False:
        raise ResultFileError(f"{name}: Step Functions left its {field.lower()} out, so its rows cannot be told")


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and all(isinstance(text, str) for text in row.values())


def _files(files: Mapping[str, object], state: str) -> tuple[ResultFile, ...]:
    name = f"the manifest's ResultFiles.{state}"
    entries = files.get(state, [])
    if not isinstance(entries, list):
        raise ResultFileError(f"{name} must be an array")
    return tuple(_file(_object(entry, name), name) for entry in entries)


def _file(entry: Mapping[str, object], name: str) -> ResultFile:
    key = _get(entry, "Key", name)
    if not isinstance(key, str) or not key:
        raise ResultFileError(f"{name}: Key must be a text that is not empty")
    return ResultFile(key, _count(entry, "Size", name))


def _parse(text: str | bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"{name} is not JSON") from error


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ResultFileError(f"{name} must be a JSON object, found {type(value).__name__}")
    return value


def _get(document: Mapping[str, object], key: str, name: str) -> object:
    if key not in document:
        raise ResultFileError(f"{name}: {key} is missing")
    return document[key]


def _count(document: Mapping[str, object], key: str, name: str) -> int:
    value = _get(document, key, name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
        raise ResultFileError(f"{name}: {key} must be a whole number from 0 to {_MAX_COUNT:,}")
    return value


def _measure(document: Mapping[str, object], key: str, name: str) -> float | None:
    """Read what a function measured; one that was deployed before it did says nothing."""
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_COUNT:
        raise ResultFileError(f"{name}: {key} must be a number from 0 to {_MAX_COUNT:,}, or null")
    return float(value)


def _throttled(answer: Mapping[str, object], name: str) -> Mapping[str, int] | None:
    """Read what a function said of throttling; one that was deployed before it did says nothing."""
    if answer.get("THROTTLED") is None:
        return None
    told = _object(answer["THROTTLED"], f"{name}'s THROTTLED")
    if not all(map(_REASON.fullmatch, told)):
        raise ResultFileError(f"{name}: THROTTLED must name each reason by letters alone")
    return {reason: _count(told, reason, f"{name}'s THROTTLED") for reason in told}


def _left(told: object, name: str) -> tuple[int, ...]:
    if not isinstance(told, list) or not all(type(one) is int and 0 < one <= _MAX_COUNT for one in told):
        raise ResultFileError(f"{name}: DELETIONS_LEFT must be an array of numbers from 1")
    if len(set(told)) != len(told):
        raise ResultFileError(f"{name}: DELETIONS_LEFT has a number twice")
    return tuple(told)


def _optional_text(document: Mapping[str, object], key: str, name: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise ResultFileError(f"{name}: {key} must be a text")
    return value
