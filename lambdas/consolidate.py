"""Lambda function: sums a Map Run's result files into the state machine's output."""

import json
import logging
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ParamValidationError

from csvdynamo.aws.clients import client
from csvdynamo.aws.stored_object import object_chunks, read_object
from csvdynamo.errors import BatchError
from csvdynamo.records.result_files import Manifest, read_manifest
from csvdynamo.records.totals import ExecutionOutput, execution_output, sum_results
from csvdynamo.writing.settings import setting

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@cache
def s3_client() -> "S3Client":
    """Make the client, once in an execution environment."""
    return client("s3")


def handler(event: object, context: object) -> ExecutionOutput:  # noqa: ARG001 - Lambda passes both
    """Sum a Map Run's results.

    Args:
        event: `{"Bucket": …, "Key": the manifest's key, "ExecutionName": …}`. A Map Run without items may leave no
            manifest: the key is then absent, null or empty, or names no object, and all totals are zero.
        context: Lambda's context, not used.

    Returns:
        The state machine's output, apart from `SnsPublish` (see `totals.execution_output`).

    Raises:
        BatchError: The event has another form.
        ResultFileError: The manifest or a result file is not what Step Functions writes.
        botocore.exceptions.ClientError: A result file that the manifest names cannot be read.
    """
    return consolidate(event, s3_client(), setting("DESTINATION_TABLE_NAME"))


def consolidate(event: object, s3: "S3Client", table_name: str) -> ExecutionOutput:
    """Do the handler's work with the given client."""
    bucket, execution_name, key = _read_event(event)
    manifest = _manifest(s3, bucket, key) if key else None
    totals = sum_results(manifest or Manifest(), lambda file_key: object_chunks(s3, bucket, file_key))
    output = execution_output(
        totals,
        table_name=table_name,
        bucket=bucket,
        execution_name=execution_name,
        manifest_key=key if manifest else None,
    )
    logger.info(json.dumps({"message": "Map Run consolidated", "execution_name": execution_name, **vars(totals)}))
    return output


def _read_event(event: object) -> tuple[str, str, str | None]:
    if not isinstance(event, dict):
        raise BatchError("the event must be an object with the keys Bucket, Key and ExecutionName")
    for key in ("Bucket", "ExecutionName"):
        if not isinstance(event.get(key), str) or not event[key]:
            raise BatchError(f"the event's {key} must be a text that is not empty")
    manifest_key = event.get("Key")
    if manifest_key is not None and not isinstance(manifest_key, str):
        raise BatchError("the event's Key must be the manifest's key, or null when there is none")
    return event["Bucket"], event["ExecutionName"], manifest_key


def _manifest(s3: "S3Client", bucket: str, key: str) -> Manifest | None:
    try:
        return read_manifest(read_object(s3, bucket, key))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    except ParamValidationError as error:
        raise BatchError("the event's Bucket and Key name no object that S3 could have") from error
