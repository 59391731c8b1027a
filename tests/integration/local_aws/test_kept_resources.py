"""What a stack keeps is never emptied: not by a name that goes to another and back, nor by a delete or a rollback.

CloudFormation: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, ROLE, Cloud, until

KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
ITEM = {"id": {"S": "1"}}
KEY = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
TABLE = {
    **KEY,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "DeletionProtectionEnabled": True,
}


@dataclass(frozen=True)
class Kind:
    """A kind of resource with a name of its own that a stack keeps.

    Attributes:
        type: CloudFormation's name of it.
        name_property: what holds its name.
        properties: the rest.
        fill: puts something into it.
        held: what is in it.
    """

    type: str
    name_property: str
    properties: dict[str, Any]
    fill: Callable[[Cloud, str], Any]
    held: Callable[[Cloud, str], Any]

    def template(self, name: str) -> str:
        resource = {"Type": self.type, "Properties": {self.name_property: name, **self.properties}, **KEPT}
        return json.dumps({"Resources": {"Kept": resource}})


def machine_arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:000000000000:stateMachine:{name}"


def fill_log(cloud: Cloud, name: str) -> None:
    cloud.client("logs").create_log_stream(logGroupName=name, logStreamName="kept")


KINDS = [
    Kind(
        "AWS::DynamoDB::Table",
        "TableName",
        TABLE,
        lambda cloud, name: cloud.client("dynamodb").put_item(TableName=name, Item=ITEM),
        lambda cloud, name: cloud.client("dynamodb").scan(TableName=name)["Items"],
    ),
    Kind(
        "AWS::S3::Bucket",
        "BucketName",
        {},
        lambda cloud, name: cloud.client("s3").put_object(Bucket=name, Key="kept", Body=b"1"),
        lambda cloud, name: cloud.keys(name),
    ),
    Kind(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        {},
        fill_log,
        lambda cloud, name: [
            s["logStreamName"] for s in cloud.client("logs").describe_log_streams(logGroupName=name)["logStreams"]
        ],
    ),
    Kind(
        "AWS::StepFunctions::StateMachine",
        "StateMachineName",
        {"RoleArn": ROLE, "DefinitionString": json.dumps({"StartAt": "A", "States": {"A": PASS}})},
        lambda cloud, name: cloud.ended(cloud.start(machine_arn(name))),
        lambda cloud, name: cloud.client("stepfunctions").describe_state_machine(stateMachineArn=machine_arn(name))[
            "creationDate"
        ],
    ),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.type.rsplit("::", 1)[1] for kind in KINDS])


def deployed(cloud: Cloud, stack: str, template: str) -> str:
    """Deploy as the CDK does, existing resources imported; the stack's status then."""
    client = cloud.client("cloudformation")
    known = {found["StackName"] for found in client.describe_stacks()["Stacks"]}
    name = f"set-{uuid.uuid4()}"
    client.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if stack in known else "CREATE",
        TemplateBody=template,
        ImportExistingResources=True,
    )
    until(lambda: client.describe_change_set(StackName=stack, ChangeSetName=name)["Status"], "CREATE_COMPLETE".__eq__)
    client.execute_change_set(StackName=stack, ChangeSetName=name)
    return status(cloud, stack)


def status(cloud: Cloud, stack: str) -> str:
    client = cloud.client("cloudformation")
    look: Callable[[], str] = lambda: client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]  # noqa: E731
    ended: str = until(look, lambda seen: not seen.endswith("IN_PROGRESS"))
    return ended


def reasons(cloud: Cloud, stack: str) -> list[str]:
    events = cloud.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"].endswith("_FAILED")]


@each_kind
def test_a_name_that_goes_to_another_and_back_empties_nothing(embedded: Cloud, kind: Kind) -> None:
    stack, first, second = (f"kept-{uuid.uuid4()}" for _ in range(3))
    assert deployed(embedded, stack, kind.template(first)) == "CREATE_COMPLETE"
    kind.fill(embedded, first)
    held = kind.held(embedded, first)
    assert deployed(embedded, stack, kind.template(second)) == "UPDATE_COMPLETE"

    assert deployed(embedded, stack, kind.template(first)) == "UPDATE_ROLLBACK_COMPLETE"

    # CloudFormation finds a bucket's name taken before it deploys anything.
    assert re.search("already exists|Validation failed", "\n".join(reasons(embedded, stack)))
    assert kind.held(embedded, first) == held
    [resource] = embedded.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    assert resource["PhysicalResourceId"].rsplit(":", 1)[-1] == second


def test_a_stack_deletes_no_protected_table(embedded: Cloud) -> None:
    stack, name = f"kept-{uuid.uuid4()}", f"table-{uuid.uuid4()}"
    deletable = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **TABLE}}
    deployed(embedded, stack, json.dumps({"Resources": {"Table": deletable}}))
    embedded.client("dynamodb").put_item(TableName=name, Item=ITEM)

    embedded.client("cloudformation").delete_stack(StackName=stack)

    assert status(embedded, stack) == "DELETE_FAILED"
    assert any("protected against deletion" in reason for reason in reasons(embedded, stack))
    assert embedded.client("dynamodb").scan(TableName=name)["Items"] == [ITEM]


def test_a_protected_table_is_neither_deleted_nor_made_again(embedded: Cloud) -> None:
    client, name = embedded.client("dynamodb"), f"table-{uuid.uuid4()}"
    client.create_table(TableName=name, **TABLE)
    client.put_item(TableName=name, Item=ITEM)

    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(TableName=name, **TABLE)
    with pytest.raises(ClientError, match="protected against deletion"):
        client.delete_table(TableName=name)

    assert client.scan(TableName=name)["Items"] == [ITEM]
