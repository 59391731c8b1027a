"""What the last green run landed of the same source: it need not be fetched again where its publisher says so."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.preparation.same_source.made_by import made_by
from csvdynamo_airflow.snapshots.kept_runs import read_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SPARE = timedelta(days=1)
"""How long a file has to stay in the bucket that nobody uploads again: until prepare has read it."""


def landed_before(s3: "S3Client", bucket: str, dataset: Dataset, url: str) -> Landed | None:
    """Find what the last green run landed, where the same request as then may give the same file.

    Only of the data set's own source, by the settings of then: what a run keeps of another URL has no query, which may
    be a secret, so that two of them look alike. Nor where something spoke against the source: whoever downloads it
    again wants it anew.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        dataset: The data set.
        url: The source of this run.

    Returns:
        What landed; None where the source is fetched as ever: another one, a data set that writes every row, no green
        run, or a file that is not in the bucket, or not for long.
    """
    if not dataset.write.only_changed or url != dataset.source.url:
        return None
    snapshot = StoredPointer(s3, bucket, dataset.name).read().snapshot
    prepared = read_prepared(s3, bucket, dataset.name, snapshot.execution) if snapshot else None
    if prepared is None or not prepared.usual_source or prepared.made_by != made_by(dataset):
        return None
    if prepared.source_warnings or prepared.questions:
        return None
    landed = prepared.source
    return landed if _is_there(s3, landed, dataset.protection.keep_landing_days) else None


def _is_there(s3: "S3Client", landed: Landed, keep_days: int | None) -> bool:
    try:
        head = s3.head_object(Bucket=landed.bucket, Key=landed.key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return False
    return keep_days is None or datetime.now(UTC) - head["LastModified"] <= timedelta(days=keep_days) - _SPARE
