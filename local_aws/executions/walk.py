"""Runs the states of a workflow one after the other, from its first or from the one where an earlier attempt ended."""

import copy
import json
from typing import Any

from local_aws.executions import history
from local_aws.executions.progress import Progress
from local_aws.executions.stopping import current
from local_aws.ministack_internals import execution_error, now, stepfunctions

_NEEDS_EXECUTION = ("Task", "Parallel", "Map")


def walk(states: dict[str, Any], progress: Progress, execution: dict[str, Any], context: dict[str, Any]) -> Any:
    """Run states until one ends the workflow.

    Args:
        states: the workflow's states by name.
        progress: where to begin; kept up to date.
        execution: MiniStack's record of the execution, whose history grows.
        context: the context object.

    Returns:
        The workflow's output.

    Raises:
        ExecutionStoppedError: the execution was told to stop.
    """
    name: str | None = progress.state
    value = copy.deepcopy(progress.given)
    context["variables"] = copy.deepcopy(progress.variables)
    while name is not None:
        _check_stop()
        state = states.get(name)
        if state is None:
            raise execution_error("States.Runtime", f"State '{name}' not found in definition")
        if not (progress.redriven and progress.state == name):
            progress.enter(name, copy.deepcopy(value), context["variables"])
            _entered(execution, state, name, value)
        context["State"] = {"Name": name, "EnteredTime": now(), "RetryCount": 0}
        value, following = _run(state, value, execution, context)
        _check_stop()
        progress.redriven = False
        _exited(execution, state, name, value)
        name = following
    return value


def _run(state: dict[str, Any], value: Any, execution: dict[str, Any], context: dict[str, Any]) -> tuple[Any, Any]:
    kind = state.get("Type")
    if kind == "Succeed":
        selected = stepfunctions.apply_input_path(state, value, context)
        return stepfunctions.apply_output_path(state, selected, context), None
    if kind == "Fail":
        raise execution_error(*stepfunctions.fail_state_error(state, value, context))
    run = getattr(stepfunctions, f"execute_{str(kind).lower()}", None)
    if run is None:
        raise execution_error("States.Runtime", f"Unknown state type: {kind}")
    arguments = (execution, context) if kind in _NEEDS_EXECUTION else (context,)
    result: tuple[Any, Any] = run(state, value, *arguments)
    return result


def _entered(execution: dict[str, Any], state: dict[str, Any], name: str, value: Any) -> None:
    details = {"stateEnteredEventDetails": {"name": name, "input": json.dumps(value)}}
    history.add_event(execution, f"{state.get('Type')}StateEntered", details)


def _exited(execution: dict[str, Any], state: dict[str, Any], name: str, value: Any) -> None:
    details = {"stateExitedEventDetails": {"name": name, "output": json.dumps(value)}}
    history.add_event(execution, f"{state.get('Type')}StateExited", details)


def _check_stop() -> None:
    signal = current.get()
    if signal is not None:
        signal.check()
