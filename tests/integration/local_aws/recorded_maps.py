"""The recorded Distributed Maps of recorded/distributed_map.toml as state machines of the tests' own."""

import tomllib
from pathlib import Path
from typing import Any

from tests.integration.local_aws.cloud import PASS, Cloud

RECORDED = tomllib.loads((Path(__file__).parent / "recorded" / "distributed_map.toml").read_text())
CASES: list[dict[str, Any]] = RECORDED["case"]
HISTORIES: dict[str, list[str]] = RECORDED["histories"]

_STATE = "MapState"


def cause(case: dict[str, Any]) -> str:
    """The cause of a case's error: as recorded whole, or for a state that failed before its Map Run."""
    if "cause" in case:
        return str(case["cause"])
    return f"An error occurred while executing the state '{_STATE}' (entered at the event id #2). {case['of_state']}"


def prepared(cloud: Cloud, case: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """A state machine and the input to start it with, its objects in a bucket."""
    state = _state(case)
    given = case.get("input", {})
    if "lists" in case:
        given = {"Bucket": cloud.bucket(**dict.fromkeys(case["lists"], "12 bytes of."))}
    elif "file" in case:
        given = {"Bucket": cloud.bucket(file=case["file"]), "Key": "file", **given}
    if "writes_to" in case:
        parameters = {"Bucket": cloud.bucket(), "Prefix": case["writes_to"]}
        state["ResultWriter"] = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": parameters}
    return _machine(case, state), given


def described(event: dict[str, Any]) -> str:
    """An event as the histories have it."""
    started = event.get("mapStateStartedEventDetails")
    told = [f"length={started['length']}"] if started else ["error"] if reason(event) else []
    return " ".join([event["type"], str(event["previousEventId"]), *told])


def reason(event: dict[str, Any]) -> dict[str, str] | None:
    """The error and the cause that an event tells."""
    for details in ("mapRunFailedEventDetails", "executionFailedEventDetails"):
        if details in event:
            return {name: event[details][name] for name in ("error", "cause")}
    return None


def _state(case: dict[str, Any]) -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Child",
        "States": {"Child": PASS},
    }
    state = {"Type": "Map", case.get("processor_field", "ItemProcessor"): processor, **case.get("state", {})}
    if "file" in case:
        place = _place(case, "Bucket", "Key")
        state["ItemReader"] = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": case["reader"], **place}
    elif "lists" in case:
        state["ItemReader"] = {"Resource": "arn:aws:states:::s3:listObjectsV2", **_place(case, "Bucket")}
    return state


def _place(case: dict[str, Any], *names: str) -> dict[str, Any]:
    if case.get("language") == "JSONata":
        return {"Arguments": {name: f"{{% $states.input.{name} %}}" for name in names}}
    return {"Parameters": {f"{name}.$": f"$.{name}" for name in names}}


def _machine(case: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    finish = {"Type": "Succeed"}
    if "rounds" in case:
        return _in_rounds(state, case["rounds"])
    if case.get("then_succeed"):
        states = {_STATE: {**state, "Next": "Finish"}, "Finish": finish}
        if "first" not in case:
            return {"StartAt": _STATE, "States": states}
        return {
            "StartAt": "First",
            "States": {"First": {"Type": "Pass", "Result": case["first"], "Next": _STATE}, **states},
        }
    language = case.get("language", "JSONPath")
    return {"StartAt": _STATE, "QueryLanguage": language, "States": {_STATE: {**state, "End": True}}}


def _in_rounds(state: dict[str, Any], rounds: int) -> dict[str, Any]:
    again = {"Iterations.$": "States.MathAdd($.Iterations, -1)", "Values.$": "$.Values"}
    mapped = {**state, "ItemsPath": "$.Values", "ResultPath": "$.Values", "Next": "Look"}
    last = {"Variable": "$.Iterations", "NumericEquals": 0, "Next": "Finish"}
    return {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": {"Iterations": rounds, "Values": [0, 1, 2, 3]}, "Next": "Again"},
            "Again": {"Type": "Pass", "Parameters": again, "Next": _STATE},
            _STATE: mapped,
            "Look": {"Type": "Choice", "Choices": [last], "Default": "Again"},
            "Finish": {"Type": "Succeed"},
        },
    }
