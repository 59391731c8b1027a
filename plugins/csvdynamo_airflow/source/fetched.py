"""What a fetch of a source tells beside its bytes, and how it fails."""

from dataclasses import dataclass, field

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError


class DownloadError(MigrationError):
    """A source cannot be downloaded and trying again is of no use; the message names it and what to do."""


class DownloadPostponedError(MigrationPostponedError):
    """A source could not be downloaded now, after every attempt; a later run may."""


@dataclass(frozen=True)
class Fetched:
    """A source's metadata, each as its server wrote it, `shown`; None where it wrote none.

    Attributes:
        unchanged: Whether the server says that the source is what landed before (`Worker.landed`): nothing was fetched.
    """

    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    version_id: str | None = None
    unchanged: bool = field(default=False, kw_only=True)

    @property
    def called(self) -> str:
        """What the server calls the file, in a sentence for a message; "" where it says nothing."""
        names = {"Content-Type": self.content_type, "Content-Encoding": self.content_encoding}
        told = " and ".join(f"{name} {value}" for name, value in names.items() if value)
        return f"Its server calls it {told}." if told else ""
