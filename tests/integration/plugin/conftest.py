"""An Airflow home of the tests' own, since importing Airflow makes one, and a bucket."""

from collections.abc import Iterator
from typing import Any

import pytest

import tests.airflow_home  # noqa: F401
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.moto_bucket import bucket, s3_client


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """S3 without a bucket, once a module: making the client takes half a second."""
    with s3_client() as s3:
        yield s3


@pytest.fixture
def s3(client: Any) -> Iterator[Any]:
    """S3 with the stack's bucket, empty."""
    with bucket(client, BUCKET):
        yield client
