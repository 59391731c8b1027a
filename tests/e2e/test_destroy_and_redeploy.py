"""What ``make deploy`` and ``make destroy`` do in an account that nobody prepared for the CDK, and by what rights.

The embedded AWS enforces IAM here, and the commands have its variables as they would have those of a person's shell.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from commands import deploy
from commands.cdk_cli import Assembly
from commands.embedded import Deployed
from commands.embedded_assembly import embedded_assembly
from commands.project import find_dataset
from csvdynamo.datasets.dataset import Dataset
from local_aws.environment import ACCOUNT
from local_aws.server import LocalAws

KEY = "source/kept.csv"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return find_dataset("ev_population")


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    with LocalAws(secure=True, log=tmp_path / "local-aws.log") as running:
        yield running


def who_may_only_assume_the_cdks_roles(deployed: Deployed) -> dict[str, str]:
    """Make a user who may do nothing else; the variables of their shell."""
    iam = deployed.client("iam")
    iam.create_user(UserName="deployer")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/cdk-*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName="deployer", PolicyName="cdk", PolicyDocument=document)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def read_back(deployed: Deployed, dataset: Dataset) -> tuple[bytes, list[dict[str, dict[str, str]]]]:
    """The object and the items that are there."""
    body: bytes = deployed.client("s3").get_object(Bucket=deployed.outputs["SourceBucket"], Key=KEY)["Body"].read()
    items: list[dict[str, dict[str, str]]] = deployed.client("dynamodb").scan(TableName=dataset.table.name)["Items"]
    return body, items


def test_who_may_only_take_on_the_cdks_roles_destroys_the_stack_and_deploys_it_again(
    aws: LocalAws, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def in_shell_of(variables: Mapping[str, str]) -> Assembly:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return embedded_assembly(dataset)

    deployed = Deployed(aws, deploy.deploy(in_shell_of(aws.environment), dataset, ()))
    assert "This account and Region have no CDK bootstrap stack yet" in capsys.readouterr().out
    item = {dataset.table.partition_key: {"S": "A_1"}}
    deployed.client("s3").put_object(Bucket=deployed.outputs["SourceBucket"], Key=KEY, Body=b"kept")
    deployed.client("dynamodb").put_item(TableName=dataset.table.name, Item=item)

    assembly = in_shell_of(who_may_only_assume_the_cdks_roles(deployed))
    assembly.destroy(dataset, {})

    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        deployed.client("stepfunctions").describe_state_machine(
            stateMachineArn=deployed.outputs["MigrationWorkflowStateMachine"]
        )
    assert read_back(deployed, dataset) == (b"kept", [item])

    again = deploy.deploy(assembly, dataset, ())

    assert capsys.readouterr().out == ""
    assert (again["SourceBucket"], again["DestinationTable"]) == (
        deployed.outputs["SourceBucket"],
        deployed.outputs["DestinationTable"],
    )
    assert read_back(deployed, dataset) == (b"kept", [item])
    owned = deployed.client("cloudformation").describe_stack_resources(StackName=dataset.stack_name)["StackResources"]
    assert {again["SourceBucket"], again["DestinationTable"]} <= {found["PhysicalResourceId"] for found in owned}
    with pytest.raises(SystemExit, match="not authorized to perform"):
        assembly.bootstrap({})
