"""How an execution ends: once an attempt, whoever ends it first."""

from typing import Any

from local_aws.executions import history
from local_aws.executions.attempt import FIELD, Attempt, changing_status
from local_aws.ministack_internals import now, stepfunctions


def succeed(execution: dict[str, Any], attempt: Attempt, output: str) -> None:
    """End it with an output, JSON."""
    details = {"executionSucceededEventDetails": {"output": output}}
    _end(execution, attempt, {"status": "SUCCEEDED", "output": output}, "ExecutionSucceeded", details)


def fail(execution: dict[str, Any], attempt: Attempt, error: str, cause: str) -> None:
    """End it with the error that no state caught."""
    reason = {"error": error, "cause": cause}
    details = {"executionFailedEventDetails": reason}
    _end(execution, attempt, {"status": "FAILED", **reason}, "ExecutionFailed", details)


def time_out(execution: dict[str, Any], attempt: Attempt) -> bool:
    """End it because the state machine's TimeoutSeconds are over; False if it had ended before."""
    reason = {"error": "States.Timeout"}
    details = {"executionTimedOutEventDetails": reason}
    return _end(execution, attempt, {"status": "TIMED_OUT", **reason}, "ExecutionTimedOut", details)


def _end(
    execution: dict[str, Any], attempt: Attempt, ending: dict[str, Any], event: str, details: dict[str, Any]
) -> bool:
    with changing_status:
        if execution["status"] != "RUNNING" or execution[FIELD] is not attempt:
            return False
        execution.update(ending, stopDate=now())
        history.add_event(execution, event, details)
    stepfunctions.emit_execution_status_event(execution)
    return True
