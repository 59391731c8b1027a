"""Reads an S3 object piece by piece, and goes on where a connection broke off.

boto3 repeats a request that failed, but not one whose answer breaks off while it is read
(https://docs.aws.amazon.com/boto3/latest/guide/retries.html): an object of many megabytes would cost its whole task.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

PIECE_BYTES = 1 << 20
_TRIES = 6
_LONGEST_WAIT_SECONDS = 8.0


def object_chunks(
    s3: "S3Client",
    bucket: str,
    key: str,
    *,
    answered: "Callable[[GetObjectOutputTypeDef], object]" = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[], float] = random.random,
) -> Iterator[bytes]:
    """Yield an object's bytes in constant memory.

    An answer that breaks off is asked for again from the byte where it did, of the same version of the object. Bytes
    that arrive make the number of tries begin anew.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The object.
        answered: Is given each answer that begins at the first byte, before that is read: what S3 tells of the object.
            The last one, where there are several, is the one whose bytes are given.
        sleep: Waits so many seconds.
        uniform: Draws a number from 0 to 1, for the jitter.

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
            failures += 1
            wait_or_raise(error, failures, sleep, uniform)
        else:
            return


def read_versioned(
    s3: "S3Client",
    bucket: str,
    key: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[], float] = random.random,
) -> tuple[bytes, str]:
    """Read a small object whole, and the ETag of the version that was read.

    The arguments and errors are those of `object_chunks`; an answer that breaks off is asked for again as a whole.
    """
    failures = 0
    while True:
        try:
            answer = s3.get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]
        except Exception as error:
            failures += 1
            wait_or_raise(error, failures, sleep, uniform)


def read_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    """Read a small object whole (see `object_chunks`)."""
    return b"".join(object_chunks(s3, bucket, key))


def wait_or_raise(
    error: Exception,
    failures: int,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[], float] = random.random,
) -> None:
    """Wait before the next try, or raise the error that another try would not mend.

    Args:
        error: What the last try failed with.
        failures: How many tries have failed.
        sleep: Waits so many seconds.
        uniform: Draws a number from 0 to 1, for the jitter.
    """
    from csvdynamo.aws.aws_errors import is_retryable  # noqa: PLC0415 - imports botocore: not at DAG parse time

    if not is_retryable(error) or failures == _TRIES:
        raise error
    sleep(uniform() * min(_LONGEST_WAIT_SECONDS, 0.1 * 2**failures))
