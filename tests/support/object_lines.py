"""The lines of an object of the bucket."""

from collections.abc import Iterator
from typing import Any

from csvdynamo_airflow.storage.result_objects import numbered_lines


def object_lines(s3: Any, bucket: str, key: str) -> Iterator[bytes]:
    """Read the lines of an object that are not blank."""
    return (line for _, line in numbered_lines(s3, bucket, key))
