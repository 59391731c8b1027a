"""A bucket of S3 as moto plays it: one client a module, since making it takes half a second, and a bucket a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.s3.models import s3_backends


@contextmanager
def s3_client() -> Iterator[Any]:
    """Make a client whose calls never leave this process."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield boto3.client("s3", region_name="us-east-1")


@contextmanager
def bucket(s3: Any, name: str) -> Iterator[None]:
    """Make a bucket, and remove it with all that is in it: from moto's memory, as S3's calls take one an object."""
    s3.create_bucket(Bucket=name)
    yield
    partition, account = s3_backends.bucket_accounts.pop(name)
    for key in s3_backends[account][partition].buckets.pop(name).keys.values():
        key.dispose()
