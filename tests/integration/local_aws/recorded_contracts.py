"""What others recorded of AWS and plain MiniStack does not keep: each an observation, like those of contracts.py."""

import json
import uuid
from typing import Any

from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map, until
from tests.integration.local_aws.contracts import Contract
from tests.integration.local_aws.recorded_maps import HISTORIES, described


def history_of_a_map(cloud: Cloud) -> Any:
    ended = cloud.run(distributed_map(PASS, execution_type="STANDARD"), [1, 2])
    return [described({"previousEventId": None, **event}) for event in cloud.events(ended["executionArn"])]


def setting_that_cannot_be_used(cloud: Cloud) -> Any:
    machine = distributed_map(PASS, ItemsPath="$.items", ToleratedFailureCountPath="$.count")
    return cloud.run(machine, {"items": [1], "count": "no number"}).get("error")


def runtime_error_under_states_all(cloud: Cloud) -> Any:
    failing = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "States.Runtime"}}}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    both = {"Type": "Parallel", "Branches": [failing], "Catch": catch, "End": True}
    return cloud.run({"StartAt": "Both", "States": {"Both": both, "Caught": {"Type": "Succeed"}}})["status"]


def repeated_header(cloud: Cloud) -> Any:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": cloud.bucket(file="a,a\n1,2\n"), "Key": "file"},
    }
    return cloud.run(distributed_map(PASS, ItemReader=reader)).get("cause")


def executions_of_no_machine(cloud: Cloud) -> Any:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
    try:
        return cloud.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    except ClientError as error:
        return error.response["Error"]["Code"]


def items_of_a_table_whose_name_goes_and_comes_back(cloud: Cloud) -> Any:
    client, stack, first = cloud.client("cloudformation"), f"kept-{uuid.uuid4()}", f"table-{uuid.uuid4()}"
    for name in (first, f"table-{uuid.uuid4()}", first):
        properties = {
            "TableName": name,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        resource = {"Type": "AWS::DynamoDB::Table", "Properties": properties, **kept}
        known = {found["StackName"] for found in client.describe_stacks()["Stacks"]}
        put = client.update_stack if stack in known else client.create_stack
        put(StackName=stack, TemplateBody=json.dumps({"Resources": {"Kept": resource}}))
        until(
            lambda: client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"],
            lambda status: not status.endswith("IN_PROGRESS"),
        )
        if stack not in known:
            cloud.client("dynamodb").put_item(TableName=first, Item={"id": {"S": "1"}})
    return cloud.client("dynamodb").scan(TableName=first)["Items"]


RECORDED_CONTRACTS = [
    Contract(
        "a Map state's history is whole",
        history_of_a_map,
        HISTORIES["two_given"],
        "executions/history.py, and the events of distributed_map/state.py",
    ),
    Contract(
        "a setting that cannot be used has its error",
        setting_that_cannot_be_used,
        "States.Runtime",
        "distributed_map/numbers.py",
    ),
    Contract("States.ALL spares States.Runtime", runtime_error_under_states_all, "FAILED", "executions/error_names.py"),
    Contract(
        "a header that repeats is refused",
        repeated_header,
        "CSV headers cannot contain duplicates.",
        "distributed_map/csv_reader.py (RepeatedHeaderError)",
    ),
    Contract(
        "a machine that is not there has no executions to list",
        executions_of_no_machine,
        "StateMachineDoesNotExist",
        "executions/requests.py (_refusal)",
    ),
    Contract(
        "a kept table whose name comes back is not emptied",
        items_of_a_table_whose_name_goes_and_comes_back,
        [{"id": {"S": "1"}}],
        "kept_resources.py",
    ),
]
