"""The bucket and the table: what a data set leaves behind, kept when the stack is destroyed."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.table_rules import Table
from csvdynamo.folders import (
    ERRORS_PREFIX,
    FIREHOSE_ERRORS_PREFIX,
    LANDING_PREFIX,
    REPORTS_PREFIX,
    RESULTS_PREFIX,
    SOURCE_PREFIX,
)
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_stack.destination import KEPT, destination
from csvdynamo_stack.encryption import DataEncryption

_ABANDONED_UPLOAD_LIFE = Duration.days(7)
# The bucket keeps versions: what expires, or is written over, can be brought back for so long, and then it is gone.
_EXPIRED_VERSION_LIFE = Duration.days(7)


class Storage(Construct):
    """The data set's bucket and its destination table."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str,
        table: Table,
        rules: RowRules,
        protection: Protection,
    ) -> None:
        super().__init__(scope, construct_id)
        self.encryption = DataEncryption(self, "Encryption", protection.encryption, table)
        key = self.encryption.key
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            versioned=True,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            # One request to KMS for many objects, not one for each.
            bucket_key_enabled=True if key else None,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=KEPT,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="abandoned-uploads", abort_incomplete_multipart_upload_after=_ABANDONED_UPLOAD_LIFE
                ),
                *_expiry(protection),
            ],
        )
        self.table = destination(self, "Table", table, rules, key)


def _expiry(protection: Protection) -> Iterator[s3.LifecycleRule]:
    """Make a rule for each folder of the bucket that is not kept for ever.

    A rule with days also removes the delete markers that it leaves, once no version is behind them:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    for prefix, days in (
        (LANDING_PREFIX, protection.keep_landing_days),
        (SOURCE_PREFIX, protection.keep_source_days),
        (ERRORS_PREFIX, protection.keep_error_days),
        (FIREHOSE_ERRORS_PREFIX, protection.keep_error_days),
        (RESULTS_PREFIX, protection.keep_result_days),
        (REPORTS_PREFIX, protection.keep_report_days),
    ):
        if days is not None:
            yield s3.LifecycleRule(
                id=f"expire-{prefix.rstrip('/')}",
                prefix=prefix,
                expiration=Duration.days(days),
                noncurrent_version_expiration=_EXPIRED_VERSION_LIFE,
            )
