"""What csvdynamo takes from Airflow's connections: AWS clients, and the credentials of sources."""

import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from csvdynamo.aws.library_logging import keep_bodies_out_of_logs
from csvdynamo_airflow.source.credentials import Credentials, CredentialsError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient
    from types_aiobotocore_stepfunctions import SFNClient as AsyncSFNClient

    _Client = CloudFormationClient | DynamoDBClient | S3Client | SNSClient | SFNClient

AWS_CONNECTION = "aws_default"
"""The Airflow connection: credentials, region and, for the embedded AWS, the endpoint."""


_KEPT_SECONDS = 300.0


@dataclass(frozen=True)
class _Kept:
    made: "_Client"
    connection: Any
    until: float


_kept: dict[str, _Kept] = {}


@overload
def client(service: Literal["cloudformation"]) -> "CloudFormationClient": ...
@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["sns"]) -> "SNSClient": ...
@overload
def client(service: Literal["stepfunctions"]) -> "SFNClient": ...
def client(service: str) -> "_Client":
    """Give the boto3 client of a service.

    Making one costs more CPU than most tasks spend otherwise, and they ask for four or five: a process keeps what it
    made as long as the connection is the same, and for five minutes: a triggerer lives for months, and what it reads
    the credentials from may have others by then.

    Args:
        service: The service's boto3 name, such as ``s3`` or ``stepfunctions``.
    """
    hook, now = _hook(service), time.monotonic()
    kept = _kept.get(service)
    if kept is None or now > kept.until or kept.connection != hook.conn_config:
        kept = _kept[service] = _Kept(_made(service, hook), hook.conn_config, now + _KEPT_SECONDS)
    return kept.made


def _made(service: str, hook: Any) -> "_Client":
    made: _Client = hook.get_conn()
    if service == "dynamodb":
        from csvdynamo.aws.answer_checksum import check_answers  # noqa: PLC0415 - imports botocore: not at DAG parse time
        from csvdynamo.aws.item_answers import take_items_as_they_are  # noqa: PLC0415 - goes with it

        check_answers(made)
        take_items_as_they_are(made)
    return made


async def async_client(service: Literal["stepfunctions"]) -> "AbstractAsyncContextManager[AsyncSFNClient]":
    """Make the aiobotocore client of a service, for a trigger: a context manager that gives the client.

    Args:
        service: The service's boto3 name.
    """
    made: AbstractAsyncContextManager[AsyncSFNClient] = await _hook(service).get_async_conn()
    return made


def source_credentials(connection: str) -> Credentials:
    """Read the credentials with which a source's server is asked.

    Args:
        connection: The Airflow connection's id.

    Raises:
        CredentialsError: There is no such connection, or it holds no credentials of a source.
    """
    from airflow.sdk import Connection  # noqa: PLC0415 - slow; not at DAG parse time
    from airflow.sdk.exceptions import AirflowNotFoundException  # noqa: PLC0415 - slow; not at DAG parse time

    try:
        found = Connection.get(connection)
    except AirflowNotFoundException:
        raise CredentialsError(
            f"There is no Airflow connection {connection!r}, which source.connection names. Make it, with the "
            "credentials of the source."
        ) from None
    return Credentials.of(connection, found.login, found.password, found.extra_dejson)


def _hook(service: str) -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook  # noqa: PLC0415 - slow; not at DAG parse time

    keep_bodies_out_of_logs()
    return AwsBaseHook(aws_conn_id=AWS_CONNECTION, client_type=service)
