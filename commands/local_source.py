"""What a command allows the DAG to read: the one source that the person at the terminal named, or one folder."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from commands.project import SAMPLES
from commands.sample import SAMPLE_DATASET, write_sample
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo.datasets.sources import HTTP, LOCAL, kind_of
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import LOCAL_BUCKETS, LOCAL_FOLDER, LOCAL_HOSTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def local_path(source: str) -> Path:
    """Give the path that a source is or, in a ``file://`` URL, names, with every symbolic link followed.

    Raises:
        MigrationError: It is no URL and can be no path: a home of nobody, links that lead in a circle.
    """
    try:
        path = unquote(urlsplit(source).path) if "://" in source else source
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        # Not quoted: it may hold a password.
        raise MigrationError("The source names no file. Give its path, or a URL as https://host/path.") from None


def local_settings(source: str) -> dict[str, str]:
    """Give the settings with which the DAG may read a source.

    Args:
        source: A URL, or a file's whole path.

    Returns:
        Variables: of a web address, its host and port beside those that the person's environment names; of an object
        of S3, its bucket beside those; of a file, the folder that it is in; of another kind, for which the data set
        file and IAM say what may be read, no folder.
    """
    if re.match("https?://", source, re.IGNORECASE):
        host = re.split("[/?#]", source.split("://", 1)[1], maxsplit=1)[0].rpartition("@")[2]
        # What is no host is for the task to refuse, in words about the URL.
        hosts = [os.environ.get(LOCAL_HOSTS, ""), host if HostRule.from_text(host) else ""]
        return {LOCAL_HOSTS: ",".join(filter(None, hosts)), LOCAL_FOLDER: ""}
    if (named := ObjectRule.from_url(source)) is not None:
        buckets = [os.environ.get(LOCAL_BUCKETS, ""), ObjectRule(named.bucket, "").url]
        return {LOCAL_BUCKETS: ",".join(filter(None, buckets)), LOCAL_FOLDER: ""}
    if kind_of(source) not in {HTTP, LOCAL, None}:
        return {LOCAL_FOLDER: ""}
    return {LOCAL_FOLDER: str(local_path(source).parent)}


def lay_object(s3: "S3Client", source: str, path: Path) -> None:
    """Put a file where a source's URL says, into the embedded AWS, with its bucket."""
    named = ObjectRule.from_url(source)
    assert named is not None  # or it was refused beforehand
    if named.bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=named.bucket)
    s3.upload_file(str(path), named.bucket, named.key)


def source_to_try(dataset: Dataset) -> Path:
    """Make the folder that the DAGs may read; give the path of a file in it, the sample if that is of the data set."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    path = SAMPLES / dataset.source.file_name
    return write_sample(path).path if dataset.name == SAMPLE_DATASET else path
