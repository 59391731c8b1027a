"""The file that the execution reads where rows of a run are replayed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.write_rules import WriteMode
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import prepared_key
from csvdynamo_airflow.documents.replay import Replay
from csvdynamo_airflow.documents.snapshot import Base, Difference
from csvdynamo_airflow.preparation.changes import RowsToWrite, compare
from csvdynamo_airflow.preparation.prepare_file import PreparedFile
from csvdynamo_airflow.preparation.replay.replayed_rows import REPLAYED_ROWS_FILE, SettledRows
from csvdynamo_airflow.preparation.replay.replaying import Replaying
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import file_sha256, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GUARDED = "guarded_"
"""Stands before the name of a file whose rows say what they may take the place of."""


@dataclass(frozen=True)
class RowsToReplay(RowsToWrite):
    """The rows that are replayed. Nothing is deleted, and none is left out since the table has it: it may be another's.

    Attributes:
        settled: Which rows these are.
    """

    settled: SettledRows

    @property
    def vanished(self) -> None:
        """No key vanishes: an error CSV has some of a source's rows alone."""
        return None

    @property
    def judged(self) -> Path:
        """The rows that are written, as a file without guards."""
        return self.settled.path

    def difference(self, prefix: str, vanished_key: str | None) -> Difference | None:
        """Say what is written; None where a data set writes every row over whatever is there."""
        if self.path == self.settled.path:
            return None
        # Without a snapshot to compare with, as of new keys alone, there is nothing else to say.
        found = super().difference(prefix, vanished_key) or Difference(self.key, self.sha256, 0)
        return replace(
            found,
            file_key=self.key,
            sha256=self.sha256,
            bytes=self.path.stat().st_size,
            new=self.settled.new,
            changed=self.settled.changed,
            unchanged=0,
            vanished=0,
            why_all="",
            unknown_keys=0,
            guarded=True,
        )

    def replay(self, s3: "S3Client", bucket: str, prefix: str, replaying: Replaying) -> Replay:
        """Store the table of the replayed rows; return what the run says of the one that they are of.

        The table has a name of its own: a run that is prepared again leaves the one that tells of what it wrote before.
        """
        sha256 = file_sha256(self.settled.told)
        stem, _, suffix = REPLAYED_ROWS_FILE.partition(".")
        key = f"{prefix}{stem}-{sha256[:16]}.{suffix}"
        upload(s3, self.settled.told, bucket, key)
        first = replaying.run.first
        return Replay(first.run_id, first.execution, replaying.by, key, sha256)


def find_rows_to_replay(
    s3: "S3Client",
    landed: Landed,
    prepared: PreparedFile,
    dataset: Dataset,
    *,
    sha256: str,
    find_base: Callable[[], Base],
    space: DiskSpace,
) -> RowsToReplay:
    """Find the file of the rows that are replayed.

    Where a data set writes only what changed, they are compared with its snapshot, so that the next one tells of them,
    too. Where it writes every row, over whatever is there, its function may not do otherwise: no row has a guard.

    Args:
        s3: A boto3 S3 client.
        landed: What they were prepared from.
        prepared: The prepared file.
        dataset: The data set.
        sha256: The prepared file's digest, in hexadecimal.
        find_base: Finds the data set's snapshot.
        space: The space of the file's folder.

    Raises:
        NoSpaceError: The disk has no room.
    """
    settled = prepared.settled
    if settled is None:
        raise ValueError("the rows were not settled")
    if dataset.write.mode is WriteMode.ALL:
        return RowsToReplay(settled.path, prepared_key(dataset.name, sha256, landed.file_name), sha256, None, settled)
    comparison = None
    if prepared.keys is not None:
        comparison = compare(s3, landed.bucket, prepared, dataset, find_base(), space=space)
    sha256 = file_sha256(settled.guarded)
    key = prepared_key(dataset.name, sha256, f"{GUARDED}{landed.file_name}")
    return RowsToReplay(settled.guarded, key, sha256, comparison, settled)
