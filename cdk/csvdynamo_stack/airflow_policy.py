"""What the Airflow side may do: a managed policy, to be attached to the role or the user of the connection.

Each statement is for what some tasks of the DAG call, and for nothing else; a test takes every action away in turn
and sees those tasks fail.
"""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.sources import grants
from csvdynamo.folders import DIGESTS, REPORTS_PREFIX
from csvdynamo_stack.encryption import DataEncryption
from csvdynamo_stack.names import MAP_RUN_LABEL, SERVICE_PREFIXES, airflow_prefixes
from csvdynamo_stack.notifications import Notifications
from csvdynamo_stack.policies import allow


class AirflowPolicy(Construct):
    """The managed policy of one data set's DAG."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_name: str,
        dataset: str,
        source: Source,
        machine_name: str,
        bucket: s3.IBucket,
        table: dynamodb.ITable,
        managed: bool,
        adapts: bool,
        forgets: bool,
        encryption: DataEncryption,
        notifications: Notifications,
    ) -> None:
        super().__init__(scope, construct_id)
        self._place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            description=f"What Airflow needs to run the DAG csvdynamo_{dataset}, and nothing else",
            statements=[
                allow(["cloudformation:DescribeStacks"], [self._arn("cloudformation", f"stack/{stack_name}/*")]),
                *_bucket(bucket, dataset),
                *([_older_digests(bucket, dataset)] if forgets else []),
                *self._executions(machine_name),
                *(self._concurrency(machine_name) if adapts else []),
                # Its key before a run; the check of the table after it, by a sample of keys and whole.
                allow(["dynamodb:DescribeTable", "dynamodb:BatchGetItem", "dynamodb:Scan"], [table.table_arn]),
                # What the owner of a table has set may be another than the data set file says.
                *([] if managed else [allow(["dynamodb:DescribeTimeToLive"], [table.table_arn])]),
                *encryption.to_write_objects(bucket),
                *encryption.to_read_items(table),
                allow(["sns:Publish"], [notifications.topic.topic_arn]),
                allow(["kms:Decrypt", "kms:GenerateDataKey"], [notifications.key.key_arn]),
                *_source(source),
            ],
        )

    @property
    def arn(self) -> str:
        """The policy's ARN."""
        return self.policy.managed_policy_arn

    def _executions(self, machine: str) -> Iterable[iam.PolicyStatement]:
        """Allow to start, watch, stop and redrive the machine's executions.

        Which resource each action has:
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
        """
        yield allow(
            ["states:StartExecution", "states:ListExecutions", "states:DescribeStateMachine"],
            [self._arn("states", f"stateMachine:{machine}")],
        )
        yield allow(
            [
                "states:DescribeExecution",
                "states:DescribeStateMachineForExecution",
                "states:ListMapRuns",
                "states:StopExecution",
                "states:RedriveExecution",
            ],
            [self._arn("states", f"execution:{machine}:*")],
        )
        yield allow(["states:DescribeMapRun"], [self._arn("states", f"mapRun:{machine}/{MAP_RUN_LABEL}:*")])

    def _concurrency(self, machine: str) -> Iterable[iam.PolicyStatement]:
        """Allow to look at batches that have ended, and to change how many run at once."""
        map_run = f"{machine}/{MAP_RUN_LABEL}"
        yield allow(["states:ListExecutions", "states:UpdateMapRun"], [self._arn("states", f"mapRun:{map_run}:*")])
        # The children are EXPRESS: the reference names ARNs of both forms, execution: and express:, for the action.
        yield allow(["states:DescribeExecution"], [self._arn("states", f"ex*:{map_run}:*")])

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{Aws.PARTITION}:{service}:{self._place}:{resource}"


def _bucket(bucket: s3.IBucket, dataset: str) -> Iterable[iam.PolicyStatement]:
    own = [f"{prefix}*" for prefix in airflow_prefixes(dataset)]
    others = [f"{prefix}*" for prefix in SERVICE_PREFIXES]
    # Without it S3 answers 403, not 404, for an object that is not there yet; a condition on the prefix would not do,
    # because a read carries no prefix.
    yield allow(["s3:ListBucket"], [bucket.bucket_arn])
    yield allow(["s3:GetObject"], [bucket.arn_for_objects(pattern) for pattern in (*own, *others)])
    # An upload in parts that fails is taken back.
    yield allow(["s3:PutObject", "s3:AbortMultipartUpload"], [bucket.arn_for_objects(pattern) for pattern in own])


def _older_digests(bucket: s3.IBucket, dataset: str) -> iam.PolicyStatement:
    """Allow to delete digests of rows, by their versions: such an object is never the last word on a row."""
    return allow(["s3:DeleteObjectVersion"], [bucket.arn_for_objects(f"{REPORTS_PREFIX}{dataset}/*/{DIGESTS}-*")])


def _source(source: Source) -> Iterable[iam.PolicyStatement]:
    """Allow what the kinds of what the data set file names say that they need."""
    for grant in grants(*source.granted):
        yield allow(grant.actions, [f"arn:{Aws.PARTITION}:{resource}" for resource in grant.resources])
