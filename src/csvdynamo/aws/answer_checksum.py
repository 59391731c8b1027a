"""DynamoDB's answers, held to the checksum that comes with them.

DynamoDB sends the CRC-32 of each answer's body in the header ``x-amz-crc32``. botocore looked at it in its legacy retry
mode alone; without it, an answer that was changed or cut on its way may read as one that leaves nothing undone.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zlib import crc32

from botocore.exceptions import ChecksumError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_HEADER = "x-amz-crc32"


def check_answers(client: "BaseClient") -> None:
    """Let a boto3 DynamoDB client raise on an answer that is not what was sent: `is_retryable` takes that error."""
    client.meta.events.register("before-parse.dynamodb", check_answer)


def check_answer(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Hold an answer to its checksum.

    Args:
        response_dict: Its ``headers`` and ``body``, as botocore has them.

    Raises:
        botocore.exceptions.ChecksumError: It is not what was sent.
    """
    headers = {str(name).lower(): value for name, value in response_dict["headers"].items()}
    # What was packed on the way is unpacked by now; the checksum is of the packed body.
    if _HEADER not in headers or headers.get("content-encoding", "identity") != "identity":
        return
    told, found = headers[_HEADER], str(crc32(response_dict["body"]))
    if told != found:
        raise ChecksumError(checksum_type="crc32", expected_checksum=told, actual_checksum=found)
