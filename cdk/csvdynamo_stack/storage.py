"""The bucket and the table: what a data set leaves behind, kept when the stack is destroyed."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

# CloudFormation's RetainExceptOnCreate: a first deploy that fails leaves nothing behind, a destroy leaves the data.
KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE

_ABANDONED_UPLOAD_LIFE = Duration.days(7)


class Storage(Construct):
    """The data set's bucket and its destination table."""

    def __init__(
        self, scope: Construct, construct_id: str, *, bucket_name: str, table_name: str, partition_key: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=KEPT,
            lifecycle_rules=[
                s3.LifecycleRule(id="abandoned-uploads", abort_incomplete_multipart_upload_after=_ABANDONED_UPLOAD_LIFE)
            ],
        )
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=table_name,
            partition_key=dynamodb.Attribute(name=partition_key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # Also guards a table that was taken back against the rollback of the deploy that took it.
            deletion_protection=True,
            removal_policy=KEPT,
        )
