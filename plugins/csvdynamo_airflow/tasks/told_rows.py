"""Whether consumers of the table were told of a run's rows: each row once, by the event of the run that wrote it."""

import json
from collections.abc import Mapping
from typing import Any

from csvdynamo.aws.stored_object import read_object
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.tasks.connections import client

TOLD_FILE = "told.json"
"""Beside a run's report: the execution that consumers of the table were told of, and how often it was redriven."""

log = shown_log(__name__)


def has_untold_rows(dataset_name: str, prepared: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    """Tell whether rows were written of which no one was told yet.

    A run that is cleared after its success attaches to the same execution, and writes nothing. Where the bucket does
    not say what was told, rows count as not told: consumers who are told twice lose nothing.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned.
        report: What report returned.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    if not report["ledger"]["written"]:
        return False
    file, s3 = Prepared.from_json(prepared), client("s3")
    try:
        told = json.loads(read_object(s3, file.bucket, _told_key(dataset_name, file)))
    except (s3.exceptions.NoSuchKey, ValueError):
        return True
    except (BotoCoreError, ClientError) as error:
        log.warning("Whether consumers of the table were told of this run's rows could not be read: %s", error)
        return True
    return bool(told != report["execution"])


def note_told(dataset_name: str, prepared: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Note that consumers of the table were told of a run's rows; takes what `has_untold_rows` does."""
    file = Prepared.from_json(prepared)
    body = json.dumps(report["execution"]).encode()
    client("s3").put_object(Bucket=file.bucket, Key=_told_key(dataset_name, file), Body=body)


def _told_key(dataset_name: str, file: Prepared) -> str:
    return reports_prefix(dataset_name, file.execution_name) + TOLD_FILE
