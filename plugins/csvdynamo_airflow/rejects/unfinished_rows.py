"""The rows of batches that did not succeed, one record each, so that a person can migrate just them again.

They are no rejects: nothing is wrong with them that is known, and some may be in the table. So they have codes of their
own and no reject id, and stand beside the rejects, not among them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.records.rejects import json_line
from csvdynamo.records.result_files import Manifest, ResultFile, UnfinishedBatch, unfinished_batches
from csvdynamo.rules.codes import UnfinishedCode
from csvdynamo.rules.rows import row_number, source_row
from csvdynamo.shown import shown

UNFINISHED_FILE = "unfinished.jsonl"

# botocore's ClientError: its code and its operation are AWS's names, what comes after may quote a value.
_AWS_REFUSED = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation")
_NAME_LENGTH = 200
_LONGEST_CAUSE = 300  # it is repeated for every row of the batch


@dataclass(frozen=True)
class UnfinishedRows:
    """How many rows were written out.

    Attributes:
        failed: Rows of batches that failed, timed out or were aborted.
        unstarted: Rows of batches that never started.
    """

    failed: int = 0
    unstarted: int = 0


def write_unfinished_rows(
    s3: Any, bucket: str, manifest: Manifest, *, execution: str, dataset: str, out: IO[bytes]
) -> UnfinishedRows:
    """Write the rows of a Map Run's FAILED and PENDING files as JSON lines, one batch at a time in memory.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        manifest: The Map Run's.
        execution: The execution's name.
        dataset: The data set's name.
        out: Where the lines go.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """

    def write(files: Iterable[ResultFile], code: UnfinishedCode) -> int:
        written = 0
        for batch in read_batches(s3, bucket, files):
            for record in _records(batch, code, execution, dataset):
                out.write(json_line(record).encode() + b"\n")
                written += 1
        return written

    return UnfinishedRows(
        failed=write(manifest.failed, UnfinishedCode.BATCH_FAILED),
        unstarted=write(manifest.pending, UnfinishedCode.BATCH_NOT_STARTED),
    )


def read_batches(s3: Any, bucket: str, files: Iterable[ResultFile]) -> Iterator[UnfinishedBatch]:
    """Read the batches of FAILED or PENDING files, one at a time in memory.

    Raises:
        csvdynamo.errors.ResultFileError: A file is malformed.
    """
    for file in files:
        yield from unfinished_batches(object_chunks(s3, bucket, file.key), file.key)


def error_name(batch: UnfinishedBatch) -> str:
    """Name what a batch failed with: AWS's refusal, its error or, as for one that was aborted, its state."""
    refused = _AWS_REFUSED.search(batch.cause or "")
    return shown(f"{refused[1]} of {refused[2]}" if refused else batch.error or batch.status, _NAME_LENGTH)


def _records(batch: UnfinishedBatch, code: UnfinishedCode, execution: str, dataset: str) -> Iterator[dict[str, Any]]:
    message = _message(batch)
    for row in batch.rows:
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
