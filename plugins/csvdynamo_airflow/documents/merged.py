"""The merged error files of a run: what they hold, and whether they can still be read as they were written."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo_airflow.documents.task_documents import reading


@dataclass(frozen=True)
class Merged:
    """The error files of a run: its rejects and the rows of its batches that did not succeed.

    Attributes:
        key: The key of the rejects as JSON lines in the bucket, None when the run had no reject.
        csv_key: The key of the CSV of all those rows, None when there is none.
        unfinished_key: The key of the rows of batches that did not succeed, as JSON lines; None when there is none.
        failed: Rows of batches that failed in it.
        unstarted: Rows of batches that never started in it.
        rejects: Rejects of the Lambda in it, each once.
        missing: Rejects that count and never arrived.
        missing_ids: The ids of some of those.
        superseded: Rejects of attempts that were repeated, left out.
        misfiled: Rejects that Firehose could not partition, among ``rejects``.
        by_code: How many of the Lambda's rejects there are of each code.
        before: Rejects of prepare in it.
        digests: The SHA-256, in hexadecimal, of each of its objects by its key: they can be read as long as they have
            them.
        execution: The name of the execution whose error files they are, "" when none was started.
        redrives: How often that had been redriven then.
    """

    key: str | None = None
    csv_key: str | None = None
    unfinished_key: str | None = None
    failed: int = 0
    unstarted: int = 0
    rejects: int = 0
    missing: int = 0
    missing_ids: tuple[str, ...] = ()
    superseded: int = 0
    misfiled: int = 0
    by_code: dict[str, int] = field(default_factory=dict)
    before: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)
    execution: str = ""
    redrives: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**asdict(self), "missing_ids": list(self.missing_ids)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task fetch_error_files returned"):
            return cls(**{**document, "missing_ids": tuple(document["missing_ids"])})


def changed_files(s3: Any, bucket: str, merged: Merged) -> tuple[str, ...]:
    """Read the error files back; name those that are gone or not as they were written.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        merged: What `merge_rejects` returned.
    """
    return tuple(key for key, digest in merged.digests.items() if _stored_digest(s3, bucket, key) != digest)


def _stored_digest(s3: Any, bucket: str, key: str) -> str | None:
    digest = hashlib.sha256()
    try:
        for chunk in object_chunks(s3, bucket, key):
            digest.update(chunk)
    except s3.exceptions.NoSuchKey:
        return None
    return digest.hexdigest()
