"""The task download: a source, byte for byte as published, into the bucket's ``landing/``."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.landing import Landed, landing_key
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.reading.source_file import SourceFileError, refuse_unless_csv
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.credentials import Credentials
from csvdynamo_airflow.source.landed_before import landed_before
from csvdynamo_airflow.source.protocol import SourceRules, Worker
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.storage.growing_file import ReportProgress
from csvdynamo_airflow.storage.stored_file import file_sha256, put_once
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Landed", "download", "refuse_beforehand"]

log = shown_log(__name__)


def log_progress(done: int, total: int | None) -> None:
    """Write progress to the task's log."""
    log.info("%s of %s bytes", f"{done:,}", "unknown" if total is None else f"{total:,}")


def download(
    url: str,
    *,
    dataset: Dataset,
    bucket: str,
    s3: "S3Client",
    run_id: str,
    local: LocalUse | None = None,
    find_credentials: Callable[[str], Credentials] | None = None,
    work_parent: Path | None = None,
    report_progress: ReportProgress = log_progress,
    policy: Any = None,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[float, float], float] = random.uniform,
    force: bool = False,
) -> Landed:
    """Fetch a source to a private temporary file and store it under a key made of its digest.

    Where its publisher says that it is what the last green run landed (`landed_before`), it is that, and not fetched.

    Args:
        url: A URL of a kind that `csvdynamo.datasets.sources` has, or a path of the worker.
        dataset: The data set, which says whom to ask and how much to take; its name and file name are part of the key.
        bucket: The bucket.
        s3: A boto3 S3 client.
        run_id: The DAG run's id, which names the temporary folder.
        local: What may be read of the worker's file system and network; nothing if None.
        find_credentials: Reads the credentials of an Airflow connection; None: there are none.
        work_parent: Where to make that folder; the system's temporary folder if None.
        report_progress: Is told of the bytes received.
        policy: How patient to be, in the terms of the source's kind.
        sleep: Waits so many seconds.
        jitter: Draws a number between two bounds.
        force: Whether it is fetched whatever its publisher says.

    Raises:
        SourceUrlError: The URL is not one that may be fetched.
        CredentialsError: The data set file's connection is missing, or is none of a source.
        DownloadError: The server or the file system refuses, for good, or it would take too long.
        DownloadPostponedError: Every attempt failed, in a way that may pass.
        SourceFileError: What came is no CSV, by its bytes: empty, a web page, another format.
        FileTooLargeError: It is larger than the data set allows.
        NoSpaceError: The temporary folder's disk has no room.
        ObjectError, ObjectPostponedError: The bucket has another file under the key, or takes none.
    """
    rules = SourceRules.of(dataset.source, local or LocalUse())
    origin = admit(url, rules)
    landed = None if force else landed_before(s3, bucket, dataset, url)
    with workspace("download", dataset.name, run_id, work_parent) as folder:
        target = folder / "source"
        worker = Worker(s3, report_progress, sleep, jitter, find_credentials, policy, landed)
        fetched = origin.source.fetch(origin, target, rules, worker)
        if landed and fetched.unchanged:
            told = "%s is as it was when it landed, and not fetched: s3://%s/%s (%s)"
            log.info(told, origin.shown, bucket, landed.key, fetched.etag or fetched.last_modified)
            return landed
        try:
            refuse_unless_csv(target, origin.shown, dataset)
        except SourceFileError as error:
            raise SourceFileError(f"{error} {fetched.called}".rstrip()) from error
        sha256 = file_sha256(target)
        key = landing_key(dataset.name, sha256, dataset.source.file_name)
        uploaded = put_once(s3, target, bucket, key, expires=dataset.protection.keep_landing_days is not None)
        size = target.stat().st_size
    log.info("%s: %s bytes, %s s3://%s/%s", origin.shown, f"{size:,}", "now" if uploaded else "already", bucket, key)
    return Landed(
        bucket=bucket,
        key=key,
        url=origin.shown,
        file_name=dataset.source.file_name,
        bytes=size,
        sha256=sha256,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        version_id=fetched.version_id,
    )


def refuse_beforehand(url: str, dataset: Dataset, local: LocalUse) -> None:
    """Refuse a source that `download` would refuse, as far as can be told without asking another machine.

    Args:
        url: As for `download`.
        dataset: The data set.
        local: What may be read of the file system and network.

    Raises:
        SourceUrlError, DownloadError, FileTooLargeError, SourceFileError: As `download` does.
    """
    rules = SourceRules.of(dataset.source, local)
    origin = admit(url, rules)
    path = origin.source.refuse_beforehand(origin, rules)
    if path is not None:
        refuse_unless_csv(path, origin.shown, dataset)
