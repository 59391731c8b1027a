"""The Distributed Map state, in MiniStack's terms."""

from collections.abc import Iterator
from typing import Any

from local_aws.distributed_map.item_batcher import ChildInput, ItemTooLargeError, batches, single
from local_aws.distributed_map.item_reader import selected_items
from local_aws.distributed_map.map_run import MapRun
from local_aws.distributed_map.scope import Scope
from local_aws.distributed_map.settings import MapSettings, Processor
from local_aws.executions.stopping import StopReason, current
from local_aws.ministack_internals import execution_error, stepfunctions


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
    processor = Processor.from_definition(iterator, context.get("QueryLanguage", "JSONPath"))
    map_run = MapRun(execution, MapSettings.from_scope(scope), processor, context["StateMachine"], current.get())
    try:
        _read(map_run, scope)
        map_run.process()
        result = map_run.results()
    except BaseException:
        map_run.end("ABORTED" if map_run.stop.reason is StopReason.ABORTED else "FAILED")
        raise
    map_run.end(map_run.stop.reason or "SUCCEEDED")
    map_run.check_tolerance()
    map_run.stop.check()
    return scope.output(result), stepfunctions._next_or_end(definition)


def _read(map_run: MapRun, scope: Scope) -> None:
    try:
        map_run.read(_child_inputs(map_run.settings, scope))
    except ItemTooLargeError as error:
        raise execution_error("States.DataLimitExceeded", str(error)) from error


def _child_inputs(settings: MapSettings, scope: Scope) -> Iterator[ChildInput]:
    items = selected_items(scope)
    return single(items) if settings.batching is None else batches(items, settings.batching)
