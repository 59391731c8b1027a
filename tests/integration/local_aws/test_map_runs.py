import json
from typing import Any

import pytest

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map, fail_when, until

COUNTS = {
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
    "failuresNotRedrivable",
    "pendingRedrive",
}


def test_a_map_run_is_described_while_it_goes_on(embedded: Cloud) -> None:
    child = {"Type": "Wait", "Seconds": 60, "End": True}
    machine = embedded.machine(distributed_map(child, ItemsPath="$.items", ItemBatcher={"MaxItemsPerBatch": 2}))
    execution = embedded.start(machine, {"items": list(range(7))})
    client = embedded.client("stepfunctions")
    until(lambda: client.list_map_runs(executionArn=execution)["mapRuns"], bool)

    run = until(lambda: embedded.map_run(execution), lambda run: run["executionCounts"]["running"] == 2)

    client.stop_execution(executionArn=execution)
    assert run["status"] == "RUNNING"
    assert set(run["itemCounts"]) == set(run["executionCounts"]) == COUNTS
    assert (run["itemCounts"]["running"], run["itemCounts"]["pending"], run["itemCounts"]["total"]) == (4, 3, 7)
    assert (run["executionCounts"]["pending"], run["executionCounts"]["total"]) == (2, 4)


@pytest.mark.parametrize(
    ("threshold", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentagePath": "$.percent"}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 100}, "FAILED"),
    ],
)
def test_failures_are_tolerated_by_items(embedded: Cloud, threshold: dict[str, Any], status: str) -> None:
    machine = distributed_map(
        fail_when("$.Items[0]", NumericEquals=1), ItemsPath="$.items", ItemBatcher={"MaxItemsPerBatch": 2}, **threshold
    )

    ended = embedded.run(machine, {"items": [1, 1, 2, 2], "percent": 50})

    run = embedded.map_run(ended["executionArn"])
    assert (ended["status"], run["status"]) == (status, status)
    assert (run["itemCounts"]["failed"], run["executionCounts"]["failed"]) == (2, 1)


def test_a_child_that_runs_when_the_threshold_is_passed_ends_aborted(embedded: Cloud) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:no-such-function",
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 99}],
        "End": True,
    }
    child = fail_when("$", StringEquals="fails")
    child["Yes"] = task
    machine = distributed_map(child, ItemsPath="$.items")

    ended = embedded.run(machine, {"items": ["retries", "fails", "never starts"]})

    run = embedded.map_run(ended["executionArn"])
    counts = run["executionCounts"]
    assert (counts["aborted"], counts["failed"], counts["pending"], counts["running"]) == (1, 1, 1, 0)
    assert sorted(c["status"] for c in embedded.children(run["mapRunArn"])) == ["ABORTED", "FAILED"]


def test_a_child_whose_function_returns_after_the_threshold_was_passed_is_aborted(embedded: Cloud) -> None:
    function = embedded.function("import time\ndef handler(event, context):\n    time.sleep(1)\n    return 'late'\n")
    child = fail_when("$", StringEquals="fails")
    child["Yes"] = {"Type": "Task", "Resource": function, "End": True}

    ended = embedded.run(distributed_map(child, ItemsPath="$.items"), {"items": ["slow", "fails"]})

    counts = embedded.map_run(ended["executionArn"])["executionCounts"]
    assert (counts["aborted"], counts["failed"], counts["succeeded"]) == (1, 1, 0)


def test_stopping_the_execution_aborts_its_map_run(embedded: Cloud) -> None:
    child = {"Type": "Wait", "Seconds": 60, "End": True}
    bucket = embedded.bucket()
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": bucket}}
    machine = embedded.machine(distributed_map(child, ItemsPath="$.items", MaxConcurrency=1, ResultWriter=writer))
    execution = embedded.start(machine, {"items": [1, 2, 3]})
    client = embedded.client("stepfunctions")
    until(lambda: client.list_map_runs(executionArn=execution)["mapRuns"], bool)
    until(lambda: embedded.map_run(execution), lambda run: run["executionCounts"]["running"])

    client.stop_execution(executionArn=execution, error="Asked", cause="by hand")

    run = until(lambda: embedded.map_run(execution), lambda run: run["status"] != "RUNNING")
    assert run["status"] == "ABORTED"
    assert (run["executionCounts"]["aborted"], run["executionCounts"]["pending"]) == (1, 2)
    assert {key.rsplit("/", 1)[1] for key in embedded.keys(bucket)} == {
        "FAILED_0.json",
        "PENDING_0.json",
        "manifest.json",
    }
    described = embedded.describe(execution)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Asked", "by hand")


def test_children_are_executions_of_their_own(embedded: Cloud) -> None:
    child = {
        "Type": "Pass",
        "Parameters": {"name.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"},
        "End": True,
    }

    ended = embedded.run(distributed_map(child, ItemsPath="$.items"), {"items": [{"n": 1}]})

    run = embedded.map_run(ended["executionArn"])
    (described,) = embedded.children(run["mapRunArn"])
    machine = ended["stateMachineArn"].rsplit(":", 1)[1]
    assert described["stateMachineArn"].endswith(f":stateMachine:{machine}/Items")
    assert described["executionArn"].endswith(f":execution:{machine}/Items:{described['name']}")
    assert json.loads(ended["output"]) == [{"name": described["name"], "input": {"n": 1}}]


def test_no_more_children_run_at_once_than_there_are_workers(embedded: Cloud) -> None:
    machine = embedded.machine(
        distributed_map({"Type": "Wait", "Seconds": 60, "End": True}, ItemsPath="$.items", MaxConcurrency=40)
    )
    execution = embedded.start(machine, {"items": list(range(9))})
    client = embedded.client("stepfunctions")
    until(lambda: client.list_map_runs(executionArn=execution)["mapRuns"], bool)

    run = until(lambda: embedded.map_run(execution), lambda run: run["executionCounts"]["running"] >= 2)

    client.stop_execution(executionArn=execution)
    assert run["maxConcurrency"] == 40
    assert run["executionCounts"]["running"] == 2


def test_a_lambda_function_works_off_batches(embedded: Cloud) -> None:
    function = embedded.function("def handler(event, context):\n    return {'rows': len(event['Items'])}\n")
    bucket = embedded.bucket(file="id\n" + "".join(f"{n}\n" for n in range(10)))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    }
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": "file"},
    }

    ended = embedded.run(distributed_map(task, ItemReader=reader, ItemBatcher={"MaxItemsPerBatch": 4}))

    assert json.loads(ended["output"]) == [{"rows": 4}, {"rows": 4}, {"rows": 2}]


def test_a_caught_map_run_goes_on_to_the_catcher(embedded: Cloud) -> None:
    machine = distributed_map(
        fail_when("$", NumericEquals=1),
        ItemsPath="$.items",
        Catch=[{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}],
    )
    machine["States"]["Caught"] = PASS

    assert embedded.run(machine, {"items": [1]})["status"] == "SUCCEEDED"


@pytest.mark.parametrize("value", [True, None, [1], "1"])
def test_a_count_that_is_no_number_starts_no_map_run(embedded: Cloud, value: Any) -> None:
    machine = distributed_map(PASS, ItemsPath="$.items", ToleratedFailureCountPath="$.count")

    ended = embedded.run(machine, {"items": [1], "count": value})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "which is not a valid integer: $.count" in ended["cause"]
    assert embedded.client("stepfunctions").list_map_runs(executionArn=ended["executionArn"])["mapRuns"] == []
