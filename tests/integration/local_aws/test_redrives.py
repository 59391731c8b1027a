"""RedriveExecution: what runs again, what does not, and how it is told."""

import json
from typing import Any

from tests.integration.local_aws.cloud import Cloud, distributed_map

DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
WRITER = "arn:aws:states:::s3:putObject"


class Switch:
    """A Lambda function that fails, or hangs, for the inputs that an object in S3 lists, and counts its calls there."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.bucket = cloud.bucket(fails="[]")
        code = (
            "import boto3, json, time, uuid\n"
            "s3 = boto3.client('s3')\n"
            "def handler(event, context):\n"
            f"    s3.put_object(Bucket={self.bucket!r}, Key='calls/' + json.dumps(event) + str(uuid.uuid4()))\n"
            f"    fails = s3.get_object(Bucket={self.bucket!r}, Key='fails')['Body'].read().decode()\n"
            "    if event in json.loads(fails):\n"
            "        raise ValueError('as asked')\n"
            "    return event\n"
        )
        self.function = cloud.function(code)
        self.task = {"Type": "Task", "Resource": self.function, "End": True}

    def fail(self, *inputs: Any) -> None:
        self.cloud.client("s3").put_object(Bucket=self.bucket, Key="fails", Body=json.dumps(inputs))

    def calls(self, given: Any) -> int:
        return sum(key.startswith("calls/" + json.dumps(given)) for key in self.cloud.keys(self.bucket))


def redrive(cloud: Cloud, execution: str) -> dict[str, Any]:
    """Redrive an execution and describe it when it has ended again."""
    cloud.client("stepfunctions").redrive_execution(executionArn=execution)
    return cloud.ended(execution)


def events(cloud: Cloud, execution: str) -> list[dict[str, Any]]:
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]


def result_files(cloud: Cloud, bucket: str) -> dict[str, list[Any]]:
    """The records of each result file of the only Map Run that wrote to a bucket."""
    [manifest] = [key for key in cloud.keys(bucket) if key.endswith("manifest.json")]
    listed = json.loads(cloud.read(bucket, manifest))["ResultFiles"]
    return {
        status: [record for file in files for record in json.loads(cloud.read(bucket, file["Key"]))]
        for status, files in listed.items()
    }


def test_a_redrive_goes_on_at_the_state_that_failed_with_its_input(embedded: Cloud) -> None:
    first, second = Switch(embedded), Switch(embedded)
    second.fail({"n": 1})
    states = {
        "First": {"Type": "Task", "Resource": first.function, "Next": "Second"},
        "Second": second.task,
    }
    failed = embedded.run({"StartAt": "First", "States": states}, {"n": 1})
    second.fail()

    ended = redrive(embedded, failed["executionArn"])

    assert (failed["status"], ended["status"]) == ("FAILED", "SUCCEEDED")
    assert (first.calls({"n": 1}), second.calls({"n": 1})) == (1, 2)
    assert json.loads(ended["output"]) == {"n": 1}
    assert (ended["executionArn"], ended["startDate"]) == (failed["executionArn"], failed["startDate"])
    kinds = [event["type"] for event in events(embedded, failed["executionArn"])]
    assert kinds.count("TaskStateEntered") == 2
    assert kinds[kinds.index("ExecutionFailed") + 1] == "ExecutionRedriven"


def test_only_children_that_did_not_succeed_run_again_in_the_same_map_run(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail(2)
    bucket = embedded.bucket()
    writer = {"Resource": WRITER, "Parameters": {"Bucket": bucket}}
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1, ResultWriter=writer)
    failed = embedded.run(machine, {"items": [1, 2, 3, 4]})
    before = embedded.map_run(failed["executionArn"])
    files_before = result_files(embedded, bucket)
    switch.fail()

    ended = redrive(embedded, failed["executionArn"])

    after = embedded.map_run(failed["executionArn"])
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    assert (ended["status"], ended["redriveStatus"], ended["redriveCount"]) == ("SUCCEEDED", "NOT_REDRIVABLE", 1)
    assert ended["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert ended["redriveDate"] >= failed["stopDate"]
    assert "error" not in ended and "cause" not in ended
    assert [switch.calls(n) for n in (1, 2, 3, 4)] == [1, 2, 1, 1]
    assert before["executionCounts"] | {"succeeded": 1, "failed": 1, "pending": 2} == before["executionCounts"]
    assert after["mapRunArn"] == before["mapRunArn"]
    assert (before["status"], before["redriveCount"], after["status"], after["redriveCount"]) == (
        "FAILED",
        0,
        "SUCCEEDED",
        1,
    )
    assert after["redriveDate"] >= before["stopDate"]
    assert after["executionCounts"] | {"succeeded": 4, "failed": 0, "pending": 0, "pendingRedrive": 0} == (
        after["executionCounts"]
    )
    assert (after["itemCounts"]["resultsWritten"], after["itemCounts"]["total"]) == (4, 4)
    assert {status: len(records) for status, records in files_before.items()} == {
        "SUCCEEDED": 1,
        "FAILED": 1,
        "PENDING": 2,
    }
    files = result_files(embedded, bucket)
    assert sorted(record["Input"] for record in files["SUCCEEDED"]) == ["1", "2", "3", "4"]
    assert (files["FAILED"], files["PENDING"]) == ([], [])
    redriven = [e for e in events(embedded, failed["executionArn"]) if e["type"] == "MapRunRedriven"]
    assert [e["mapRunRedrivenEventDetails"] for e in redriven] == [
        {"mapRunArn": after["mapRunArn"], "redriveCount": 1}
    ]
