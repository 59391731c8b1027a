"""Amends what is told of a run whose rows were replayed: its report stays, a document beside it says what is since."""

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_object
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.replay import Replay
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.documents.since import ReplayLine, Since, since_key
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb, sql_text
from csvdynamo_airflow.storage.stored_document import change_document
from csvdynamo_airflow.storage.stored_file import fetch
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = shown_log(__name__)


def amend(
    s3: "S3Client", dataset: str, prepared: Prepared, outcome: Outcome, *, ledger: Mapping[str, int], run_id: str
) -> Since | None:
    """Say beside the report of a run what a green replay made of its rows; None where the run is none.

    Args:
        s3: A boto3 S3 client.
        dataset: The data set's name.
        prepared: What the replay prepared.
        outcome: What was read of its newest execution.
        ledger: What became of the rows that it was given.
        run_id: Its DAG run's id.

    Raises:
        ObjectError: The table of its rows is gone or was changed.
        WrittenMeanwhileError: Others write all the time.
        botocore.exceptions.ClientError: The first run's report is gone, or S3 refuses it.
    """
    replay = prepared.replay
    if replay is None:
        return None
    with workspace("amend", dataset, run_id) as folder:
        added, replaced = _count(s3, prepared, replay, outcome, DiskSpace(folder, "count the replayed rows"))
    line = ReplayLine(run_id, prepared.execution_name, time.time(), dict(ledger), added, replaced)
    report = json.loads(read_object(s3, prepared.bucket, reports_prefix(dataset, replay.execution) + REPORT_FILE))
    amended = Since(replay.run, replay.execution, report["ledger"])

    def with_it(document: bytes | None) -> bytes:
        nonlocal amended
        amended = (Since.from_json(document) if document else amended).with_replay(line)
        return amended.to_json()

    key = since_key(dataset, replay.execution)
    change_document(s3, prepared.bucket, key, with_it)
    told = "Of the %s rows of the run %s %s were in the table when it ended, and %s are now: s3://%s/%s"
    rows = (f"{amended.rows_then:,}", f"{amended.rows_since:,}")
    log.info(told, f"{amended.ledger['source_rows']:,}", replay.run, *rows, prepared.bucket, key)
    return amended


def _count(s3: "S3Client", prepared: Prepared, replay: Replay, outcome: Outcome, space: DiskSpace) -> tuple[int, int]:
    """Count the rows of the first run that are in the table since, and those that they took the place of."""
    if prepared.nothing_to_write or outcome.rows_key is None:
        return 0, 0
    rows, left_out = space.folder / "rows", space.folder / "outcome"
    fetch(s3, prepared.bucket, replay.rows_key, replay.rows_sha256, rows)
    fetch(s3, prepared.bucket, outcome.rows_key, outcome.digests[outcome.rows_key], left_out)
    with open_duckdb(space) as session:
        [counts] = session.execute(
            f"""
            WITH written AS (
                SELECT * FROM read_parquet({sql_text(rows)}) AS rows
                    ANTI JOIN read_parquet({sql_text(left_out)}) AS left_out USING (row) WHERE wins
            )
            SELECT count(DISTINCT origin) FILTER (NOT again), (
                SELECT count(DISTINCT "over") FROM written
                WHERE "over" NOT IN (SELECT origin FROM written WHERE origin IS NOT NULL)
            ) FROM written
            """  # noqa: S608
        ).fetchall()
    added, replaced = counts
    return added, replaced
