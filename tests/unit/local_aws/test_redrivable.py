from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_aws.executions.redrivable import redrive_fields, refusal

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def execution(**fields: Any) -> dict[str, Any]:
    started, stopped = NOW - timedelta(days=15), NOW - timedelta(days=1)
    known = {"status": "FAILED", "startDate": started.isoformat(), "stopDate": stopped.isoformat(), "events": []}
    return known | fields


def ago(**period: float) -> str:
    return (NOW - timedelta(**period)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_what_did_not_succeed_may_be_redriven(status: str) -> None:
    assert refusal(execution(status=status), NOW) is None
    assert redrive_fields(execution(status=status), NOW) == {"redriveCount": 0, "redriveStatus": "REDRIVABLE"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "SUCCEEDED"}, "Execution is SUCCEEDED and cannot be redriven"),
        ({"status": "RUNNING", "stopDate": None}, "Execution is RUNNING and cannot be redriven"),
        ({"stopDate": ago(days=14, seconds=1)}, "Execution redrivable period exceeded"),
        ({"startDate": ago(days=366)}, "Execution has exceeded the max execution time"),
        ({"events": [{}] * 24_999}, "Execution history event limit exceeded"),
    ],
    ids=["succeeded", "running", "too old", "open for too long", "too many events"],
)
def test_what_may_not_be_redriven_says_why(fields: dict[str, Any], reason: str) -> None:
    told = redrive_fields(execution(**fields), NOW)

    assert refusal(execution(**fields), NOW) == reason
    assert (told["redriveStatus"], told["redriveStatusReason"]) == ("NOT_REDRIVABLE", reason)


@pytest.mark.parametrize("fields", [{"stopDate": ago(days=14)}, {"events": [{}] * 24_998}], ids=["age", "events"])
def test_the_limits_themselves_are_allowed(fields: dict[str, Any]) -> None:
    assert refusal(execution(**fields), NOW) is None


def test_an_execution_whose_state_machine_is_gone_may_not_be_redriven() -> None:
    assert refusal(execution(), NOW, machine_exists=False) == "State machine is in DELETING status"


def test_a_child_is_redriven_by_its_map_run() -> None:
    child = execution(mapRunArn="arn", redriveCount=2, redriveDate=ago(days=1))

    assert redrive_fields(child, NOW, machine_exists=False) == {
        "redriveCount": 2,
        "redriveDate": ago(days=1),
        "redriveStatus": "REDRIVABLE_BY_MAP_RUN",
    }
    assert redrive_fields(execution(mapRunArn="arn", status="SUCCEEDED"), NOW)["redriveStatus"] == "NOT_REDRIVABLE"
