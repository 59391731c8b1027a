"""TimeoutSeconds of Task states and of state machines."""

import json
from typing import Any

import pytest

from tests.integration.local_aws.cloud import Cloud, Switch, distributed_map, until


def only(task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": task}, **fields}


@pytest.mark.parametrize(
    "timeout",
    [
        {"TimeoutSeconds": 1},
        {"TimeoutSecondsPath": "$.seconds"},
        {"TimeoutSeconds": "{% $states.input.seconds %}", "QueryLanguage": "JSONata"},
    ],
    ids=["number", "path", "expression"],
)
def test_a_task_that_hangs_ends_with_its_timeout(embedded: Cloud, timeout: dict[str, Any]) -> None:
    switch = Switch(embedded)
    switch.hang({"seconds": 1})

    ended = embedded.run(only(switch.task | timeout), {"seconds": 1})

    switch.hang()
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    [timed_out] = [e for e in embedded.events(ended["executionArn"]) if e["type"] == "TaskTimedOut"]
    assert timed_out["taskTimedOutEventDetails"]["error"] == "States.Timeout"


def test_a_timeout_is_retried_by_its_name_alone(embedded: Cloud) -> None:
    switch = Switch(embedded)
    retry = [
        {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 0},
        # More than one: on a busy machine a function may take longer than a second to begin, too.
        {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 10},
    ]
    switch.hang({})
    execution = embedded.start(embedded.machine(only({**switch.task, "TimeoutSeconds": 1, "Retry": retry})))
    until(lambda: [e["type"] for e in embedded.events(execution)], lambda seen: "TaskTimedOut" in seen)
    switch.hang()

    assert embedded.ended(execution)["status"] == "SUCCEEDED"
    assert switch.calls({}) >= 2


def test_a_state_machine_past_its_timeout_stops_all_and_may_be_redriven(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.hang(2)
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1)
    execution = embedded.start(embedded.machine({**machine, "TimeoutSeconds": 6}), {"items": [1, 2, 3]})

    timed_out = embedded.ended(execution)
    switch.hang()
    stopped = until(lambda: embedded.map_run(execution), lambda run: run["status"] != "RUNNING")
    ended = embedded.redrive(execution)

    assert (timed_out["status"], timed_out["redriveStatus"]) == ("TIMED_OUT", "REDRIVABLE")
    assert stopped["status"] == "ABORTED"
    counts = stopped["executionCounts"]
    assert (counts["succeeded"], counts["aborted"], counts["pending"]) == (1, 1, 1)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", [1, 2, 3])
    assert [switch.calls(n) for n in (1, 2, 3)] == [1, 2, 1]
    assert "ExecutionTimedOut" in [e["type"] for e in embedded.events(execution)]
