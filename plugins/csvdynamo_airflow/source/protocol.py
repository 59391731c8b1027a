"""What a kind of source is to the task download: the door that it opens or not, and how its bytes are fetched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from csvdynamo.datasets import source_rules
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.credentials import Credentials
from csvdynamo_airflow.source.fetched import Fetched
from csvdynamo_airflow.storage.growing_file import ReportProgress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from csvdynamo_airflow.source.http.url import Endpoint


class SourceUrlError(MigrationError):
    """A source's URL is not one that can be downloaded."""


@dataclass(frozen=True)
class SourceRules:
    """Where a data set's runs may read.

    Attributes:
        hosts: The hosts that the data set file allows, by https and at addresses of the internet.
        local_folder: The one folder below which a file may be read; None: no file.
        local_hosts: The hosts that may be asked by http too, and at any address.
        max_bytes: The most that is fetched.
        max_seconds: The longest that a download may take.
        url: The data set file's own source.
        connection: The Airflow connection whose credentials it is asked with; None: no credentials.
        objects: The objects of S3 that may be read.
    """

    hosts: tuple[HostRule, ...] = ()
    local_folder: Path | None = None
    local_hosts: tuple[HostRule, ...] = ()
    max_bytes: int = source_rules.Source.max_bytes
    max_seconds: float = source_rules.Source.max_seconds
    url: str = ""
    connection: str | None = None
    objects: tuple[ObjectRule, ...] = ()

    @classmethod
    def of(cls, source: source_rules.Source, local: LocalUse) -> Self:
        """Join what a data set file allows and what a worker's settings do."""
        return cls(
            source.allowed_hosts,
            local.folder,
            local.hosts,
            source.max_bytes,
            source.max_seconds,
            source.url,
            source.connection,
            (*source.allowed_objects, *local.buckets),
        )


@dataclass(frozen=True)
class Origin:
    """An admitted source.

    Attributes:
        url: Where it is fetched from; its query may hold a token: never for a log.
        path: The local file, not yet held against the folder; None for a source elsewhere.
        shown: The URL as far as others may read it, or the path: for logs, messages and the report.
        endpoint: Whom a web URL asks; None for another source.
    """

    url: str = field(repr=False)
    path: Path | None
    shown: str
    endpoint: "Endpoint | None" = None


@dataclass(frozen=True)
class Worker:
    """What a fetch has from the task that runs it.

    Attributes:
        s3: A boto3 S3 client of the task's own connection.
        report_progress: Is told of the bytes received.
        sleep: Waits so many seconds.
        jitter: Draws a number between two bounds.
        find_credentials: Reads the credentials of an Airflow connection; None: there are none.
        policy: How patient to be, in the kind's own terms; None: as it is by itself.
        landed: What landed of the source before, and is not fetched again where its publisher says that it is the same;
            None: it is fetched whatever it is.
    """

    s3: "S3Client"
    report_progress: ReportProgress
    sleep: Callable[[float], None]
    jitter: Callable[[float, float], float]
    find_credentials: Callable[[str], Credentials] | None = None
    policy: Any = None
    landed: Landed | None = None


class Source(Protocol):
    """A kind of source; its module's ``SOURCE`` is one."""

    def admit(self, url: str, rules: SourceRules) -> Origin:
        """Decide whether a source may be read, from its URL alone.

        Args:
            url: A URL of one of the kind's schemes, not empty, printable, without a user.
            rules: Where the data set's runs may read.

        Raises:
            SourceUrlError: It may not; the message says what would be, and quotes no secret.
        """
        ...

    def refuse_beforehand(self, origin: Origin, rules: SourceRules) -> Path | None:
        """Refuse what `fetch` would refuse, as far as can be told without asking another machine.

        Returns:
            The file with the source's bytes, if they are on this machine.

        Raises:
            DownloadError, FileTooLargeError: As `fetch` does.
        """
        ...

    def fetch(self, origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
        """Write a source to a file, byte for byte and whole, within the rules' bytes and seconds.

        Where it is what landed before, by its version as its publisher tells it, nothing is written.

        Args:
            origin: What `admit` gave.
            target: The file to write.
            rules: How much may come, and how long it may take.
            worker: What the task gives.

        Returns:
            What the report is told beside size, digest and ``origin.shown``.

        Raises:
            DownloadError: It cannot be had, and trying again is of no use.
            DownloadPostponedError: It could not be had now.
            FileTooLargeError: It is larger than the rules allow.
            NoSpaceError: There is no room for the file.
        """
        ...


@dataclass(frozen=True)
class Admitted(Origin):
    """A source, and what admitted it. Nothing else fetches it: no second reading of its URL may find another kind.

    Attributes:
        source: Its kind.
    """

    source: Source = field(kw_only=True, repr=False)
