"""What a whole Map Run did, summed from its result files, and the words that announce it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from csvdynamo.folders import error_prefix
from csvdynamo.records.result_files import Manifest, batch_results, unfinished_batches
from csvdynamo.shown import shown

_DELETIONS = ("ITEMS_DELETED", "DELETIONS_LEFT", "DELETIONS_FAILED")

OpenFile = Callable[[str], Iterable[bytes]]
"""Opens a result file by its key, and gives its bytes in chunks."""


@dataclass(frozen=True)
class Totals:
    """Rows by what became of them: stored, rejected with a reason, or in a batch that failed or never started.

    Beside these the items to be deleted: those that are gone, those that were left alone, and those of a batch that
    failed or never started.
    """

    written: int = 0
    rejected: int = 0
    failed: int = 0
    deleted: int = 0
    left: int = 0
    undeleted: int = 0


class _Counted(TypedDict):
    TOTAL_NUMBER_OF_ITEMS_WRITTEN: int
    TOTAL_NUMBER_OF_ITEMS_IN_ERROR: int
    TOTAL_NUMBER_OF_ITEMS_FAILED: int
    DESTINATION_TABLE_NAME: str
    MAP_RUN_RESULTS: str | None
    ERROR_DATA_LOCATION: NotRequired[str]
    TOTAL_NUMBER_OF_ITEMS_DELETED: NotRequired[int]
    TOTAL_NUMBER_OF_DELETIONS_LEFT: NotRequired[int]
    TOTAL_NUMBER_OF_DELETIONS_FAILED: NotRequired[int]


class ExecutionOutput(_Counted):
    """What the state machine puts out, apart from `SnsPublish`: the totals, where what they sum is, and the words."""

    MESSAGE: str


def sum_results(manifest: Manifest, open_file: OpenFile) -> Totals:
    """Sum all result files, one batch in memory at a time.

    Raises:
        ResultFileError: A result file is not what Step Functions writes.
    """
    written = rejected = failed = deleted = left = undeleted = 0
    for file in manifest.succeeded:
        for result in batch_results(open_file(file.key), file.key):
            written += result.written
            rejected += result.rejected
            deleted += result.deleted
            left += len(result.left)
    for file in (*manifest.failed, *manifest.pending):
        for batch in unfinished_batches(open_file(file.key), file.key):
            failed += len(batch.rows)
            undeleted += len(batch.deletions)
    return Totals(written, rejected, failed, deleted, left, undeleted)


def error_location(bucket: str, execution_name: str) -> str:
    """Return where Firehose delivers an execution's reject records."""
    return f"s3://{bucket}/{error_prefix(execution_name).removesuffix('/')}"


def execution_output(
    totals: Totals, *, table_name: str, bucket: str, execution_name: str, manifest_key: str | None
) -> ExecutionOutput:
    """Return what the state machine puts out.

    `ERROR_DATA_LOCATION` is there only when there are errors, what became of deletions only when there are any.
    """
    output: _Counted = {
        "TOTAL_NUMBER_OF_ITEMS_WRITTEN": totals.written,
        "TOTAL_NUMBER_OF_ITEMS_IN_ERROR": totals.rejected,
        "TOTAL_NUMBER_OF_ITEMS_FAILED": totals.failed,
        "DESTINATION_TABLE_NAME": table_name,
        "MAP_RUN_RESULTS": manifest_key,
    }
    if totals.rejected:
        output["ERROR_DATA_LOCATION"] = error_location(bucket, execution_name)
    if totals.deleted or totals.left or totals.undeleted:
        output["TOTAL_NUMBER_OF_ITEMS_DELETED"] = totals.deleted
        output["TOTAL_NUMBER_OF_DELETIONS_LEFT"] = totals.left
        output["TOTAL_NUMBER_OF_DELETIONS_FAILED"] = totals.undeleted
    return {**output, "MESSAGE": _message(output, execution_name)}


def read_totals(output: str | None) -> Totals | None:
    """Read the totals of what the state machine put out; None where it put out nothing, or something else."""
    try:
        told = json.loads(output or "")
        rows = tuple(told[f"TOTAL_NUMBER_OF_ITEMS_{name}"] for name in ("WRITTEN", "IN_ERROR", "FAILED"))
        totals = (*rows, *(told.get(f"TOTAL_NUMBER_OF_{name}", 0) for name in _DELETIONS))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Totals(*totals) if all(type(one) is int for one in totals) else None


def _message(output: _Counted, execution_name: str) -> str:
    lines = [
        f"Execution {execution_name}: migration to the DynamoDB table {output['DESTINATION_TABLE_NAME']}.",
        "",
        f"Items written: {output['TOTAL_NUMBER_OF_ITEMS_WRITTEN']:,}",
        f"Items in error: {output['TOTAL_NUMBER_OF_ITEMS_IN_ERROR']:,}",
        f"Items in batches that failed or were not started: {output['TOTAL_NUMBER_OF_ITEMS_FAILED']:,}",
    ]
    if "TOTAL_NUMBER_OF_ITEMS_DELETED" in output:
        lines.append(f"Items deleted: {output['TOTAL_NUMBER_OF_ITEMS_DELETED']:,}")
        lines.append(f"Items left alone, as they were changed since: {output['TOTAL_NUMBER_OF_DELETIONS_LEFT']:,}")
        lines.append(f"Deletions in batches that failed: {output['TOTAL_NUMBER_OF_DELETIONS_FAILED']:,}")
    if "ERROR_DATA_LOCATION" in output:
        lines.append(f"The items in error arrive within minutes under {output['ERROR_DATA_LOCATION']}")
    if output["MAP_RUN_RESULTS"] is None:
        lines.append("The Map Run wrote no results: it had no items.")
    lines += ["", "These totals are not yet verified against the table."]
    return "\n".join(map(shown, lines))
