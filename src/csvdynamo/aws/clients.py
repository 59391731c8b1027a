"""boto3 clients for the Lambda functions: few attempts and short timeouts, as their callers retry themselves."""

from typing import TYPE_CHECKING, Literal, overload

import boto3
from botocore.config import Config

from csvdynamo.aws.answer_checksum import check_answers
from csvdynamo.aws.library_logging import keep_bodies_out_of_logs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_s3 import S3Client


@overload
def client(service: Literal["dynamodb"], attempts: int = 2) -> "DynamoDBClient": ...
@overload
def client(service: Literal["firehose"], attempts: int = 2) -> "FirehoseClient": ...
@overload
def client(service: Literal["s3"], attempts: int = 2) -> "S3Client": ...


def client(
    service: Literal["dynamodb", "firehose", "s3"], attempts: int = 2
) -> "DynamoDBClient | FirehoseClient | S3Client":
    """Return a client, to be made once in an execution environment and used by all its invocations.

    Args:
        service: The service's boto3 name.
        attempts: How often one call is tried; 1 for a caller whose own retries know the function's deadline, which
            botocore's waits do not.
    """
    keep_bodies_out_of_logs()
    made = boto3.client(
        service,
        config=Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": attempts},
            tcp_keepalive=True,
        ),
    )
    if service == "dynamodb":
        check_answers(made)
    return made
