"""A data set's deployed stack, as its CloudFormation outputs tell."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.errors import MigrationError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class Use(Enum):
    """What a task opens the stack for.

    LOOK: to see what a run left; a data set file that was changed during the run must not cost its report.
    CHECK: to hold its table against a file, for which its rules matter, and its settings where items expire. WRITE: to
    migrate rows, for which all of it does.
    """

    LOOK = "look"
    CHECK = "check"
    WRITE = "write"


@dataclass(frozen=True)
class Stack:
    """What a DAG learns of its stack at run time.

    Attributes:
        dataset: The data set's name.
        bucket: The bucket that every step shares.
        state_machine_arn: The Distributed Map's state machine.
        topic_arn: The topic that announces results.
        table: The destination table's name.
        error_buffer_seconds: Firehose's buffer interval; files appear about one and a half intervals later.
        rules: Digest of the rules that its functions apply (`RowRules.digest`).
        settings: Digest of what else it was made of (`Dataset.settings_digest`), "" of one that an earlier version of
            csvdynamo deployed.
    """

    dataset: str
    bucket: str
    state_machine_arn: str
    topic_arn: str
    table: str
    error_buffer_seconds: int
    rules: str
    settings: str


def read_stack(cloudformation: "CloudFormationClient", dataset: Dataset) -> Stack:
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
            bucket=outputs[StackOutput.SOURCE_BUCKET],
            state_machine_arn=outputs[StackOutput.MACHINE],
            topic_arn=outputs[StackOutput.TOPIC],
            table=outputs[StackOutput.TABLE],
            error_buffer_seconds=int(outputs[StackOutput.ERROR_BUFFER_SECONDS]),
            rules=outputs[StackOutput.RULES_DIGEST],
            settings=outputs.get(StackOutput.SETTINGS_DIGEST, ""),
        )
    except KeyError as missing:
        output: StackOutput = missing.args[0]
        raise MigrationError(
            f"Stack {dataset.stack_name} has no output {output.value!r}: it was deployed by another version of "
            f"csvdynamo. Deploy it again: make deploy DATASET={dataset.name}"
        ) from None


def refuse_other_version(stack: Stack, dataset: Dataset, use: Use) -> None:
    """Refuse a stack that is not what the data set file says by now.

    What only Airflow reads is no part of it: a schedule, a gate, a tag or a comment needs no deploy.

    Args:
        stack: The data set's stack.
        dataset: The DAG's data set.
        use: What for.

    Raises:
        MigrationError: An earlier version of csvdynamo deployed it, its functions would apply other rules than the DAG
            checks, or it has another write mode, other limits, tolerated failures, protection or settings of the table,
            or reads other buckets.
    """
    if use is Use.LOOK:
        return
    again = f"Deploy it again: make deploy DATASET={dataset.name}"
    if not stack.settings:
        raise MigrationError(f"Stack {dataset.stack_name} was deployed by another version of csvdynamo. {again}")
    pairs = [("other rules", stack.rules, dataset.rules.digest)]
    # Which items expire is a setting, and the check of the table tells by it what is lost.
    if use is Use.WRITE or dataset.table.ttl is not None:
        pairs += [
            (
                "another write.mode, or other limits, tolerated failures, protection, settings of the table or buckets "
                "to read",
                stack.settings,
                dataset.settings_digest,
            )
        ]
    for what, deployed, here in pairs:
        if deployed != here:
            raise MigrationError(
                f"Stack {dataset.stack_name} was deployed with {what} than datasets/{dataset.name}.toml has "
                f"(deployed {deployed[:12]}, here {here[:12]}). {again}"
            )


def _outputs(cloudformation: "CloudFormationClient", dataset: Dataset) -> dict[str, str]:
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
