"""The objects that a run's outcome was read from: listed, and looked at again before the ledger is balanced."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.naming import results_prefix
from csvdynamo_airflow.outcome.error_objects import list_error_objects
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.result_objects import (
    StoredObject,
    find_object,
    list_objects,
    numbered_lines,
    stored_sha256,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OBJECTS_FILE = "objects.jsonl"


def write_objects(objects: Iterable[StoredObject], path: Path, space: DiskSpace) -> None:
    """Write the objects that were read, one JSON object a line, in the order of their keys."""
    with space.open_text(path) as file:
        for one in sorted(objects):
            file.write(json.dumps({"key": one.key, "etag": one.etag, "size": one.size}) + "\n")


def read_objects(path: Path) -> Iterator[StoredObject]:
    """Read what `write_objects` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield StoredObject(**json.loads(line))


def changed_files(s3: "S3Client", bucket: str, outcome: Outcome) -> tuple[str, ...]:
    """Read the outcome's own objects back; name those that are gone or not as they were written."""
    return tuple(key for key, digest in outcome.digests.items() if stored_sha256(s3, bucket, key) != digest)


def changed_objects(s3: "S3Client", prepared: Prepared, outcome: Outcome) -> tuple[str, ...]:
    """Name the objects that went or changed since the outcome was read from them, and the result files that came.

    Which rejects count the result files say. So an error file that comes late changes nothing: Firehose delivers at
    least once, and what an attempt had sent that was repeated may come after the rest.

    Args:
        s3: A boto3 S3 client.
        prepared: The prepared file.
        outcome: What `gather` returned, whose own objects are as they were written.
    """
    bucket = prepared.bucket
    read = {one.key: one for one in _read_objects(s3, bucket, outcome.objects_key)}
    now = {one.key: one for one in _list_now(s3, prepared, outcome)}
    changed = [key for key, one in read.items() if now.get(key) != one]
    came = [key for key in now if key not in read and is_result_of(outcome.execution, key)]
    return tuple(sorted([*changed, *came]))


def is_result_of(execution: str, key: str) -> bool:
    """Tell whether an object is one that the Map Run of an execution left."""
    return bool(execution) and key.startswith(results_prefix(execution))


def _read_objects(s3: "S3Client", bucket: str, key: str | None) -> Iterator[StoredObject]:
    """Read the list of a run; one that left no object has none."""
    for _, line in numbered_lines(s3, bucket, key) if key else ():
        yield StoredObject(**json.loads(line))


def _list_now(s3: "S3Client", prepared: Prepared, outcome: Outcome) -> Iterator[StoredObject]:
    bucket = prepared.bucket
    if stored := find_object(s3, bucket, prepared.rejects_key):
        yield stored
    if outcome.execution:
        yield from map(StoredObject.of, list_objects(s3, bucket, results_prefix(outcome.execution)))
        yield from list_error_objects(s3, bucket, outcome.execution)
