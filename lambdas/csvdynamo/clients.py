"""boto3 clients for the Lambda functions: few attempts and short timeouts, as their callers retry themselves."""

from typing import Any

import boto3
from botocore.config import Config

from csvdynamo.aws_logging import keep_bodies_out_of_logs

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)


def client(service: str) -> Any:
    """Return a client, to be made once in an execution environment and used by all its invocations."""
    keep_bodies_out_of_logs()
    return boto3.client(service, config=_CONFIG)
