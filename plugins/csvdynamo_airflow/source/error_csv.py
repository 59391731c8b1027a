"""The error CSV of a run as a source: an object of the stack's own bucket, which a run may read by itself."""

from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.landing import Landed, landing_key
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import file_sha256, put_once
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class NoErrorCsvError(MigrationError):
    """A run has no error CSV."""


def land_error_csv(s3: "S3Client", bucket: str, key: str, dataset: Dataset, run_id: str) -> Landed:
    """Copy an error CSV to ``landing/``: the run that it is of may write it again.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        key: The error CSV.
        dataset: The data set.
        run_id: The DAG run's id, which names the temporary folder.

    Raises:
        NoErrorCsvError: There is none, or it is empty.
        NoSpaceError: The temporary folder's disk has no room.
        ObjectError, ObjectPostponedError: The bucket has another file under the key, or takes none.
    """
    url = f"s3://{bucket}/{key}"
    with workspace("download", dataset.name, run_id) as folder:
        target = folder / "source"
        try:
            with DiskSpace(folder, f"fetch {url}").open(target) as file:
                s3.download_fileobj(bucket, key, file)
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
                raise
            raise NoErrorCsvError(f"There is no {url}: {_WHY_NONE}") from error
        size = target.stat().st_size
        if not size:
            raise NoErrorCsvError(f"{url} is empty: {_WHY_NONE}")
        sha256 = file_sha256(target)
        landed = landing_key(dataset.name, sha256, dataset.source.file_name)
        put_once(s3, target, bucket, landed, expires=dataset.protection.keep_landing_days is not None)
    return Landed(bucket, landed, url, dataset.source.file_name, size, sha256, etag=None, last_modified=None)


_WHY_NONE = "the run left no row out, or its files were deleted. There is nothing to be replayed."
