"""Small documents in the bucket that are written only over the version that was read.

Of two who write at once, one learns it
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_versioned
from csvdynamo_airflow.errors import MigrationPostponedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

_TRIES = 5
_REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"})


class WrittenMeanwhileError(MigrationPostponedError):
    """Another one wrote the document since it was read."""


def change_document(s3: "S3Client", bucket: str, key: str, change: Callable[[bytes | None], bytes | None]) -> None:
    """Change a JSON document by what it is at this moment, however many do so at once.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The object.
        change: Is given the document, None where there is none, and gives what is to stand there; None to leave it.

    Raises:
        WrittenMeanwhileError: Others write all the time.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    for left in reversed(range(_TRIES)):
        try:
            document, etag = read_versioned(s3, bucket, key)
        except s3.exceptions.NoSuchKey:
            document, etag = None, None
        changed = change(document)
        if changed is None:
            return
        try:
            write_over(s3, bucket, key, changed, etag)
        except WrittenMeanwhileError:
            if not left:
                raise
        else:
            return


def write_over(s3: "S3Client", bucket: str, key: str, document: bytes, etag: str | None) -> None:
    """Write a JSON document, unless it was written since it was read.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The object.
        document: The document.
        etag: The version that was read; None if there was no object.

    Raises:
        WrittenMeanwhileError: It has another version by now.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    asked: PutObjectRequestTypeDef = {
        "Bucket": bucket,
        "Key": key,
        "Body": document,
        "ContentType": "application/json",
    }
    asked |= {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    try:
        s3.put_object(**asked)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise
        if not _holds(s3, bucket, key, document):
            raise WrittenMeanwhileError(f"s3://{bucket}/{key} was written by another at the same moment.") from error


def _holds(s3: "S3Client", bucket: str, key: str, document: bytes) -> bool:
    """Tell whether it was this very writing that won: boto3 repeats one whose answer was cut off."""
    try:
        return read_versioned(s3, bucket, key)[0] == document
    except s3.exceptions.NoSuchKey:
        return False
