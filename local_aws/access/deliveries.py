"""What Firehose does under a delivery stream's role: it writes to S3, and to its log what it could not write.

The behaviour: https://docs.aws.amazon.com/firehose/latest/dev/retry.html, and the log's errors:
https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
"""

import contextvars
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from local_aws.access.policies import refusal_to_role
from local_aws.access.principals import Role, object_arn
from local_aws.ministack_internals import account_and_region, cloudwatch_logs, firehose

SERVICE = "firehose.amazonaws.com"
RETRY_SECONDS = 1.0
"""How long Firehose waits before it tries a refused object again, as long as the server runs."""

_MESSAGE = (
    "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, and "
    "the access policy allows access to the S3 bucket."
)

_logger = logging.getLogger("local_aws.access")


@dataclass(frozen=True)
class Delivery:
    """Which stream delivers to which of its destinations."""

    stream: dict[str, Any]
    destination: dict[str, Any]

    @property
    def role(self) -> Role:
        """The role that it delivers under."""
        return Role(self.destination["config"]["RoleARN"], SERVICE, self.stream["arn"], self.stream["name"])


_current: ContextVar[Delivery | None] = ContextVar("delivery", default=None)


@contextmanager
def delivering(stream: dict[str, Any], destination: dict[str, Any]) -> Iterator[None]:
    """Say for which stream the current thread writes to S3."""
    token = _current.set(Delivery(stream, destination))
    try:
        yield
    finally:
        _current.reset(token)


def install() -> None:
    """Ask the stream's role before each object; a refused one is logged, and tried again."""
    firehose.replace("put_s3_object", _checked)


def _checked(put: Any) -> Any:
    def put_if_allowed(bucket: str, key: str, body: bytes) -> None:
        delivery = _current.get()
        if delivery is None:
            raise RuntimeError(f"s3://{bucket}/{key}: it is not known for which stream, so its role cannot be asked.")
        refusal = refusal_to_role(delivery.role, "s3:PutObject", object_arn(bucket, key))
        if refusal is None:
            put(bucket, key, body)
            return
        _logger.warning("Firehose: %s", refusal)
        log_error(delivery, f"{_MESSAGE} {refusal}")
        retry = threading.Timer(RETRY_SECONDS, contextvars.copy_context().run, (put_if_allowed, bucket, key, body))
        retry.daemon = True
        retry.start()

    return put_if_allowed


def log_error(delivery: Delivery, message: str) -> None:
    """Write an error to the log that the destination names, if the role may."""
    options = delivery.destination["config"].get("CloudWatchLoggingOptions") or {}
    if not options.get("Enabled"):
        return
    account, region = account_and_region()
    group, stream = options["LogGroupName"], options["LogStreamName"]
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
    refusal = refusal_to_role(delivery.role, "logs:PutLogEvents", arn)
    if refusal is not None:
        _logger.warning("Firehose's log: %s", refusal)
        return
    moment = int(time.time() * 1000)
    event = {
        "deliveryStreamARN": delivery.stream["arn"],
        "destination": delivery.destination["config"].get("BucketARN"),
        "deliveryStreamVersionId": delivery.stream.get("version", 1),
        "message": message,
        "errorCode": "S3.AccessDenied",
    }
    cloudwatch_logs.append_log_events(
        cloudwatch_logs.log_groups[group]["streams"][stream],
        [{"timestamp": moment, "message": json.dumps(event), "ingestionTime": moment}],
    )
