"""Objects of the bucket: listed, read line by line, and the manifest of a Map Run among them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Self

from csvdynamo.aws.stored_object import object_chunks, read_object
from csvdynamo.records.result_files import Manifest, read_manifest
from csvdynamo_airflow.naming import results_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


@dataclass(frozen=True, order=True)
class StoredObject:
    """An object of the bucket as a listing tells: what is read later is the same as long as this is."""

    key: str
    etag: str
    size: int

    @classmethod
    def of(cls, item: "ObjectTypeDef") -> Self:
        """Make it from one of ListObjectsV2's ``Contents``."""
        return cls(item["Key"], item["ETag"], item["Size"])


def list_objects(s3: "S3Client", bucket: str, prefix: str) -> "list[ObjectTypeDef]":
    """List every object under a prefix (ListObjectsV2's ``Contents``)."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item for page in pages for item in page.get("Contents", [])]


def find_object(s3: "S3Client", bucket: str, key: str | None) -> StoredObject | None:
    """Find an object by its key, None where there is none; a listing tells its version, as `list_objects` does."""
    found = list_objects(s3, bucket, key) if key else []
    return next((StoredObject.of(item) for item in found if item["Key"] == key), None)


def stored_sha256(s3: "S3Client", bucket: str, key: str) -> str | None:
    """Digest an object, in hexadecimal; None for one that is gone."""
    digest = hashlib.sha256()
    try:
        for chunk in object_chunks(s3, bucket, key):
            digest.update(chunk)
    except s3.exceptions.NoSuchKey:
        return None
    return digest.hexdigest()


def numbered_lines(s3: "S3Client", bucket: str, key: str) -> Iterator[tuple[int, bytes]]:
    """Read an object line by line, in constant memory: each line's number, from 1, and the line.

    Blank lines are counted and left out: Firehose's delimiter after a record that ends a line makes some.
    """
    numbers = count(1)
    rest = b""
    for chunk in object_chunks(s3, bucket, key):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from ((number, line) for line, number in zip(lines, numbers, strict=False) if line.strip())
    if rest.strip():
        yield next(numbers), rest


def find_manifest(s3: "S3Client", bucket: str, execution: str) -> Manifest | None:
    """Find the manifest of an execution's Map Run, None when the ResultWriter wrote none.

    It is looked up in the bucket, not in the execution's output: a failed execution has no output.

    Raises:
        csvdynamo.errors.ResultFileError: The manifest is malformed.
    """
    manifests = [
        item for item in list_objects(s3, bucket, results_prefix(execution)) if item["Key"].endswith("/manifest.json")
    ]
    if not manifests:
        return None
    newest = max(manifests, key=lambda item: item["LastModified"])
    return read_manifest(read_object(s3, bucket, newest["Key"]))
