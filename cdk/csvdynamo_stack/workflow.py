"""The state machine, from ``workflow.asl.json``, with a role written by hand."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from csvdynamo.folders import RESULTS_PREFIX
from csvdynamo_stack.definition import definition_string, read_workflow
from csvdynamo_stack.encryption import DataEncryption
from csvdynamo_stack.names import MAP_RUN_LABEL
from csvdynamo_stack.notifications import Notifications
from csvdynamo_stack.policies import allow, service_role


@dataclass(frozen=True)
class MapSettings:
    """What a data set file says about the Map Run.

    Attributes:
        rows_per_batch: At most this many rows in a batch.
        max_input_bytes_per_batch: At most this many bytes in a child's input (Step Functions allows 256 KiB).
        max_concurrency: At most this many child executions at once.
        tolerated_failure_percent: The share of rows, in percent, whose batches may fail before the run does.
    """

    rows_per_batch: int
    max_input_bytes_per_batch: int
    max_concurrency: int
    tolerated_failure_percent: float


@dataclass(frozen=True)
class Workers:
    """What the machine calls and where it reads and writes."""

    bucket: s3.IBucket
    encryption: DataEncryption
    migrate_batch: lambda_.Function
    consolidate: lambda_.Function
    notifications: Notifications


class Workflow(Construct):
    """The STANDARD state machine of one data set."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        account: str,
        dataset: str,
        settings: MapSettings,
        workers: Workers,
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        # The prefix keeps the account's one log resource policy from growing with every machine:
        # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=retention,
            removal_policy=RemovalPolicy.DESTROY,
            encryption_key=workers.encryption.key,
        )
        substitutions = {
            "MigrateBatchFunctionArn": workers.migrate_batch.current_version.function_arn,
            "ConsolidateFunctionArn": workers.consolidate.current_version.function_arn,
            "TopicArn": workers.notifications.topic.topic_arn,
            "BucketName": workers.bucket.bucket_name,
        }
        values: dict[str, str | float] = {
            # A literal for every known Region, so that what the template holds can be checked as it is.
            "Partition": RegionInfo.get(Stack.of(self).region).partition or Aws.PARTITION,
            "MapRunLabel": MAP_RUN_LABEL,
            "ResultsPrefix": RESULTS_PREFIX,
            "DatasetName": dataset,
            "RowsPerBatch": settings.rows_per_batch,
            "MaxInputBytesPerBatch": settings.max_input_bytes_per_batch,
            "MaxConcurrency": settings.max_concurrency,
            "ToleratedFailurePercentage": _number(settings.tolerated_failure_percent),
        }
        self.machine = sfn.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=self._role(account, workers).role_arn,
            definition_string=definition_string(read_workflow(), values, substitutions),
            definition_substitutions=substitutions,
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                # Execution data is the rows themselves.
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
        )

    @property
    def arn(self) -> str:
        """The machine's ARN, made from its fixed name: its role must name it before it exists."""
        return f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:stateMachine:{self._name}"

    def _role(self, account: str, workers: Workers) -> iam.Role:
        executions = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:execution:{self._name}"
        results = workers.bucket.arn_for_objects(f"{RESULTS_PREFIX}*")
        topic, key = workers.notifications.topic, workers.notifications.key
        return service_role(
            self,
            "Role",
            service="states.amazonaws.com",
            account=account,
            description=f"What the state machine {self._name} may do",
            statements={
                # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
                "run-children": [
                    allow(["states:StartExecution"], [self.arn]),
                    allow(["states:DescribeExecution", "states:StopExecution"], [f"{executions}:*"]),
                    allow(["states:RedriveExecution"], [f"{executions}/{MAP_RUN_LABEL}:*"]),
                ],
                "read-and-report": [
                    allow(["s3:GetObject"], [workers.bucket.arn_for_objects("*")]),
                    allow(["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], [results]),
                    *workers.encryption.to_write_objects(workers.bucket),
                ],
                # A redrive calls the version that its execution began with.
                "invoke": [
                    allow(
                        ["lambda:InvokeFunction"],
                        [f"{function.function_arn}:*" for function in (workers.migrate_batch, workers.consolidate)],
                    )
                ],
                "publish": [
                    allow(["sns:Publish"], [topic.topic_arn]),
                    allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
                ],
                # Vended log delivery has no resource of its own to name:
                # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
                "log": [
                    allow(
                        [
                            "logs:CreateLogDelivery",
                            "logs:GetLogDelivery",
                            "logs:UpdateLogDelivery",
                            "logs:DeleteLogDelivery",
                            "logs:ListLogDeliveries",
                            "logs:PutResourcePolicy",
                            "logs:DescribeResourcePolicies",
                            "logs:DescribeLogGroups",
                        ],
                        ["*"],
                    )
                ],
            },
        )


def _number(value: float) -> int | float:
    """Write a whole number without a point, as the States Language's validators expect it."""
    return int(value) if value == int(value) else value
