"""What a fetch of a source tells beside its bytes, and how it fails."""

from dataclasses import dataclass

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError


class DownloadError(MigrationError):
    """A source cannot be downloaded and trying again is of no use; the message names it and what to do."""


class DownloadPostponedError(MigrationPostponedError):
    """A source could not be downloaded now, after every attempt; a later run may."""


@dataclass(frozen=True)
class Fetched:
    """A source's metadata, each as its server wrote it, `shown`; None where it wrote none."""

    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
