"""A data set's deployed stack, as its CloudFormation outputs tell."""

from dataclasses import dataclass
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.errors import MigrationError


@dataclass(frozen=True)
class Stack:
    """What a DAG learns of its stack at run time.

    Attributes:
        dataset: The data set's name.
        bucket: The bucket that every step shares.
        state_machine_arn: The Distributed Map's state machine.
        topic_arn: The topic that announces results.
        table: The destination table's name.
        error_stream: The Firehose stream's name.
        error_buffer_seconds: Firehose's buffer interval; files appear about one and a half intervals later.
        dataset_hash: Digest of the data set file that it was deployed from.
    """

    dataset: str
    bucket: str
    state_machine_arn: str
    topic_arn: str
    table: str
    error_stream: str
    error_buffer_seconds: int
    dataset_hash: str


def read_stack(cloudformation: Any, dataset: Dataset) -> Stack:
    """Read the outputs of a data set's stack.

    Args:
        cloudformation: A boto3 CloudFormation client.
        dataset: The DAG's data set.

    Raises:
        MigrationError: There is no such stack, or it lacks an output.
    """
    outputs = _outputs(cloudformation, dataset)
    try:
        return Stack(
            dataset=dataset.name,
            bucket=outputs["SourceBucket"],
            state_machine_arn=outputs["MigrationWorkflowStateMachine"],
            topic_arn=outputs["PublishMigrationResultsTopic"],
            table=outputs["DestinationTable"],
            error_stream=outputs["ErrorDeliveryStream"],
            error_buffer_seconds=int(outputs["ErrorBufferSeconds"]),
            dataset_hash=outputs["DatasetHash"],
        )
    except KeyError as missing:
        raise MigrationError(
            f"Stack {dataset.stack_name} has no output {missing}: it was deployed by another version of csvdynamo. "
            f"Deploy it again: make deploy DATASET={dataset.name}"
        ) from None


def refuse_other_version(stack: Stack, dataset: Dataset) -> None:
    """Refuse a stack whose Lambdas would apply other rules than the DAG checks.

    Args:
        stack: The data set's stack.
        dataset: The DAG's data set.

    Raises:
        MigrationError: The stack was deployed from another version of the data set file.
    """
    if stack.dataset_hash != dataset.digest:
        raise MigrationError(
            f"Stack {dataset.stack_name} was deployed from another version of datasets/{dataset.name}.toml "
            f"(deployed {stack.dataset_hash[:12]}, here {dataset.digest[:12]}). "
            f"Deploy it again: make deploy DATASET={dataset.name}"
        )


def _outputs(cloudformation: Any, dataset: Dataset) -> dict[str, str]:
    try:
        [description] = cloudformation.describe_stacks(StackName=dataset.stack_name)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise MigrationError(
            f"There is no stack {dataset.stack_name} in {cloudformation.meta.region_name}. "
            f"Deploy it first: make deploy DATASET={dataset.name}"
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
