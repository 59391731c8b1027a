"""A person's approval of a prepared file, kept beside the run's report: a run that is cleared asks no second time."""

import json
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_object
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.task_documents import DocumentError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

APPROVAL_FILE = "approval.json"

log = shown_log(__name__)


def approval_key(dataset_name: str, prepared: Prepared) -> str:
    """Name the object that keeps the approval of a run's prepared file."""
    return reports_prefix(dataset_name, prepared.execution_name) + APPROVAL_FILE


def recall_approval(s3: "S3Client", dataset_name: str, prepared: Prepared) -> Approval | None:
    """Read the approval of what is asked about a prepared file, None if nobody gave it.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: The prepared file.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    key = approval_key(dataset_name, prepared)
    try:
        kept = Approval.from_json(json.loads(read_object(s3, prepared.bucket, key)))
    except s3.exceptions.NoSuchKey:
        return None
    except (DocumentError, ValueError) as error:
        log.warning("s3://%s/%s is no approval, so it is asked for again: %s", prepared.bucket, key, error)
        return None
    return kept if kept.lets_pass(prepared.asked) else None


def keep_approval(s3: "S3Client", dataset_name: str, prepared: Prepared, approval: Approval) -> None:
    """Keep an approval.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: The prepared file.
        approval: The approval.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    s3.put_object(
        Bucket=prepared.bucket,
        Key=approval_key(dataset_name, prepared),
        Body=json.dumps(approval.to_json()).encode("utf-8"),
        ContentType="application/json",
    )
