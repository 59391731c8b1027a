"""AWS clients for the Lambda functions: few attempts and short timeouts, as their callers retry themselves.

They are botocore's, which are boto3's: its transfers and resources, which no function needs, would be imported at each
cold start.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from botocore.config import Config
from botocore.httpsession import get_cert_path
from botocore.loaders import Loader
from botocore.session import Session, get_session
from botocore.utils import get_environ_proxies

from csvdynamo.aws.batch_write import BatchWrite
from csvdynamo.aws.kept_connections import Endpoint, KeptConnections
from csvdynamo.aws.library_logging import keep_bodies_out_of_logs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_s3 import S3Client


class _OwnServices(Loader):
    """Loads the models of these services alone: to list all that it has, botocore looks through 400 folders, twice."""

    def list_available_services(self, type_name: str) -> list[str]:
        """List what a client may be of."""
        return ["dynamodb", "firehose", "s3", "sts"]  # credentials of a role are asked of the last


@cache
def session() -> Session:
    """Return the session that all clients share, with their credentials."""
    made = get_session()
    made.register_component("data_loader", _OwnServices())
    return made


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
    made: Any = session().create_client(
        service,
        config=Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": attempts},
            tcp_keepalive=True,
        ),
    )
    return cast("DynamoDBClient | FirehoseClient | S3Client", made)


def batch_write() -> BatchWrite:
    """Return what makes calls of BatchWriteItem, to be made once in an execution environment.

    Its way to DynamoDB is the one that boto3's client would take: endpoint, Region, credentials, proxies, authorities
    and timeouts are those that botocore finds. A call is tried once.

    Raises:
        ProxyError: There is a proxy, and its own URL is not ``http://``.
    """
    made = client("dynamodb", attempts=1)
    config, url = cast("Any", made.meta.config), made.meta.endpoint_url
    authorities: Any = session().get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    endpoint = Endpoint(
        url,
        ca_bundle=get_cert_path(authorities or True) or "",
        proxies=config.proxies or get_environ_proxies(url),
        connect_seconds=config.connect_timeout,
        read_seconds=config.read_timeout,
    )
    return BatchWrite(made, session().get_credentials(), KeptConnections(endpoint))
