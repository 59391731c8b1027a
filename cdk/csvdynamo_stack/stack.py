"""One stack a data set: everything in AWS that takes its CSV to its table."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_stack.airflow_policy import AirflowPolicy
from csvdynamo_stack.error_stream import BUFFER_SECONDS, ErrorStream
from csvdynamo_stack.functions import Functions
from csvdynamo_stack.names import stack_names
from csvdynamo_stack.notifications import Notifications
from csvdynamo_stack.storage import Storage
from csvdynamo_stack.workflow import MapSettings, Workers, Workflow

_LOG_RETENTION = logs.RetentionDays.THREE_MONTHS


class CsvDynamoStack(Stack):
    """The stack ``csvdynamo-<data set>``.

    Its outputs are what an Airflow worker needs to know, and its one parameter, ``SendCompletionEmailTo``,
    subscribes an address to the results topic when it is not empty.
    """

    def __init__(self, scope: Construct, dataset: Dataset, *, code: Path, account: str, region: str) -> None:
        """Build the stack.

        Args:
            scope: The CDK app.
            dataset: The data set.
            code: The folder of the handlers, ``lambdas/``.
            account: The AWS account. It must be known: CloudFormation takes a kept bucket back only by a name
                that is written out, and the bucket's name holds the account.
            region: The AWS Region.

        Raises:
            NameTooLongError: A name made from the data set's is longer than AWS allows.
        """
        super().__init__(
            scope,
            dataset.stack_name,
            env=Environment(account=account, region=region),
            description=f"csvdynamo: takes the data set {dataset.name} from CSV to DynamoDB",
        )
        self.dataset = dataset
        names = stack_names(dataset.stack_name, account, region)
        email = CfnParameter(
            self,
            "SendCompletionEmailTo",
            default="",
            description="Address that is told of every migration's end; empty for nobody",
        )
        storage = Storage(
            self,
            "Storage",
            bucket_name=names.bucket,
            table=dataset.table,
            rules=dataset.rules,
            protection=dataset.protection,
        )
        error_stream = ErrorStream(
            self,
            "Errors",
            bucket=storage.bucket,
            encryption=storage.encryption,
            account=account,
            retention=_LOG_RETENTION,
        )
        functions = Functions(
            self,
            "Functions",
            code=code,
            rules=dataset.rules,
            bucket=storage.bucket,
            table=storage.table,
            encryption=storage.encryption,
            error_stream=error_stream,
            retention=_LOG_RETENTION,
            actions=dataset.write.actions,
        )
        notifications = Notifications(self, "Notifications", email=email)
        workflow = Workflow(
            self,
            "Workflow",
            name=names.machine,
            account=account,
            dataset=dataset.name,
            settings=_map_settings(dataset),
            workers=Workers(
                storage.bucket, storage.encryption, functions.migrate_batch, functions.consolidate, notifications
            ),
            retention=_LOG_RETENTION,
        )
        notifications.announce_failures(dataset=dataset.name, machine_arn=workflow.arn)
        airflow = AirflowPolicy(
            self,
            "Airflow",
            stack_name=dataset.stack_name,
            dataset=dataset.name,
            source=dataset.source,
            machine_name=names.machine,
            bucket=storage.bucket,
            table=storage.table,
            managed=dataset.table.managed,
            adapts=dataset.limits.adapts,
            forgets=dataset.protection.keep_snapshot_runs is not None,
            encryption=storage.encryption,
            notifications=notifications,
        )
        self._outputs(
            {
                StackOutput.SOURCE_BUCKET: storage.bucket.bucket_name,
                StackOutput.MACHINE: workflow.machine.attr_arn,
                StackOutput.TOPIC: notifications.topic.topic_arn,
                StackOutput.TABLE: storage.table.table_name,
                StackOutput.DELIVERY_STREAM: error_stream.name,
                StackOutput.ERROR_BUFFER_SECONDS: str(BUFFER_SECONDS),
                StackOutput.RULES_DIGEST: dataset.rules.digest,
                StackOutput.SETTINGS_DIGEST: dataset.settings_digest,
                StackOutput.AIRFLOW_POLICY: airflow.arn,
            }
        )

    def _outputs(self, values: dict[StackOutput, str]) -> None:
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)


def _map_settings(dataset: Dataset) -> MapSettings:
    return MapSettings(
        rows_per_batch=dataset.limits.rows_per_batch,
        max_input_bytes_per_batch=dataset.limits.max_input_bytes_per_batch,
        max_concurrency=dataset.limits.first_concurrency,
        tolerated_failure_percent=dataset.gates.tolerated_failure_percent,
    )
