"""Reads an S3 object piece by piece, and goes on where a connection broke off.

boto3 repeats a request that failed, but not one whose answer breaks off while it is read
(https://docs.aws.amazon.com/boto3/latest/guide/retries.html): an object of many megabytes would cost its whole task.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from csvdynamo.aws.backoff import Backoff

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

PIECE_BYTES = 1 << 20
SIX_TRIES = Backoff(tries=6, base_seconds=0.2)
"""How often S3 is asked, each time with boto3's own attempts."""


def object_chunks(
    s3: "S3Client",
    bucket: str,
    key: str,
    *,
    backoff: Backoff = SIX_TRIES,
    answered: "Callable[[GetObjectOutputTypeDef], object]" = lambda _: None,
) -> Iterator[bytes]:
    """Yield an object's bytes in constant memory.

    An answer that breaks off is asked for again from the byte where it did, of the same version of the object. Bytes
    that arrive make the number of tries begin anew.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The object.
        backoff: How often it is tried, and what is waited.
        answered: Is given each answer that begins at the first byte, before that is read: what S3 tells of the object.
            The last one, where there are several, is the one whose bytes are given.

    Raises:
        botocore.exceptions.ClientError: There is no such object (`NoSuchKey`), it may not be read, or it was replaced
            while it was read (`PreconditionFailed`).
        botocore.exceptions.BotoCoreError: It broke off again and again.
    """
    position, version, failures = 0, "", 0
    while True:
        asked: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
        if position:
            asked |= {"Range": f"bytes={position}-", "IfMatch": version}
        try:
            answer = s3.get_object(**asked)
            if not position:
                version = answer.get("ETag", "")
                answered(answer)
            for chunk in answer["Body"].iter_chunks(PIECE_BYTES):
                position, failures = position + len(chunk), 0
                yield chunk
        except Exception as error:
            backoff.wait_or_raise(failures, error)
            failures += 1
        else:
            return


def read_versioned(s3: "S3Client", bucket: str, key: str, *, backoff: Backoff = SIX_TRIES) -> tuple[bytes, str]:
    """Read a small object whole, and the ETag of the version that was read.

    The arguments and errors are those of `object_chunks`; an answer that breaks off is asked for again as a whole.
    """

    def read() -> tuple[bytes, str]:
        answer = s3.get_object(Bucket=bucket, Key=key)
        return answer["Body"].read(), answer["ETag"]

    return backoff.call(read)


def read_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    """Read a small object whole (see `object_chunks`)."""
    return b"".join(object_chunks(s3, bucket, key))
