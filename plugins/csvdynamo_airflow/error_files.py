"""The error files of an execution: awaited until every reject that counts is there, then merged into one object."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Self

from csvdynamo.rejects import Reject
from csvdynamo.result_files import batch_results
from csvdynamo_airflow.naming import FIREHOSE_ERRORS_PREFIX, error_prefix
from csvdynamo_airflow.result_objects import find_manifest, list_objects, object_chunks, object_lines


def expected_reject_ids(s3: Any, bucket: str, execution: str) -> set[str]:
    """Read the ids of the rejects that count: those in the SUCCEEDED result files.

    An attempt that raised may have sent rejects, too; its batch's last attempt says which ones stand.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """
    manifest = find_manifest(s3, bucket, execution)
    if manifest is None:
        return set()
    return {
        reject_id
        for file in manifest.succeeded
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key)
        for reject_id in result.reject_ids
    }


@dataclass
class ErrorFiles:
    """The rejects of one execution that have arrived so far, looked at again and again.

    Attributes:
        bucket: The stack's bucket.
        execution: The execution's name.
        missing: Ids of rejects that count and have not been read yet.
    """

    bucket: str
    execution: str
    missing: set[str]
    _read: set[str] = field(default_factory=set)

    @classmethod
    def expected(cls, s3: Any, bucket: str, execution: str) -> Self:
        """Expect every reject of the execution's SUCCEEDED result files."""
        return cls(bucket, execution, expected_reject_ids(s3, bucket, execution))

    def look(self, s3: Any) -> bool:
        """Read the objects that are new since the last look; say whether every reject has arrived."""
        if self.missing:
            for key in reject_keys(s3, self.bucket, self.execution):
                if key not in self._read:
                    self.missing.difference_update(
                        reject.reject_id for reject in read_rejects(s3, self.bucket, key, self.execution)
                    )
                    self._read.add(key)
        return not self.missing


def reject_keys(s3: Any, bucket: str, execution: str) -> list[str]:
    """List the objects that hold rejects of an execution: its error files, and what Firehose could not partition."""
    found = [item["Key"] for item in list_objects(s3, bucket, error_prefix(execution))]
    return found + [item["Key"] for item in list_objects(s3, bucket, FIREHOSE_ERRORS_PREFIX)]


def read_rejects(s3: Any, bucket: str, key: str, execution: str) -> Iterator[Reject]:
    """Read the rejects of an execution from one object.

    An object under ``firehose_errors/`` wraps each record in a document, Base64 in ``rawData``; records of other
    executions are passed over.
    """
    wrapped = key.startswith(FIREHOSE_ERRORS_PREFIX)
    for line in object_lines(s3, bucket, key):
        texts = base64.b64decode(json.loads(line)["rawData"]).decode("utf-8").splitlines() if wrapped else [line]
        for text in texts:
            reject = Reject.from_json(text)
            if reject.execution_name == execution:
                yield reject


@dataclass(frozen=True)
class Merged:
    """The one JSON-lines object of a run's rejects.

    Attributes:
        key: Its key in the bucket, None when the run had no reject.
        rejects: Rejects of the Lambda in it, each once.
        missing: Rejects that count and never arrived.
        superseded: Rejects of attempts that were repeated, left out.
        misfiled: Rejects that Firehose could not partition, among ``rejects``.
        by_code: How many of the Lambda's rejects there are of each code.
    """

    key: str | None = None
    rejects: int = 0
    missing: int = 0
    superseded: int = 0
    misfiled: int = 0
    by_code: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**document)


def merge(s3: Any, bucket: str, execution: str, out: IO[bytes]) -> Merged:
    """Write every reject of an execution that counts to a file, each once, however often Firehose delivered it.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        execution: The execution's name.
        out: Where the JSON lines go.
    """
    missing = expected_reject_ids(s3, bucket, execution)
    written: set[str] = set()
    superseded: set[str] = set()
    misfiled = 0
    by_code: Counter[str] = Counter()
    for key in reject_keys(s3, bucket, execution):
        for reject in read_rejects(s3, bucket, key, execution):
            if reject.reject_id in missing:
                missing.remove(reject.reject_id)
                written.add(reject.reject_id)
                by_code[reject.code] += 1
                misfiled += key.startswith(FIREHOSE_ERRORS_PREFIX)
                out.write(reject.to_json().encode("utf-8") + b"\n")
            elif reject.reject_id not in written:
                superseded.add(reject.reject_id)
    return Merged(
        rejects=len(written),
        missing=len(missing),
        superseded=len(superseded),
        misfiled=misfiled,
        by_code=dict(sorted(by_code.items())),
    )
