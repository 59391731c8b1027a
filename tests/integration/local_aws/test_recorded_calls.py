"""Step Functions of the embedded AWS answers as others recorded of AWS: tests/support/recorded/."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, Cloud, until
from tests.support.recorded_answers import ANSWERS

MISSING = [(call, case) for case in ANSWERS["missing"] for call in case["calls"]]
each_call = pytest.mark.parametrize(("call", "case"), MISSING, ids=[call for call, _ in MISSING])
ARNS = {
    "executionArn": "arn:aws:states:us-east-1:000000000000:execution:none:none",
    "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none",
}


@each_call
def test_what_is_not_there_is_told_as_recorded(embedded: Cloud, call: str, case: dict[str, Any]) -> None:
    arn = ARNS[case["of"]]

    with pytest.raises(ClientError) as raised:
        getattr(embedded.client("stepfunctions"), call)(**{case["of"]: arn})

    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (case["code"], case["message"].replace("{arn}", arn))


@each_call
def test_what_is_no_arn_is_told_as_recorded(embedded: Cloud, call: str, case: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(embedded.client("stepfunctions"), call)(**{case["of"]: "not_a_valid_arn"})

    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidArn", case["invalid"].replace("{arn}", "not_a_valid_arn"))


def test_an_execution_is_described_and_listed_as_recorded(embedded: Cloud) -> None:
    recorded = ANSWERS["execution"]
    described = embedded.run({"StartAt": "A", "States": {"A": PASS}})

    client = embedded.client("stepfunctions")
    [listed] = client.list_executions(stateMachineArn=described["stateMachineArn"])["executions"]

    assert sorted(described.keys() - {"ResponseMetadata"}) == recorded["described"]
    assert sorted(listed) == recorded["listed"]
    assert [described[name] for name in ("redriveStatus", "redriveStatusReason")] == [
        recorded["redriveStatus"],
        recorded["redriveStatusReason"],
    ]


def test_a_stopped_execution_has_the_recorded_history(embedded: Cloud) -> None:
    wait = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}
    execution = embedded.start(embedded.machine(wait))
    until(lambda: embedded.events(execution), lambda events: len(events) == 2)

    embedded.client("stepfunctions").stop_execution(executionArn=execution)

    events = embedded.events(execution)
    assert [[event["type"], event["previousEventId"]] for event in events] == ANSWERS["stopped"]["history"]
    assert events[-1]["executionAbortedEventDetails"] == ANSWERS["stopped"]["details"]
