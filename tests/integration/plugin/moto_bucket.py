"""A bucket of S3 as moto plays it: one client a module, since making it takes half a second, and a bucket a test."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.s3.models import FakeBucket, s3_backends


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
    for key in _bucket(name).keys.values():
        key.dispose()
    partition, account = s3_backends.bucket_accounts.pop(name)
    del s3_backends[account][partition].buckets[name]


def copied_objects(name: str) -> bytes:
    """Copy what is in a bucket, for `put_copied_objects`: as bytes, for moto empties all objects when it ends."""
    return pickle.dumps(_bucket(name).keys)


def put_copied_objects(name: str, objects: bytes) -> None:
    """Let a bucket have the objects that another one had, times included."""
    _bucket(name).keys = pickle.loads(objects)


def _bucket(name: str) -> FakeBucket:
    partition, account = s3_backends.bucket_accounts[name]
    bucket: FakeBucket = s3_backends[account][partition].buckets[name]
    return bucket
