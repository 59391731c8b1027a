"""Small objects of a bucket, kept as long as S3 says that they are what they were."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from csvdynamo_airflow.errors import MigrationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

LARGEST_BYTES = 8 << 20
"""The largest object that is read: a report has some kilobytes, a list of runs half a megabyte."""

_KEPT_BYTES = 64 << 20
_NOT_MODIFIED = frozenset({"304", "NotModified"})


class TooLargeError(MigrationError):
    """An object is larger than anything that csvdynamo writes there."""


@dataclass(frozen=True)
class KeptObject:
    """An object as it was read.

    Attributes:
        etag: Its version.
        body: Its bytes.
    """

    etag: str
    body: bytes


class KeptObjects:
    """Reads objects, and asks S3 of one that it has only whether it changed. Threads may share it."""

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._kept: OrderedDict[tuple[str, str], KeptObject] = OrderedDict()
        self._room, self._lock = kept_bytes, Lock()

    def read(self, s3: "S3Client", bucket: str, key: str) -> KeptObject | None:
        """Read an object, None if there is none.

        Args:
            s3: A boto3 S3 client.
            bucket: The bucket.
            key: The object.

        Raises:
            TooLargeError: It is larger than `LARGEST_BYTES`.
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
        """
        with self._lock:
            known = self._kept.get((bucket, key))
        asked: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
        if known:
            asked["IfNoneMatch"] = known.etag
        try:
            answer = s3.get_object(**asked)
        except s3.exceptions.NoSuchKey:
            self._forget(bucket, key)
            return None
        except s3.exceptions.ClientError as error:
            if known is None or error.response["Error"]["Code"] not in _NOT_MODIFIED:
                raise
            return known
        if answer["ContentLength"] > LARGEST_BYTES:
            raise TooLargeError(f"s3://{bucket}/{key} has {answer['ContentLength']:,} bytes")
        found = KeptObject(answer["ETag"], answer["Body"].read())
        self._keep(bucket, key, found)
        return found

    def _keep(self, bucket: str, key: str, found: KeptObject) -> None:
        with self._lock:
            self._room += len(self._kept.pop((bucket, key), KeptObject("", b"")).body) - len(found.body)
            self._kept[bucket, key] = found
            while self._room < 0:
                self._room += len(self._kept.popitem(last=False)[1].body)

    def _forget(self, bucket: str, key: str) -> None:
        with self._lock:
            self._room += len(self._kept.pop((bucket, key), KeptObject("", b"")).body)
