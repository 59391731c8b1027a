"""What a green run leaves for the runs after it, with clients of the Airflow connection."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.gates.row_mark import remember_rows
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.schema.schema_memory import remember_run
from csvdynamo_airflow.snapshots.older_snapshots import forget_older
from csvdynamo_airflow.table.new_snapshot import remember_snapshot
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.task_shell import open_dataset

log = shown_log(__name__)


def remember_green_run(
    dataset_name: str, prepared: Mapping[str, Any], run_id: str, read: Mapping[str, Any] | None
) -> None:
    """Remember a green run's columns, how many rows it had, and its snapshot, for the next source to be compared with.

    The rows are accounted for by now: a bucket that cannot be written, or a disk without room, costs nobody that, only
    the next comparison.
    Another source than the data set's own may be a part of it or a corrected error CSV: its rows are no measure.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned.
        run_id: The DAG run's id.
        read: What fetch_error_files returned.
    """
    s3, file = client("s3"), Prepared.from_json(prepared)
    with _warned("The columns of this run could not be remembered"):
        remember_run(s3, dataset_name, file)
    with _warned("The rows of this run could not be remembered"):
        if file.usual_source:
            remember_rows(s3, dataset_name, file, run_id)
    # One that rests on no snapshot has some rows alone: the next run has to write all of them.
    if read and not file.nothing_to_write and (file.base or not file.replay):
        with _warned("The snapshot of this run could not be remembered"):
            remember_snapshot(s3, dataset_name, file, Outcome.from_json(read), run_id)
        with _warned("Digests of older runs could not be deleted"):
            if keep := open_dataset(dataset_name).protection.keep_snapshot_runs:
                forget_older(s3, dataset_name, file, keep)


@contextmanager
def _warned(what: str) -> Iterator[None]:
    """Let a run stay green for which something cannot be done, and the rest be done."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    try:
        yield
    except (MigrationError, MigrationPostponedError, BotoCoreError, ClientError) as error:
        log.warning("%s: %s", what, error)
