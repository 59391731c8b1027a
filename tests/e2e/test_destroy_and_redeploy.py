"""A destroyed stack leaves its bucket and table, and a later deploy takes them back with their data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from commands.embedded import Deployed, embedded_aws
from commands.embedded_assembly import embedded_assembly
from commands.project import find_dataset
from csvdynamo.dataset import Dataset

KEY = "source/kept.csv"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return find_dataset("ev_population")


@pytest.fixture
def deployed(dataset: Dataset, tmp_path: Path) -> Iterator[Deployed]:
    with embedded_aws(dataset, log=tmp_path / "local-aws.log") as running:
        yield running


def read_back(deployed: Deployed, dataset: Dataset) -> tuple[bytes, list[dict[str, dict[str, str]]]]:
    """The object and the items that are there."""
    body: bytes = deployed.client("s3").get_object(Bucket=deployed.outputs["SourceBucket"], Key=KEY)["Body"].read()
    items: list[dict[str, dict[str, str]]] = deployed.client("dynamodb").scan(TableName=dataset.table.name)["Items"]
    return body, items


def test_bucket_and_table_outlive_the_stack_and_the_next_deploy_takes_them_back(
    deployed: Deployed, dataset: Dataset
) -> None:
    item = {dataset.table.partition_key: {"S": "A_1"}}
    deployed.client("s3").put_object(Bucket=deployed.outputs["SourceBucket"], Key=KEY, Body=b"kept")
    deployed.client("dynamodb").put_item(TableName=dataset.table.name, Item=item)

    assembly = embedded_assembly(dataset)
    assembly.destroy(dataset, deployed.aws.environment)

    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        deployed.client("stepfunctions").describe_state_machine(
            stateMachineArn=deployed.outputs["MigrationWorkflowStateMachine"]
        )
    assert read_back(deployed, dataset) == (b"kept", [item])

    again = assembly.deploy(dataset, deployed.aws.environment)

    assert (again["SourceBucket"], again["DestinationTable"]) == (
        deployed.outputs["SourceBucket"],
        deployed.outputs["DestinationTable"],
    )
    assert read_back(deployed, dataset) == (b"kept", [item])
    owned = deployed.client("cloudformation").describe_stack_resources(StackName=dataset.stack_name)["StackResources"]
    assert {again["SourceBucket"], again["DestinationTable"]} <= {found["PhysicalResourceId"] for found in owned}
