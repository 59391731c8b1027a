"""StopExecution that reaches what an execution is doing, in MiniStack's terms."""

import functools
from typing import Any

from local_aws.executions.stopping import ExecutionStoppedError, StopReason, StopSignal, current
from local_aws.ministack_internals import Response, stepfunctions

_signals: dict[tuple[str, str], StopSignal] = {}
"""By execution ARN and start date: a name may run again after its execution is gone."""


def install() -> None:
    """Let the engine's threads look at the signal of their execution, and StopExecution set it."""
    stepfunctions._run_execution = _with_signal(stepfunctions._run_execution)
    stepfunctions._stop_execution = _stopping_threads(stepfunctions._stop_execution)
    stepfunctions._fail_execution = _once_ended_stays(stepfunctions._fail_execution)
    stepfunctions._add_event = _checking_before_tasks(stepfunctions._add_event)
    stepfunctions._scaled_sleep = _interruptible(stepfunctions._scaled_sleep)


def _with_signal(run: Any) -> Any:
    @functools.wraps(run)
    def run_execution(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn)
        if not execution:
            return
        key = _key(execution)
        signal = _signals[key] = StopSignal()
        token = current.set(signal)
        try:
            # A stop that came before this thread did has set the status and no signal.
            if execution["status"] == "RUNNING":
                run(execution_arn)
        except ExecutionStoppedError:
            pass  # whoever set the signal has recorded why
        finally:
            current.reset(token)
            del _signals[key]

    return run_execution


def _stopping_threads(stop: Any) -> Any:
    @functools.wraps(stop)
    def stop_execution(request: dict[str, Any]) -> Response:
        response: Response = stop(request)
        execution = stepfunctions._executions.get(request.get("executionArn"))
        if execution and execution["status"] == "ABORTED":
            signal = _signals.get(_key(execution))
            if signal is not None:
                signal.set(StopReason.ABORTED)
        return response

    return stop_execution


def _once_ended_stays(fail: Any) -> Any:
    @functools.wraps(fail)
    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        # A stopped execution's threads end with an error of their own, which must not make it FAILED.
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_execution


def _checking_before_tasks(add_event: Any) -> Any:
    @functools.wraps(add_event)
    def add(execution: dict[str, Any], event_type: str, details: dict[str, Any] | None = None) -> Any:
        signal = current.get()
        if signal is not None and event_type == "TaskScheduled":
            signal.check()
        return add_event(execution, event_type, details)

    return add


def _interruptible(scaled_sleep: Any) -> Any:
    @functools.wraps(scaled_sleep)
    def sleep(seconds: float) -> None:
        signal = current.get()
        if signal is None:
            scaled_sleep(seconds)
        else:
            signal.sleep(max(0.0, seconds * stepfunctions._SFN_WAIT_SCALE))

    return sleep


def _key(execution: dict[str, Any]) -> tuple[str, str]:
    return execution["executionArn"], execution["startDate"]
