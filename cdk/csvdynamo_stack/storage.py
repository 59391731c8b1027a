"""The bucket and the table: what a data set leaves behind, kept when the stack is destroyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.datasets.protection import Protection
from csvdynamo.folders import (
    ERRORS_PREFIX,
    FIREHOSE_ERRORS_PREFIX,
    LANDING_PREFIX,
    REPORTS_PREFIX,
    RESULTS_PREFIX,
    SOURCE_PREFIX,
)
from csvdynamo.rules.keys import KeyAttribute, KeyType, TableKey
from csvdynamo_stack.encryption import DataEncryption

_TYPES: Mapping[KeyType, dynamodb.AttributeType] = {
    "S": dynamodb.AttributeType.STRING,
    "N": dynamodb.AttributeType.NUMBER,
    "B": dynamodb.AttributeType.BINARY,
}

# CloudFormation's RetainExceptOnCreate: a first deploy that fails leaves no bucket behind, a destroy leaves the data.
# The table, which is protected, stays in either case.
KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE

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
        table_name: str,
        table_key: TableKey,
        protection: Protection,
    ) -> None:
        super().__init__(scope, construct_id)
        self.encryption = DataEncryption(self, "Encryption", protection.encryption)
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
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=table_name,
            partition_key=_attribute(table_key.partition),
            sort_key=None if table_key.sort is None else _attribute(table_key.sort),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
            encryption_key=key,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # Also guards a table that was taken back against the rollback of the deploy that took it.
            deletion_protection=True,
            removal_policy=KEPT,
        )


def _attribute(part: KeyAttribute) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=part.name, type=_TYPES[part.type])


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
