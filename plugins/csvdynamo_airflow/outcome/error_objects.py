"""The records of rejects in the bucket: prepare's, and the Lambda function's as Firehose delivered them."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from csvdynamo.errors import RejectError
from csvdynamo.folders import FIREHOSE_ERRORS_PREFIX, error_prefix
from csvdynamo.records.rejects import Reject
from csvdynamo_airflow.documents.outcome import RowStanding
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.outcome.outcome_spool import OutcomeSpool
from csvdynamo_airflow.storage.result_objects import StoredObject, list_objects, numbered_lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = shown_log(__name__)


def list_error_objects(s3: "S3Client", bucket: str, execution: str) -> list[StoredObject]:
    """List what may hold rejects of an execution: its error files, and what Firehose could not partition."""
    return [
        StoredObject.of(item)
        for prefix in (error_prefix(execution), FIREHOSE_ERRORS_PREFIX)
        for item in list_objects(s3, bucket, prefix)
    ]


def error_objects_digest(s3: "S3Client", bucket: str, execution: str) -> str:
    """Digest the list of those objects: as long as it stays the same, nothing new has arrived."""
    return digest_of_objects(list_error_objects(s3, bucket, execution))


def digest_of_objects(objects: Iterable[StoredObject]) -> str:
    """Digest a list of objects, whatever its order."""
    listed = "".join(f"{one}\n" for one in sorted(objects))
    return hashlib.sha256(listed.encode("utf-8", "backslashreplace")).hexdigest()


def read_rejects_before_upload(s3: "S3Client", bucket: str, key: str, spool: OutcomeSpool) -> None:
    """Read prepare's rejects.

    Raises:
        csvdynamo.errors.RejectError: A line is not a reject record; the message names the key and the line.
    """
    number = spool.add_object(key)
    for line_number, line in numbered_lines(s3, bucket, key):
        try:
            reject = Reject.from_json(line)
        except RejectError as error:
            place = f"s3://{bucket}/{key} line {line_number}"
            raise RejectError(f"{place}: {error}. Clear the task prepare, which writes it again.") from error
        spool.add_reject(reject, RowStanding.BEFORE_UPLOAD, number)


def read_rejects(s3: "S3Client", bucket: str, key: str, execution: str) -> Iterator[Reject]:
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
