"""Runs one attempt at an execution: from the first state, or from the one where a redrive goes on."""

import contextlib
import contextvars
import functools
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

from local_aws.executions import endings
from local_aws.executions.attempt import Attempt
from local_aws.executions.progress import FIELD, Progress
from local_aws.executions.stopping import ExecutionStoppedError, StopReason, current
from local_aws.executions.walk import walk
from local_aws.ministack_internals import Response, execution_error, json_response, stepfunctions

_logger = logging.getLogger("states")
_DEFINITION = "_definition"


def install() -> None:
    """Let the engine run its executions here."""
    stepfunctions.replace("run_execution", lambda _: run_execution)
    stepfunctions.replace("describe_state_machine_for_execution", _with_its_definition)


def run_execution(execution_arn: str) -> None:
    """Run the current attempt at an execution to its end; the engine calls it in a thread of its own."""
    execution = stepfunctions.executions.get(execution_arn)
    if not execution:
        return
    attempt = Attempt.of(execution)
    token = current.set(attempt.stop)
    try:
        attempt.await_previous()
        # A stop that came before this thread did may have found no attempt to tell.
        if execution["status"] == "RUNNING":
            _run(execution, attempt)
    except ExecutionStoppedError:
        pass  # whoever set the signal has recorded why
    finally:
        current.reset(token)
        attempt.end()


def _run(execution: dict[str, Any], attempt: Attempt) -> None:
    try:
        definition = _definition(execution)
        with _timeout(execution, attempt, definition.get("TimeoutSeconds")):
            output = walk(
                definition["States"], _progress(execution, definition), execution, _context(execution, definition)
            )
        endings.succeed(execution, attempt, json.dumps(output))
    except stepfunctions.ExecutionError as failure:
        endings.fail(execution, attempt, failure.error, failure.cause)
    except Exception as failure:
        _logger.exception("Unexpected error in execution %s", execution["executionArn"])
        endings.fail(execution, attempt, "States.Runtime", str(failure))


def _with_its_definition(describe: Any) -> Any:
    @functools.wraps(describe)
    def describe_state_machine_for_execution(request: dict[str, Any]) -> Response:
        response: Response = describe(request)
        status, _, body = response
        began_with = stepfunctions.executions.get(request.get("executionArn"), {}).get(_DEFINITION)
        if status != 200 or began_with is None:
            return response
        return json_response(json.loads(body) | {"definition": began_with})

    return describe_state_machine_for_execution


def _definition(execution: dict[str, Any]) -> dict[str, Any]:
    """The definition that the execution started with: an update of the state machine does not reach a redrive."""
    if _DEFINITION not in execution:
        machine = stepfunctions.state_machines.get(execution["stateMachineArn"])
        if machine is None:
            raise execution_error("StateMachineDeleted", "State machine no longer exists")
        execution[_DEFINITION] = machine["definition"]
    definition: dict[str, Any] = json.loads(execution[_DEFINITION])
    if definition.get("StartAt") not in definition.get("States", {}):
        raise execution_error("InvalidDefinition", f"StartAt state '{definition.get('StartAt')}' not found")
    return definition


def _progress(execution: dict[str, Any], definition: dict[str, Any]) -> Progress:
    progress = Progress.of(execution)
    if progress is None:
        progress = execution[FIELD] = Progress(definition["StartAt"], json.loads(execution["input"]))
    else:
        progress.redrive()
    return progress


def _context(execution: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    machine_arn = execution["stateMachineArn"]
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("redriveCount", 0),
        },
        "StateMachine": {"Id": machine_arn, "Name": machine_arn.split(":")[6]},
        "variables": {},
    }
    if execution.get("redriveDate"):
        context["Execution"]["RedriveTime"] = execution["redriveDate"]
    return context


@contextlib.contextmanager
def _timeout(execution: dict[str, Any], attempt: Attempt, seconds: float | None) -> Iterator[None]:
    """End the execution once so many seconds are over; each redrive has them anew."""

    def time_out() -> None:
        if endings.time_out(execution, attempt):
            attempt.stop.set(StopReason.TIMED_OUT)

    if seconds is None:
        yield
        return
    # The account and region of the execution are in the context.
    timer = threading.Timer(seconds, contextvars.copy_context().run, args=(time_out,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
