"""The list of a data set's runs, kept in the bucket beside their reports: many runs in one small object.

It is made of the reports and is no witness of anything: who doubts a line reads the report that it names.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from csvdynamo.rules.codes import RejectCode
from csvdynamo.shown import shown
from csvdynamo_airflow.accounting.report_document import Report, json_of
from csvdynamo_airflow.documents.run_line import RunLine, read_runs, runs_key
from csvdynamo_airflow.storage.stored_document import change_document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUNS = 500
"""How many runs the list has at most: the last ones."""

_PROBLEM_LENGTH = 300


def run_line(report: Report, key: str, at: float) -> RunLine:
    """Write a report as a line of the list.

    Args:
        report: The report.
        key: Its key in the bucket.
        at: When it was written, in seconds since the epoch.
    """
    return RunLine(
        run_id=report.run_id,
        report=key,
        at=at,
        accounted=report.accounted,
        dry_run=report.dry_run,
        problem=shown(report.problems[0], _PROBLEM_LENGTH) if report.problems else "",
        ledger=json_of(report.ledger),
        source_bytes=report.source.bytes,
        source_modified=report.source.last_modified,
        schema_changes=len(report.schema_changes),
        write_units=report.write_units,
        seconds=round(sum(report.seconds.values()), 3),
        files=tuple(location.rpartition("/")[2] for location in report.error_files),
        kind=_kind(report),
        deleted=report.changes.deleted if report.changes else 0,
        left_alone=report.rejects_by_code.get(RejectCode.LEFT_ALONE, 0)
        + (report.changes.left_alone if report.changes else 0),
    )


def _kind(report: Report) -> str:
    if report.changes and report.changes.rollback:
        return "rollback"
    return "replay" if report.replays else ""


def list_run(s3: "S3Client", bucket: str, dataset_name: str, line: RunLine) -> None:
    """Put a run into the list, in the place of what was told of it before.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        dataset_name: The data set.
        line: The run.

    Raises:
        WrittenMeanwhileError: Others write all the time.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """

    def with_it(document: bytes | None) -> bytes:
        others = (one for one in read_runs(document or b"[]") if one.run_id != line.run_id)
        return _written([*others, line])

    change_document(s3, bucket, runs_key(dataset_name), with_it)


def _written(lines: Iterable[RunLine]) -> bytes:
    newest = sorted(lines, key=lambda line: line.at)[-RUNS:]
    return json.dumps([line.to_json() for line in newest]).encode()
