"""Files into the bucket and back, checked by their digests; most are written once under a key made of theirs."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.result_objects import find_object, stored_sha256

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONDITIONAL_OPERATIONS = ("PutObject", "CompleteMultipartUpload")
_OLD = timedelta(days=1)


class ObjectError(MigrationError):
    """An object of the bucket is not what its key says; the message names it and what to do."""


class ObjectPostponedError(MigrationPostponedError):
    """An object could not be transferred now."""


def put_once(s3: "S3Client", path: Path, bucket: str, key: str, *, expires: bool = False) -> bool:
    """Upload a file in parts, with SHA-256 checksums, unless its key is there already.

    Two runs that upload the same file at once both end well: S3 refuses the second by ``If-None-Match: *``
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).

    Args:
        s3: A boto3 S3 client.
        path: The file.
        bucket: The bucket.
        key: The key, which holds the file's SHA-256, so that what is there must be the same file.
        expires: Whether the bucket deletes the object some days after its upload. One that is more than a day old is
            then uploaded again: it must not go in the middle of the run that takes it.

    Returns:
        Whether it was uploaded; False when it was there.

    Raises:
        ObjectError: Another size is stored under the key.
        ObjectPostponedError: The upload failed.
    """
    if uploaded := _when_uploaded(s3, path, bucket, key):
        if not expires or datetime.now(UTC) - uploaded <= _OLD:
            return False
        upload(s3, path, bucket, key)
        return True
    try:
        with _only_if_new(s3):
            upload(s3, path, bucket, key)
    except ObjectPostponedError:
        if _when_uploaded(s3, path, bucket, key):
            return False
        raise
    return True


def upload(s3: "S3Client", path: Path, bucket: str, key: str) -> None:
    """Upload a file in parts, with SHA-256 checksums, over whatever is there.

    Raises:
        ObjectPostponedError: The upload failed.
    """
    from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415 - slow; not at DAG parse time

    try:
        s3.upload_file(str(path), bucket, key, ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    except S3UploadFailedError as error:
        raise ObjectPostponedError(f"s3://{bucket}/{key} could not be uploaded: {error}") from error


def fetch(s3: "S3Client", bucket: str, key: str, sha256: str, path: Path, *, made_by: str = "download") -> None:
    """Download an object to a file and check that it is the one that was stored.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The key.
        sha256: The SHA-256 of the whole object, in hexadecimal.
        path: The file to write.
        made_by: The task that is cleared to have it again.

    Raises:
        ObjectError: The object is gone, or its bytes have another SHA-256.
        NoSpaceError: The disk fills up.
    """
    try:
        with DiskSpace(path.parent, f"fetch s3://{bucket}/{key}").open(path) as file:
            s3.download_fileobj(bucket, key, file)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NoSuchBucket"}:
            raise
        raise _gone(bucket, key, made_by) from error
    _refuse_other_bytes(bucket, key, file_sha256(path), sha256)


def held_version(s3: "S3Client", bucket: str, key: str, sha256: str, *, known: str, made_by: str) -> str:
    """Hold an object to its digest without a disk; return the version of it that is in the bucket.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The key.
        sha256: The SHA-256 of the whole object, in hexadecimal.
        known: A version (ETag) that is known to have it, and is not read again; "" if none is.
        made_by: The task that is cleared to have it again.

    Raises:
        ObjectError: The object is gone, or its bytes have another SHA-256.
    """
    stored = find_object(s3, bucket, key)
    found = sha256 if stored and stored.etag == known else stored_sha256(s3, bucket, key)
    if stored is None or found is None:
        raise _gone(bucket, key, made_by)
    _refuse_other_bytes(bucket, key, found, sha256)
    return stored.etag


def _gone(bucket: str, key: str, made_by: str) -> ObjectError:
    return ObjectError(f"s3://{bucket}/{key} is gone. Clear the task {made_by}, which stores it again.")


def _refuse_other_bytes(bucket: str, key: str, found: str, sha256: str) -> None:
    if found != sha256:
        raise ObjectError(
            f"s3://{bucket}/{key} has SHA-256 {found}, not {sha256}: it was changed after its upload. Delete it and "
            "clear the task that uploaded it."
        )


def file_sha256(path: Path) -> str:
    """Digest a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _when_uploaded(s3: "S3Client", path: Path, bucket: str, key: str) -> datetime | None:
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return None
    if (stored := head["ContentLength"]) != (size := path.stat().st_size):
        raise ObjectError(
            f"s3://{bucket}/{key} has {stored:,} bytes, but the file of that SHA-256 has {size:,}. Delete the object "
            "and clear this task."
        )
    return head["LastModified"]


@contextmanager
def _only_if_new(s3: "S3Client") -> Iterator[None]:
    """Add the condition to a client's uploads: boto3's transfer has no argument for it.

    The event is documented in
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html.
    """

    def add_condition(params: dict[str, Any], **_: Any) -> None:
        params["IfNoneMatch"] = "*"

    names = [f"provide-client-params.s3.{operation}" for operation in _CONDITIONAL_OPERATIONS]
    for name in names:
        s3.meta.events.register(name, add_condition)
    try:
        yield
    finally:
        for name in names:
            s3.meta.events.unregister(name, add_condition)
