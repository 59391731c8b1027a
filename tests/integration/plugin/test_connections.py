"""The clients of the Airflow connection."""

import logging
from collections.abc import Iterator

import pytest

from csvdynamo_airflow.connections import client


@pytest.fixture
def botocore_at_debug(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", '{"conn_type": "aws", "extra": {"region_name": "us-east-1"}}')
    logger = logging.getLogger("botocore")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.setLevel(level)


def test_a_client_never_logs_what_it_sends_and_receives(botocore_at_debug: logging.Logger) -> None:
    """At DEBUG botocore logs every body, and so the table's items and the rows of error files."""
    client("dynamodb")

    assert not logging.getLogger("botocore.parsers").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("botocore.endpoint").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("botocore").isEnabledFor(logging.WARNING)
