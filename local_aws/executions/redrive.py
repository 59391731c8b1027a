"""RedriveExecution, and what it changes in the other calls about executions.

The promise: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import contextvars
import functools
import json
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

from local_aws.executions import history
from local_aws.executions.attempt import FIELD, Attempt, changing_status
from local_aws.executions.redrivable import redrive_fields, refusal
from local_aws.ministack_internals import Response, error_response, json_response, now, stepfunctions

_TOKENS = "_redriveTokens"
_TOKENS_KEPT = 10
_TOKEN_SECONDS = 15 * 60


def install() -> None:
    """Describe executions with what has to be known about redrives."""
    stepfunctions.replace("describe_execution", _with_redrive_fields)


def redrive_execution(request: dict[str, Any]) -> Response:
    """Restart an execution that did not succeed, at the state where it ended."""
    execution = stepfunctions.executions[request["executionArn"]]
    with changing_status:
        if (answered := _answered_before(execution, request.get("clientToken"))) is not None:
            return json_response({"redriveDate": answered})
        reason = _refusal(execution)
        if reason is not None:
            return error_response("ExecutionNotRedrivable", reason)
        redriven = now()
        _restart(execution, redriven)
        _remember(execution, request.get("clientToken"), redriven)
    stepfunctions.emit_execution_status_event(execution)
    arguments = (stepfunctions.run_execution, execution["executionArn"])
    threading.Thread(target=contextvars.copy_context().run, args=arguments, daemon=True).start()
    return json_response({"redriveDate": redriven})


def fields(execution: dict[str, Any]) -> dict[str, Any]:
    """What is to be said now about an execution's redrives."""
    return redrive_fields(execution, datetime.now(UTC), machine_exists=_machine_exists(execution))


def _refusal(execution: dict[str, Any]) -> str | None:
    if "mapRunArn" in execution:
        return "Execution is a child of a Map Run: redrive the execution that started the Map Run"
    return refusal(execution, datetime.now(UTC), machine_exists=_machine_exists(execution))


def _machine_exists(execution: dict[str, Any]) -> bool:
    return execution["stateMachineArn"] in stepfunctions.state_machines


def _restart(execution: dict[str, Any], at: str) -> None:
    count = execution.get("redriveCount", 0) + 1
    execution[FIELD] = Attempt(previous=Attempt.of(execution))
    execution.update(
        status="RUNNING", stopDate=None, output=None, error=None, cause=None, redriveCount=count, redriveDate=at
    )
    details = {"executionRedrivenEventDetails": {"redriveCount": count}}
    history.add_event(execution, "ExecutionRedriven", details)


def _answered_before(execution: dict[str, Any], token: str | None) -> str | None:
    """The answer to an earlier request with the same client token, which was this request's first try."""
    for known, at, answer in execution.get(_TOKENS, ()):
        if known == token and time.monotonic() - at < _TOKEN_SECONDS:
            return str(answer)
    return None


def _remember(execution: dict[str, Any], token: str | None, answer: str) -> None:
    if token is not None:
        execution.setdefault(_TOKENS, deque(maxlen=_TOKENS_KEPT)).append((token, time.monotonic(), answer))


def _with_redrive_fields(describe: Any) -> Any:
    @functools.wraps(describe)
    def describe_execution(request: dict[str, Any]) -> Response:
        response: Response = describe(request)
        status, _, body = response
        if status != 200:
            return response
        execution = stepfunctions.executions[request["executionArn"]]
        return json_response(json.loads(body) | fields(execution))

    return describe_execution
