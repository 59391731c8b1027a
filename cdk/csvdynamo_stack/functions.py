"""The two Lambda functions: one writes a batch of rows, the other adds up what the batches report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.folders import RESULTS_PREFIX, names_prefix
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.writing.settings import MEMORY_MIB
from csvdynamo.writing.turn import LONGEST_BATCH_SECONDS, turn_key
from csvdynamo_stack.asset import stage
from csvdynamo_stack.encryption import DataEncryption
from csvdynamo_stack.error_stream import ErrorStream
from csvdynamo_stack.policies import allow, service_role

# Five attempts of it and their waits fit in the child execution's five minutes; see "Migrate batch" in the workflow.
MIGRATE_BATCH_TIMEOUT = Duration.seconds(LONGEST_BATCH_SECONDS)
CONSOLIDATE_TIMEOUT = Duration.minutes(5)


class Functions(Construct):
    """``migrate_batch`` and ``consolidate``, from one asset, each with its own role and log group."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: Path,
        rules: RowRules,
        bucket: s3.IBucket,
        table: dynamodb.ITable,
        encryption: DataEncryption,
        error_stream: ErrorStream,
        retention: logs.RetentionDays,
        actions: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._retention = retention
        self._encryption = encryption
        with TemporaryDirectory(prefix="csvdynamo-asset-") as folder:
            stage(code, rules, Path(folder))
            asset = lambda_.Code.from_asset(folder)
            self.migrate_batch = self._function(
                "MigrateBatch",
                asset,
                handler="migrate_batch.handler",
                timeout=MIGRATE_BATCH_TIMEOUT,
                description="Writes a batch to DynamoDB, its rejects to Firehose",
                environment={
                    "DESTINATION_TABLE_NAME": table.table_name,
                    "ERROR_DELIVERY_STREAM_NAME": error_stream.name,
                    "SOURCE_BUCKET_NAME": bucket.bucket_name,
                    "TURN_KEY": turn_key(rules.dataset),
                },
                statements=[
                    allow([f"dynamodb:{one}" for one in actions], [table.table_arn]),
                    allow(["firehose:PutRecordBatch"], [error_stream.arn]),
                    *encryption.to_write_items(table),
                    allow(
                        ["s3:GetObject"],
                        [
                            bucket.arn_for_objects(turn_key(rules.dataset)),
                            bucket.arn_for_objects(f"{names_prefix(rules.dataset)}*"),
                        ],
                    ),
                    # Without it S3 answers 403, not 404, while no run has ever had a turn.
                    allow(["s3:ListBucket"], [bucket.bucket_arn]),
                    *encryption.to_read_objects(bucket),
                ],
            )
            self.consolidate = self._function(
                "Consolidate",
                asset,
                handler="consolidate.handler",
                timeout=CONSOLIDATE_TIMEOUT,
                description="Adds up the result files of a Map Run",
                environment={"DESTINATION_TABLE_NAME": table.table_name},
                statements=[
                    allow(["s3:GetObject"], [bucket.arn_for_objects(f"{RESULTS_PREFIX}*")]),
                    # Without it S3 answers 403, not 404, for a manifest that a Map Run without items never wrote; and
                    # a condition on the prefix would not do, because a read carries no prefix.
                    allow(["s3:ListBucket"], [bucket.bucket_arn]),
                    *encryption.to_read_objects(bucket),
                ],
            )

    def _function(
        self,
        name: str,
        code: lambda_.Code,
        *,
        handler: str,
        timeout: Duration,
        description: str,
        environment: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement],
    ) -> lambda_.Function:
        log_group = logs.LogGroup(
            self,
            f"{name}Log",
            retention=self._retention,
            removal_policy=RemovalPolicy.DESTROY,
            encryption_key=self._encryption.key,
        )
        role = service_role(
            self,
            f"{name}Role",
            service="lambda.amazonaws.com",
            account="",
            description=f"What {handler} may do",
            statements={
                "work": statements,
                "log": [allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])],
            },
        )
        return lambda_.Function(
            self,
            name,
            code=code,
            handler=handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=timeout,
            memory_size=MEMORY_MIB,
            description=description,
            environment=dict(environment),
            # By its ARN, so that nothing the CDK might grant later is added to what is written above.
            role=iam.Role.from_role_arn(self, f"{name}RoleAsWritten", role.role_arn, mutable=False),
            log_group=log_group,
            # An execution calls the version that it began with to its last redrive, whatever is deployed meanwhile.
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE),
        )
