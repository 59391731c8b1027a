"""The result files of a Map Run: its batches, and the rows of those that did not succeed.

Those rows are written out, one record each, so that a person can migrate just them again. They are no rejects: nothing
is wrong with them that is known, and some may be in the table. So they have codes of their own and no reject id, and
stand beside the rejects, not among them.
"""

import json
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.records.rejects import json_line
from csvdynamo.records.result_files import BatchResult, Manifest, UnfinishedBatch, batch_results, unfinished_batches
from csvdynamo.rules.codes import UnfinishedCode
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.numbered_row import row_number, source_row
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.outcome import RowStanding
from csvdynamo_airflow.outcome.outcome_spool import Batch, OutcomeSpool

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# botocore's ClientError: its code and its operation are AWS's names, what comes after may quote a value.
_AWS_REFUSED = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation")
_NAME_LENGTH = 200
_LONGEST_CAUSE = 300  # it is repeated for every row of the batch


def read_results(
    s3: "S3Client",
    bucket: str,
    manifest: Manifest,
    *,
    header: FileHeader,
    execution: str,
    dataset: str,
    spool: OutcomeSpool,
    out: IO[bytes],
) -> None:
    """Read a Map Run's result files, each once, one batch at a time in memory.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        manifest: The Map Run's.
        header: That of the prepared file.
        execution: The execution's name.
        dataset: The data set's name.
        spool: Takes the batches, the ids of the rejects that count, and the rows of batches that did not succeed.
        out: Takes the records of those rows, as JSON lines.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
        csvdynamo.errors.BatchError: A row is not of that file.
    """
    for file in manifest.succeeded:
        number = spool.add_object(file.key)
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key):
            batch = spool.add_batch(_succeeded(result, file.key))
            for reject_id in result.reject_ids:
                spool.await_reject(reject_id, batch)
            for left in result.left:
                spool.add_deletion(RowStanding.LEFT, left, batch=batch, object_number=number)
    for files, standing, code in (
        (manifest.failed, RowStanding.FAILED, UnfinishedCode.BATCH_FAILED),
        (manifest.pending, RowStanding.UNSTARTED, UnfinishedCode.BATCH_NOT_STARTED),
    ):
        for file in files:
            number = spool.add_object(file.key)
            for unfinished in unfinished_batches(object_chunks(s3, bucket, file.key), file.key):
                batch = spool.add_batch(_unfinished(unfinished, file.key))
                for record in _records(unfinished, header, code, execution, dataset):
                    out.write(json_line(record).encode() + b"\n")
                    spool.add_unfinished(
                        standing,
                        record["row"],
                        code=code,
                        message=record["message"],
                        batch=batch,
                        object_number=number,
                    )
                for deletion in filter(None, map(Deletion.of, map(header.named, unfinished.deletions))):
                    spool.add_deletion(RowStanding.UNDELETED, deletion.number, batch=batch, object_number=number)


def _unfinished(unfinished: UnfinishedBatch, key: str) -> Batch:
    rows = len(unfinished.rows) + len(unfinished.deletions)
    return Batch(unfinished.status, rows, key, error=error_name(unfinished))


def _succeeded(result: BatchResult, key: str) -> Batch:
    return Batch(
        status="SUCCEEDED",
        rows=result.items,
        object=key,
        written=result.written,
        rejected=result.rejected,
        deleted=result.deleted,
        rules=result.rules,
        write_units=result.write_units,
        began=result.began,
        seconds=result.seconds,
        throttled=result.throttled,
        waited=result.waited,
    )


def error_name(batch: UnfinishedBatch) -> str:
    """Name what a batch failed with: AWS's refusal, its error or, as for one that was aborted, its state."""
    refused = _AWS_REFUSED.search(batch.cause or "")
    return shown(f"{refused[1]} of {refused[2]}" if refused else batch.error or batch.status, _NAME_LENGTH)


def _records(
    batch: UnfinishedBatch, header: FileHeader, code: UnfinishedCode, execution: str, dataset: str
) -> Iterator[dict[str, Any]]:
    message = _message(batch)
    for row in map(header.named, batch.rows):
        yield {
            "execution_name": execution,
            "dataset": dataset,
            "row": row_number(row),
            "code": code.value,
            "column": None,
            "message": message,
            "status": batch.status,
            "error": batch.error,
            "item": source_row(row),
        }


def _message(batch: UnfinishedBatch) -> str:
    """Say how the row's batch ended, on one line."""
    if batch.status == "PENDING":
        return "its batch was never started: the Map Run ended before"
    told = ": ".join(part for part in (batch.error, _cause(batch.cause or "")) if part)
    return shown(f"its batch is {batch.status}" + (f": {told}" if told else ""))


def _cause(cause: str) -> str:
    """Return a cause on one line, shortened; of a Lambda function's error, which is JSON, the message alone."""
    try:
        document = json.loads(cause)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("errorMessage"), str):
        cause = document["errorMessage"]
    text = " ".join(cause.split())
    return text if len(text) <= _LONGEST_CAUSE else text[: _LONGEST_CAUSE - 1] + "…"
