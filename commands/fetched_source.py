"""A source's bytes on the disk: a file where it is, a web address fetched as the task download does."""

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from commands.local_source import local_path, local_settings
from csvdynamo.datasets.sources import HTTP, S3, has_user, is_source_url, kind_of
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import local_use
from csvdynamo_airflow.source.protocol import SourceRules, Worker
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.storage.growing_file import ReportProgress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def fetch_source(asked: str, folder: Path, report_progress: ReportProgress) -> Path:
    """Give the file with a source's bytes.

    Args:
        asked: A path or a URL.
        folder: Where a download goes.
        report_progress: Is told of the bytes received.

    Raises:
        MigrationError, MigrationPostponedError: It is none that can be read.
    """
    if kind_of(asked) is S3:
        raise MigrationError("An object of S3 is looked at from a file: fetch it with `aws s3 cp`, and name that.")
    if kind_of(asked) is not HTTP:
        path = local_path(asked)
        if not path.is_file():
            raise MigrationError(f"{asked}: there is no such file.")
        return path
    local = local_use(local_settings(asked))
    rules = SourceRules(local_folder=None, local_hosts=local.hosts, url=asked)
    origin = admit(asked, rules)
    target = folder / "download"
    # Of an address of the web, nothing asks for S3 or for a connection.
    worker = Worker(cast("S3Client", None), report_progress, time.sleep, random.uniform)
    origin.source.fetch(origin, target, rules, worker)
    return target


def address_of(asked: str) -> str:
    """Give the address that a data set file names a source by; empty for a file."""
    return asked if kind_of(asked) is HTTP and is_source_url(asked) and not has_user(asked) else ""
