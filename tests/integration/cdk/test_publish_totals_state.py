import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from csvdynamo_stack.definition import fill, read_workflow
from local_aws.server import LocalAws

ANSWER = {
    "TOTAL_NUMBER_OF_ITEMS_WRITTEN": 9,
    "TOTAL_NUMBER_OF_ITEMS_IN_ERROR": 1,
    "DESTINATION_TABLE_NAME": "tb_trees",
    "MESSAGE": "9 rows were written",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with LocalAws() as aws:
        key = (aws.environment["AWS_ACCESS_KEY_ID"], aws.environment["AWS_SECRET_ACCESS_KEY"])
        session = boto3.Session(*key, region_name="us-east-1")
        yield lambda service: session.client(service, endpoint_url=aws.endpoint)


def publish(client: Any, name: str, consolidated: dict[str, Any]) -> dict[str, Any]:
    """Run the workflow's last state alone, on what consolidate answered."""
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    state = fill(
        read_workflow()["States"]["Publish totals"], {"TopicArn": topic, "Partition": "aws", "DatasetName": "trees"}
    )
    machines = client("stepfunctions")
    machine = machines.create_state_machine(
        name=name,
        roleArn="arn:aws:iam::000000000000:role/any",
        definition=json.dumps({"StartAt": "Publish totals", "States": {"Publish totals": state}}),
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine, input=json.dumps(consolidated))["executionArn"]
    found = machines.describe_execution(executionArn=execution)
    while found["status"] == "RUNNING":
        time.sleep(0.05)
        found = machines.describe_execution(executionArn=execution)
    assert found["status"] == "SUCCEEDED", found
    output: dict[str, Any] = json.loads(found["output"])
    return output


def test_the_output_has_the_publication_and_no_longer_the_message(client: Any) -> None:
    output = publish(client, "without-errors", ANSWER)

    assert output.pop("SnsPublish")["MessageId"]
    assert output == {key: value for key, value in ANSWER.items() if key != "MESSAGE"}


def test_a_key_that_is_there_only_sometimes_stays(client: Any) -> None:
    location = {"ERROR_DATA_LOCATION": "s3://bucket/migration_errors/execution_name=one"}

    output = publish(client, "with-errors", ANSWER | location)

    assert output["ERROR_DATA_LOCATION"] == location["ERROR_DATA_LOCATION"]
    assert "MESSAGE" not in output
