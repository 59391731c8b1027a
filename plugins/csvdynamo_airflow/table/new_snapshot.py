"""The snapshot that a green run leaves: which of its rows it has put into the table."""

import time
from typing import TYPE_CHECKING

from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Snapshot
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import file_sha256, upload
from csvdynamo_airflow.storage.workspace import workspace
from csvdynamo_airflow.table.expected_items import RowOutcomes, read_row_outcomes
from csvdynamo_airflow.table.table_check import RowOutcome

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNWRITTEN_FILE = "unwritten.csv"

_REJECTED = {RowOutcome.REJECTED: "true", RowOutcome.UNFINISHED: "false"}
"""What the list says of a row; nothing where another one's item was left alone under its key."""

log = shown_log(__name__)


def remember_snapshot(s3: "S3Client", dataset: str, prepared: Prepared, outcome: Outcome, run_id: str) -> None:
    """Make what a green run has put into the table the data set's snapshot, where it writes only what changed.

    Args:
        s3: A boto3 S3 client.
        dataset: The data set's name.
        prepared: What the run prepared.
        outcome: What was read of its newest execution.
        run_id: The DAG run's id, which names the temporary folder.

    Raises:
        ObjectError: The table of the rows is gone or was changed.
        ObjectPostponedError, WrittenMeanwhileError: The bucket does not take it.
        NoSpaceError: The temporary folder has no room.
    """
    if prepared.difference is None:
        return
    with workspace("snapshot", dataset, run_id) as folder:
        space = DiskSpace(folder, "list the rows that were not written")
        keep_snapshot(s3, dataset, prepared, read_row_outcomes(s3, prepared, outcome, space), space)


def keep_snapshot(s3: "S3Client", dataset: str, prepared: Prepared, outcomes: RowOutcomes, space: DiskSpace) -> None:
    """Store beside the digests of a run's rows the list of those that are not in the table, and point to both.

    The arguments and errors are those of `remember_snapshot`, but for the outcomes of the rows and the space of a
    temporary folder.
    """
    difference = prepared.difference
    if difference is None or difference.digests_key is None:
        log.warning("The rows of this run could not be compared with others: the next run writes all.")
        return
    if outcomes.marks is None or outcomes.unplaced_ids:
        log.warning("Nobody knows of every row whether it was written: the next run writes all.")
        return
    path = space.folder / UNWRITTEN_FILE
    with space.open_text(path) as file:
        for row, mark in enumerate(outcomes.marks):
            if mark:
                file.write(f"{row},{_REJECTED.get(outcomes.of(row), '')}\n")
        for number in sorted(outcomes.undeleted):
            file.write(f"{-number},false\n")
    sha256 = file_sha256(path)
    key = f"{reports_prefix(dataset, prepared.execution_name)}{path.stem}-{sha256[:16]}{path.suffix}"
    upload(s3, path, prepared.bucket, key)
    snapshot = Snapshot(
        key=difference.digests_key,
        sha256=difference.digests_sha256,
        unwritten_key=key,
        unwritten_sha256=sha256,
        rules=prepared.rules,
        table=difference.table,
        execution=prepared.execution_name,
        at=difference.at,
        left=time.time(),
    )
    told = [*difference.traces, *([difference.trace] if difference.trace else [])]
    StoredPointer(s3, prepared.bucket, dataset).remember(snapshot, told)
