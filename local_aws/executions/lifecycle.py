"""StopExecution that reaches what an execution is doing, in MiniStack's terms."""

import functools
from typing import Any

from local_aws.executions.attempt import Attempt, changing_status
from local_aws.executions.stopping import StopReason, current
from local_aws.ministack_internals import Response, stepfunctions


def install() -> None:
    """Let the engine's threads look at the signal of their execution, and StopExecution set it."""
    stepfunctions._stop_execution = _stopping_threads(stepfunctions._stop_execution)
    stepfunctions._scaled_sleep = _interruptible(stepfunctions._scaled_sleep)


def _stopping_threads(stop: Any) -> Any:
    @functools.wraps(stop)
    def stop_execution(request: dict[str, Any]) -> Response:
        with changing_status:
            response: Response = stop(request)
            execution = stepfunctions._executions.get(request.get("executionArn"))
            if execution and execution["status"] == "ABORTED":
                Attempt.of(execution).stop.set(StopReason.ABORTED)
        return response

    return stop_execution


def _interruptible(scaled_sleep: Any) -> Any:
    @functools.wraps(scaled_sleep)
    def sleep(seconds: float) -> None:
        signal = current.get()
        if signal is None:
            scaled_sleep(seconds)
        else:
            signal.sleep(max(0.0, seconds * stepfunctions._SFN_WAIT_SCALE))

    return sleep
