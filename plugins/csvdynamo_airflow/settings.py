"""Settings of the Airflow side, from environment variables."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo_airflow.errors import MigrationError

DATASETS_FOLDER = "CSVDYNAMO_DATASETS"
"""Variable that names the folder of data set files, where it is neither beside the plugins nor in them."""

RETRY_SECONDS = "CSVDYNAMO_RETRY_SECONDS"
"""Variable that gives the seconds before a task's first retry; each later one waits twice as long."""

LOCAL_FOLDER = "CSVDYNAMO_LOCAL_FOLDER"
"""Variable that names the one folder of a worker below which a source may be a file; without it, none may."""

LOCAL_HOSTS = "CSVDYNAMO_LOCAL_HOSTS"
"""Variable that names hosts (``host`` or ``host:port``, commas between) to fetch from by http and at any address."""

LOCAL_BUCKETS = "CSVDYNAMO_LOCAL_BUCKETS"
"""Variable that names objects of S3 (``s3://bucket/prefix/``, commas between) to read whatever the data set file says;
IAM has its own say."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class LocalUse:
    """What a worker may read beside what the data set file allows: nothing unless a setting says so.

    Attributes:
        folder: The folder below which a source may be a file; None: no file.
        hosts: The hosts that may be asked by http too, and at a private or loopback address.
        buckets: The objects of S3 that may be read, as far as IAM allows it.
    """

    folder: Path | None = None
    hosts: tuple[HostRule, ...] = ()
    buckets: tuple[ObjectRule, ...] = ()


def datasets_folder() -> Path:
    """Find the folder of data set files: as set, in ``plugins/`` (Amazon MWAA), or beside it (a checkout).

    Raises:
        MigrationError: The variable names a folder that is not there.
    """
    if named := os.environ.get(DATASETS_FOLDER):
        folder = Path(named)
        if not folder.is_dir():
            raise MigrationError(f"{DATASETS_FOLDER}={named}: there is no such folder.")
        return folder
    plugins = Path(__file__).resolve().parents[1]
    inside = plugins / "datasets"
    return inside if inside.is_dir() else plugins.parent / "datasets"


def retry_seconds(environment: Mapping[str, str] = os.environ) -> float:
    """Seconds before a task's first retry; 60 unless the setting says otherwise.

    Args:
        environment: The worker's variables.

    Raises:
        MigrationError: The variable is no number of seconds, or more than a day.
    """
    text = environment.get(RETRY_SECONDS, "60")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _DAY_SECONDS:
        raise MigrationError(f"{RETRY_SECONDS}={text!r}: give a number of seconds, from 0 to {_DAY_SECONDS:,}.")
    return seconds


def local_use(environment: Mapping[str, str] = os.environ) -> LocalUse:
    """Read what a worker may fetch from its own file system and network.

    Args:
        environment: The worker's variables.

    Raises:
        MigrationError: The folder is no absolute path, or a host or a bucket is none.
    """
    folder = environment.get(LOCAL_FOLDER, "")
    if folder and not Path(folder).is_absolute():
        raise MigrationError(f"{LOCAL_FOLDER}={folder}: give the folder's whole path, from / on.")
    hosts = []
    for text in _listed(environment, LOCAL_HOSTS):
        host = HostRule.from_text(text)
        if host is None or host.below:
            raise MigrationError(f"{LOCAL_HOSTS}: {text!r} is no host: give host or host:port, with commas between.")
        hosts.append(host)
    buckets = []
    for text in _listed(environment, LOCAL_BUCKETS):
        bucket = ObjectRule.from_url(text)
        if bucket is None:
            raise MigrationError(
                f"{LOCAL_BUCKETS}: {text!r} names no objects: give s3://bucket/prefix/ with commas between."
            )
        buckets.append(bucket)
    return LocalUse(Path(folder) if folder else None, tuple(hosts), tuple(buckets))


def _listed(environment: Mapping[str, str], name: str) -> Iterable[str]:
    return filter(None, map(str.strip, environment.get(name, "").split(",")))
