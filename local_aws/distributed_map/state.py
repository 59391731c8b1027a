"""The Distributed Map state, in MiniStack's terms."""

from collections.abc import Iterator
from typing import Any

from local_aws.distributed_map.item_batcher import ChildInput, ItemTooLargeError, batches, single
from local_aws.distributed_map.item_reader import selected_items
from local_aws.distributed_map.map_run import MapRun
from local_aws.distributed_map.scope import Scope
from local_aws.distributed_map.settings import MapSettings, Processor
from local_aws.executions.progress import Progress
from local_aws.executions.stopping import StopReason, current
from local_aws.ministack_internals import execution_error, stepfunctions

_STARTS_ANEW = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Errors after which a redrive starts a new Map Run:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#redrive-eligibility-map-run"""


def install() -> None:
    """Let the engine run its Distributed Map states here."""
    stepfunctions._run_distributed_map = run_distributed_map


def run_distributed_map(  # noqa: PLR0917 (the engine calls it so)
    definition: dict[str, Any],
    raw_input: Any,
    effective: Any,
    iterator: dict[str, Any],
    execution: dict[str, Any],
    context: dict[str, Any],
) -> tuple[Any, str | None]:
    """Run one attempt of a Distributed Map state; the engine applies the state's Retry and Catch.

    Args:
        definition: the state.
        raw_input: its input.
        effective: its input after InputPath.
        iterator: its ItemProcessor.
        execution: MiniStack's record of the execution.
        context: the context object.

    Returns:
        The state's output, and the name of the next state or None at the end.
    """
    scope = Scope(definition, raw_input, effective, context)
    map_run = _redriven(execution, context) or _started(execution, scope, iterator)
    try:
        result = map_run.result if map_run.succeeded else _run(map_run, scope, execution)
        current_stop = current.get()
        if current_stop is not None:
            current_stop.check()
        return scope.output(result), stepfunctions._next_or_end(definition)
    except stepfunctions._ExecutionError as error:
        if error.error in _STARTS_ANEW:
            _keep(execution, context, None)
        raise


def _started(execution: dict[str, Any], scope: Scope, iterator: dict[str, Any]) -> MapRun:
    processor = Processor.from_definition(iterator, scope.context.get("QueryLanguage", "JSONPath"))
    settings = MapSettings.from_scope(scope)
    map_run = MapRun(execution, settings, processor, scope.context["StateMachine"], current.get())
    _keep(execution, scope.context, map_run)
    _event(execution, "MapRunStarted", mapRunArn=map_run.arn)
    return map_run


def _redriven(execution: dict[str, Any], context: dict[str, Any]) -> MapRun | None:
    """The state's Map Run of an earlier attempt, made ready to go on; None if it started none, or starts a new one."""
    progress = Progress.of(execution)
    map_run: MapRun | None = progress.to_redrive.pop(context["State"]["Name"], None) if progress else None
    if map_run is None:
        return None
    _keep(execution, context, map_run)
    if not map_run.succeeded:
        map_run.redrive(current.get())
        _event(execution, "MapRunRedriven", mapRunArn=map_run.arn, redriveCount=map_run.record["redriveCount"])
    return map_run


def _keep(execution: dict[str, Any], context: dict[str, Any], map_run: MapRun | None) -> None:
    """Let a redrive of the execution go on with this Map Run; with None, start a new one."""
    progress = Progress.of(execution)
    if progress is not None:
        progress.map_runs[context["State"]["Name"]] = map_run


def _run(map_run: MapRun, scope: Scope, execution: dict[str, Any]) -> Any:
    try:
        _read(map_run, scope)
        map_run.process()
        result = map_run.results()
        map_run.check_tolerance()
        map_run.stop.check()
    except BaseException as error:
        stopped = map_run.stop.reason not in (None, StopReason.FAILED)
        map_run.end("ABORTED" if stopped else "FAILED")
        if stopped:
            _event(execution, "MapRunAborted")
        else:
            _event(execution, "MapRunFailed", error=getattr(error, "error", ""), cause=getattr(error, "cause", ""))
        raise
    map_run.end("SUCCEEDED", result)
    _event(execution, "MapRunSucceeded")
    return result


def _event(execution: dict[str, Any], kind: str, **details: Any) -> None:
    named = {f"{kind[0].lower()}{kind[1:]}EventDetails": details} if details else None
    stepfunctions._add_event(execution, kind, named)


def _read(map_run: MapRun, scope: Scope) -> None:
    try:
        map_run.read(_child_inputs(map_run.settings, scope))
    except ItemTooLargeError as error:
        raise execution_error("States.DataLimitExceeded", str(error)) from error


def _child_inputs(settings: MapSettings, scope: Scope) -> Iterator[ChildInput]:
    items = selected_items(scope)
    return single(items) if settings.batching is None else batches(items, settings.batching)
