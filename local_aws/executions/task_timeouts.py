"""TimeoutSeconds of a Task state, in each of the ways to give it.

The field: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html#task-state-fields
"""

import functools
from collections.abc import Callable
from typing import Any

from local_aws.ministack_internals import execution_error, stepfunctions


def install(acting: Callable[[Any], Any]) -> None:
    """Let the engine's Task states know their timeout.

    Args:
        acting: puts the role of its machine behind a state; it gives back what it is given where IAM is not enforced.
    """
    stepfunctions.replace("execute_task", lambda execute: acting(_with_timeout(execute)))


def _with_timeout(execute: Any) -> Any:
    @functools.wraps(execute)
    def execute_task(state: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        if "TimeoutSecondsPath" in state or isinstance(state.get("TimeoutSeconds"), str):
            state = {**state, "TimeoutSeconds": _seconds(state, raw_input, context)}
        return execute(state, raw_input, execution, context)

    return execute_task


def _seconds(state: dict[str, Any], raw_input: Any, context: dict[str, Any]) -> float:
    path = state.get("TimeoutSecondsPath")
    if path is None:
        seconds = stepfunctions.jsonata_state_field(state, "TimeoutSeconds", "number", raw_input, context)
    else:
        selected = stepfunctions.apply_input_path(state, raw_input, context)
        seconds = stepfunctions.resolve_path_or_ctx(path, selected, context)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        raise execution_error("States.Runtime", f"The task's timeout has to be a positive number, not {seconds!r}.")
    return seconds
