"""What a run prepared, and by which rules, kept in the bucket beside its report for the runs after it.

What a task leaves in Airflow goes with the DAG run, and only that run reads it. Whoever rests on an earlier run reads
it here.
"""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_versioned
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import RulesError
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.run_line import read_runs, runs_key
from csvdynamo_airflow.documents.snapshot import Snapshot
from csvdynamo_airflow.documents.task_documents import DocumentError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREPARED_FILE = "prepared.json"

log = shown_log(__name__)


def rules_key(dataset_name: str, digest: str) -> str:
    """Name the object of the rules of a digest (`RowRules.digest`)."""
    return f"{REPORTS_PREFIX}{dataset_name}/rules/{digest}.json"


def prepared_document_key(dataset_name: str, execution_name: str) -> str:
    """Name the object of what the run prepared whose first execution has a name."""
    return reports_prefix(dataset_name, execution_name) + PREPARED_FILE


def keep_prepared(s3: "S3Client", prepared: Prepared, dataset: Dataset) -> None:
    """Keep what a run prepared, and the rules that it did so by.

    A run that prepares the same file once more, as it was cleared, finds itself as the last that wrote. What was before
    it is what was when it prepared the file first.

    Args:
        s3: A boto3 S3 client.
        prepared: What the run prepared.
        dataset: The data set, by whose rules it did.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    difference = prepared.difference
    if difference and prepared.execution_name in {difference.since, *_executions(difference.before)}:
        first = read_prepared(s3, prepared.bucket, dataset.name, prepared.execution_name)
        if first and first.difference:
            difference = replace(difference, before=first.difference.before, since=first.difference.since)
            prepared = replace(prepared, difference=difference)
    for key, body in (
        (rules_key(dataset.name, dataset.rules.digest), dataset.rules.to_json()),
        (prepared_document_key(dataset.name, prepared.execution_name), json.dumps(prepared.to_json()).encode()),
    ):
        s3.put_object(Bucket=prepared.bucket, Key=key, Body=body, ContentType="application/json")


def _executions(snapshot: Snapshot | None) -> tuple[str, ...]:
    return (snapshot.execution,) if snapshot else ()


def read_prepared(s3: "S3Client", bucket: str, dataset_name: str, execution_name: str) -> Prepared | None:
    """Read what a run prepared; None where that was not kept, or another version of csvdynamo did.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        dataset_name: The data set.
        execution_name: The name of the run's first execution (`Prepared.execution_name`).

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    document = _read(s3, bucket, prepared_document_key(dataset_name, execution_name))
    try:
        return Prepared.from_json(json.loads(document)) if document else None
    except (ValueError, DocumentError) as error:
        log.warning("What the run of execution %s prepared is not read: %s", execution_name, error)
        return None


def read_rules(s3: "S3Client", bucket: str, dataset_name: str, digest: str) -> RowRules | None:
    """Read the rules of a digest; None where they were not kept, or another version of csvdynamo did.

    The arguments and errors are those of `read_prepared`, but for the digest (`Prepared.rules`).
    """
    document = _read(s3, bucket, rules_key(dataset_name, digest))
    try:
        rules = RowRules.from_json(document) if document else None
    except RulesError as error:
        log.warning("The rules %s are not read: %s", digest, error)
        return None
    return rules if rules is None or rules.digest == digest else None


def find_execution(s3: "S3Client", bucket: str, dataset_name: str, run_id: str) -> str | None:
    """Find the name of a DAG run's first execution in the list of runs; None where the run is not there.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        dataset_name: The data set.
        run_id: The DAG run's id.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    lines = read_runs(_read(s3, bucket, runs_key(dataset_name)) or b"[]")
    # A report lies in its run's folder.
    return next((line.report.split("/")[-2] for line in lines if line.run_id == run_id), None)


def _read(s3: "S3Client", bucket: str, key: str) -> bytes | None:
    try:
        return read_versioned(s3, bucket, key)[0]
    except s3.exceptions.NoSuchKey:
        return None
