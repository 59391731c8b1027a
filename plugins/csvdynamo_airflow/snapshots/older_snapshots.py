"""Deletes the digests of older snapshots, for good, where a data set keeps those of its last green runs alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Snapshot
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.snapshots.kept_runs import read_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = shown_log(__name__)


def forget_older(s3: "S3Client", dataset: str, green: Prepared, keep: int) -> None:
    """Delete the digests of green runs but for the last ones, and those of red runs that they had looked at.

    What a kept snapshot names stays, and what may yet tell what a red run has put into the table; and since a run that
    wrote all rows tells nothing of what was there before, so do those of the run before it as long as its own. The
    lists of rows that were not written are small, and stay. It ends at the first run whose digests are gone: those
    before it are.

    Args:
        s3: A boto3 S3 client.
        dataset: The data set's name.
        green: What the last green run prepared, whose snapshot was remembered.
        keep: How many green runs' digests stay, its own among them.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    pointer = StoredPointer(s3, green.bucket, dataset).read()
    if green.difference is None or pointer.snapshot is None or pointer.snapshot.execution != green.execution_name:
        return
    kept, gone = {pointer.snapshot.key, *(trace.key for trace in pointer.traces)}, set[str]()
    newer: Prepared | None = green
    for place, (snapshot, run) in enumerate(_before(s3, dataset, green), 1):
        traces = run.difference.traces if run and run.difference else ()
        keys = [snapshot.key, *(trace.key for trace in traces)]
        if place < keep or (newer is not None and newer.base is None):
            kept.update(keys)
            newer = run
            continue
        newer = None
        for key in keys:
            if key not in kept | gone and not _delete(s3, green.bucket, key) and key == snapshot.key:
                return
            gone.add(key)


def _before(s3: "S3Client", dataset: str, run: Prepared) -> Iterator[tuple[Snapshot, Prepared | None]]:
    """Give what green runs before a run have left, the newest first, and what each of them prepared."""
    seen = {run.execution_name}
    last: Prepared | None = run
    while last and last.difference and (before := last.difference.before) and before.execution not in seen:
        seen.add(before.execution)
        last = read_prepared(s3, run.bucket, dataset, before.execution)
        yield before, last


def _delete(s3: "S3Client", bucket: str, key: str) -> bool:
    """Delete each version of an object; return whether there was one."""
    found = False
    try:
        while True:
            version = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
            found = True
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
    if found:
        log.info("The digests s3://%s/%s are of an older run, and were deleted.", bucket, key)
    return found
