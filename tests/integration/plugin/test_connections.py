"""The clients of the Airflow connection."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from csvdynamo_airflow.tasks import connections
from csvdynamo_airflow.tasks.connections import client


@pytest.fixture(autouse=True)
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the Airflow connection."""

    def connect(*, password: str = "first", **extra: str) -> None:
        options = {"region_name": "us-east-1", **extra}
        told = {"conn_type": "aws", "login": "someone", "password": password, "extra": options}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(told))

    monkeypatch.setattr(connections, "_kept", {})
    connect()
    return connect


@pytest.fixture
def botocore_at_debug() -> Iterator[logging.Logger]:
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


def test_a_process_makes_a_client_once_as_long_as_the_connection_is_the_same(connect: Callable[..., None]) -> None:
    first = client("s3")
    assert client("s3") is first
    assert client("sns") is not first

    connect(password="hunter2")
    exchanged = client("s3")
    connect(password="hunter2", endpoint_url="http://127.0.0.1:1")
    elsewhere = client("s3")

    assert [made._request_signer._credentials.secret_key for made in (first, exchanged)] == ["first", "hunter2"]
    assert (exchanged.meta.endpoint_url, elsewhere.meta.endpoint_url) == (
        "https://s3.amazonaws.com",
        "http://127.0.0.1:1",
    )


def test_a_client_is_made_anew_after_a_while_since_a_credentials_file_may_have_others_by_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(connections.time, "monotonic", lambda: now[0])
    first = client("s3")
    now[0] += 299
    assert client("s3") is first

    now[0] += 2

    assert client("s3") is not first
