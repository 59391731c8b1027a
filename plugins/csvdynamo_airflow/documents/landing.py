"""A source as it was fetched: what the download hands to the tasks after it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from csvdynamo.folders import LANDING_PREFIX
from csvdynamo_airflow.documents.task_documents import reading


@dataclass(frozen=True)
class Landed:
    """A source file in the bucket, byte for byte as its server sent it.

    Attributes:
        bucket: The bucket.
        key: Its key there, made of its SHA-256.
        url: Where it came from, credentials masked.
        file_name: The data set's file name.
        bytes: Its size.
        sha256: Its digest, in hexadecimal.
        etag: The server's ETag, None without one.
        last_modified: The server's Last-Modified, or a local file's time of change, as an HTTP date; None without one.
        version_id: S3's name of the object's version; None without one.
    """

    bucket: str
    key: str
    url: str
    file_name: str
    bytes: int
    sha256: str
    etag: str | None
    last_modified: str | None
    version_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read the JSON document."""
        with reading("What the task download returned"):
            return cls(**document)


def landing_key(dataset: str, sha256: str, file_name: str) -> str:
    """Name a landed file: the same bytes always get the same key."""
    return f"{LANDING_PREFIX}{dataset}/{sha256}/{file_name}"
