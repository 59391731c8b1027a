"""The error files of an execution: awaited until every reject that counts is there, then merged into one object."""

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Self

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.errors import RejectError
from csvdynamo.records.rejects import Reject
from csvdynamo.records.result_files import batch_results
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.merged import Merged
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import FIREHOSE_ERRORS_PREFIX, error_prefix, reports_prefix
from csvdynamo_airflow.rejects.error_csv import ERROR_CSV_FILE, write_error_csv
from csvdynamo_airflow.rejects.unfinished_rows import UNFINISHED_FILE, UnfinishedRows, write_unfinished_rows
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.result_objects import find_manifest, list_objects, numbered_lines
from csvdynamo_airflow.storage.stored_file import file_sha256
from csvdynamo_airflow.storage.workspace import require_free_space, workspace

MERGED_FILE = "rejects.jsonl"

CODE_LENGTH = 100
"""The most characters of a reject's code, which is whatever the error file says, in what is told of a run."""

_MISSING_NAMED = 20
_BYTES_A_RESULT_BYTE = 3  # as a rule: a row is written out twice, each time with what is said of its batch
_CONTENT_TYPES = {".jsonl": "application/x-ndjson", ".csv": "text/csv"}

log = shown_log(__name__)


def expected_reject_ids(s3: Any, bucket: str, execution: str) -> set[str]:
    """Read the ids of the rejects that count: those in the SUCCEEDED result files.

    An attempt that raised may have sent rejects, too; its batch's last attempt says which ones stand.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """
    manifest = find_manifest(s3, bucket, execution)
    if manifest is None:
        return set()
    return {
        reject_id
        for file in manifest.succeeded
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key)
        for reject_id in result.reject_ids
    }


@dataclass
class ErrorFiles:
    """The rejects of one execution that have arrived so far, looked at again and again.

    Attributes:
        bucket: The stack's bucket.
        execution: The execution's name.
        missing: Ids of rejects that count and have not been read yet.
    """

    bucket: str
    execution: str
    missing: set[str]
    _read: set[str] = field(default_factory=set)

    @classmethod
    def expected(cls, s3: Any, bucket: str, execution: str) -> Self:
        """Expect every reject of the execution's SUCCEEDED result files."""
        return cls(bucket, execution, expected_reject_ids(s3, bucket, execution))

    def look(self, s3: Any) -> bool:
        """Read the objects that are new since the last look; say whether every reject has arrived."""
        if self.missing:
            for key in reject_keys(s3, self.bucket, self.execution):
                if key not in self._read:
                    self.missing.difference_update(
                        reject.reject_id for reject in read_rejects(s3, self.bucket, key, self.execution)
                    )
                    self._read.add(key)
        return not self.missing


def reject_keys(s3: Any, bucket: str, execution: str) -> list[str]:
    """List the objects that hold rejects of an execution: its error files, and what Firehose could not partition."""
    return [
        item["Key"]
        for prefix in (error_prefix(execution), FIREHOSE_ERRORS_PREFIX)
        for item in list_objects(s3, bucket, prefix)
    ]


def read_rejects(s3: Any, bucket: str, key: str, execution: str) -> Iterator[Reject]:
    """Read the rejects of an execution from one object.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The object.
        execution: The execution's name; rejects of others are passed over.

    Raises:
        csvdynamo.errors.RejectError: A line is not a reject record; the message names the key and the line.
    """
    read = _unwrapped if key.startswith(FIREHOSE_ERRORS_PREFIX) else _plain
    for number, line in numbered_lines(s3, bucket, key):
        yield from (
            found for found in read(line, f"s3://{bucket}/{key} line {number}") if found.execution_name == execution
        )


def _plain(line: bytes, place: str) -> Iterator[Reject]:
    try:
        yield Reject.from_json(line)
    except RejectError as error:
        raise RejectError(
            f"{place}: {error}. Firehose wrote it, so look at what sent it; move the object away, and clear this task."
        ) from error


def _unwrapped(line: bytes, place: str) -> Iterator[Reject]:
    """Read the records in a document of ``firehose_errors/``: Base64 in its ``rawData``.

    It is there because Firehose could not read it, so it may be anything, of any execution: what is no reject is passed
    over. If it was one of this execution, its id stays missing, and that is told.
    """
    try:
        records = base64.b64decode(json.loads(line)["rawData"]).split(b"\n")
        yield from [Reject.from_json(record) for record in records if record.strip()]
    except (RejectError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("%s holds no reject record: %s", place, error)


def merge(s3: Any, bucket: str, execution: str, out: IO[bytes] | None) -> Merged:
    """Write every reject of an execution that counts to a file, each once, however often Firehose delivered it.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        execution: The execution's name.
        out: Where the JSON lines go; None to count alone.

    Raises:
        csvdynamo.errors.RejectError: An error file has a line that is no reject record.
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """
    missing = expected_reject_ids(s3, bucket, execution)
    written: set[str] = set()
    superseded: set[str] = set()
    misfiled = 0
    by_code: Counter[str] = Counter()
    for key in reject_keys(s3, bucket, execution):
        for reject in read_rejects(s3, bucket, key, execution):
            if reject.reject_id in missing:
                missing.remove(reject.reject_id)
                written.add(reject.reject_id)
                by_code[shown(reject.code, CODE_LENGTH)] += 1
                misfiled += key.startswith(FIREHOSE_ERRORS_PREFIX)
                if out is not None:
                    out.write(reject.to_json().encode("utf-8") + b"\n")
            elif reject.reject_id not in written:
                superseded.add(reject.reject_id)
    return Merged(
        rejects=len(written),
        missing=len(missing),
        missing_ids=tuple(shown(one, CODE_LENGTH) for one in sorted(missing)[:_MISSING_NAMED]),
        superseded=len(superseded),
        misfiled=misfiled,
        by_code=dict(sorted(by_code.items())),
    )


def merge_rejects(s3: Any, dataset_name: str, prepared: Prepared, execution: Execution | None) -> Merged:
    """Put a run's error files beside its report.

    They are the rejects as JSON lines, those of prepare, then the Lambda function's; the rows of batches that did not
    succeed as JSON lines; and all of them as one CSV. What an earlier attempt wrote is written over, with nothing where
    nothing is left: after a redrive no file may go on naming rows that are in the table.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: The prepared file.
        execution: The run's newest execution, None when none was started.

    Raises:
        csvdynamo.errors.RejectError: An error file has a line that is no reject record.
        csvdynamo.errors.ResultFileError: A result file is malformed.
        NoSpaceError: The temporary folder has no room for the files.
    """
    with workspace("error_files", dataset_name, prepared.execution_name) as folder:
        space = DiskSpace(folder, "write the error files")
        rejects, unfinished, table = (folder / name for name in (MERGED_FILE, UNFINISHED_FILE, ERROR_CSV_FILE))
        merged = _write_rejects(s3, prepared, execution, space)
        left = _write_unfinished(s3, dataset_name, prepared, execution, space)
        with rejects.open("rb") as first, unfinished.open("rb") as then, space.open(table) as out:
            if first.seek(0, os.SEEK_END) or then.seek(0, os.SEEK_END):
                write_error_csv(first, prepared.header, out, then)
        prefix = reports_prefix(dataset_name, prepared.execution_name)
        keys = [_upload(s3, prepared.bucket, prefix, file) for file in (rejects, table, unfinished)]
        digests = {key: file_sha256(folder / key.rpartition("/")[2]) for key in keys if key}
    key, csv_key, unfinished_key = keys
    return replace(
        merged,
        key=key,
        csv_key=csv_key,
        unfinished_key=unfinished_key,
        failed=left.failed,
        unstarted=left.unstarted,
        digests=digests,
        execution=execution.name if execution else "",
        redrives=execution.redrives if execution else 0,
    )


def _write_rejects(s3: Any, prepared: Prepared, execution: Execution | None, space: DiskSpace) -> Merged:
    path = space.folder / MERGED_FILE
    with space.open(path) as file:
        if prepared.rejects_key:
            s3.download_fileobj(prepared.bucket, prepared.rejects_key, file)
            file.seek(0, os.SEEK_END)  # boto3 writes the parts of a large object in any order
        file.flush()
        with path.open("rb") as of_prepare:
            before = sum(1 for _ in of_prepare)
        merged = merge(s3, prepared.bucket, execution.name, file) if execution else Merged()
        return replace(merged, before=before)


def _write_unfinished(
    s3: Any, dataset_name: str, prepared: Prepared, execution: Execution | None, space: DiskSpace
) -> UnfinishedRows:
    manifest = find_manifest(s3, prepared.bucket, execution.name) if execution else None
    with space.open(space.folder / UNFINISHED_FILE) as file:
        if manifest is None or execution is None:
            return UnfinishedRows()
        size = sum(one.size for one in (*manifest.failed, *manifest.pending))
        require_free_space(space.folder, _BYTES_A_RESULT_BYTE * size, "write out the rows of batches that failed")
        return write_unfinished_rows(
            s3, prepared.bucket, manifest, execution=execution.name, dataset=dataset_name, out=file
        )


def _upload(s3: Any, bucket: str, prefix: str, file: Path) -> str | None:
    """Upload a file that holds something, and empty the object of one that does not; return the key if it does."""
    key = prefix + file.name
    if not file.stat().st_size:
        if list_objects(s3, bucket, key):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        return None
    s3.upload_file(str(file), bucket, key, ExtraArgs={"ContentType": _CONTENT_TYPES[file.suffix]})
    return key
