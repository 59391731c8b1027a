"""StopExecution that reaches what an execution is doing, in MiniStack's terms."""

import functools
from typing import Any

from local_aws.executions.attempt import Attempt, changing_status
from local_aws.executions.stopping import StopReason
from local_aws.ministack_internals import Response, stepfunctions


def install() -> None:
    """Let StopExecution set the signal of an execution."""
    stepfunctions.replace("stop_execution", _stopping_threads)


def _stopping_threads(stop: Any) -> Any:
    @functools.wraps(stop)
    def stop_execution(request: dict[str, Any]) -> Response:
        with changing_status:
            response: Response = stop(request)
            execution = stepfunctions.executions.get(request.get("executionArn"))
            if execution and execution["status"] == "ABORTED":
                Attempt.of(execution).stop.set(StopReason.ABORTED)
        return response

    return stop_execution
