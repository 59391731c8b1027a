"""The Distributed Map state, in MiniStack's terms."""

from collections.abc import Callable, Iterator
from typing import Any

from local_aws.distributed_map.item_batcher import ChildInput, ItemTooLargeError, batches, single
from local_aws.distributed_map.item_reader import items_known_at_start, selected_items
from local_aws.distributed_map.map_run import MapRun
from local_aws.distributed_map.numbers import SettingError
from local_aws.distributed_map.scope import Scope
from local_aws.distributed_map.settings import MapSettings, Processor, max_concurrency
from local_aws.executions import history
from local_aws.executions.progress import Progress
from local_aws.executions.stopping import StopReason, current
from local_aws.ministack_internals import execution_error, stepfunctions

_STARTS_ANEW = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Errors after which a redrive starts a new Map Run:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#redrive-eligibility-map-run"""


def install(acting: Callable[[Any], Any]) -> None:
    """Let the engine run its Distributed Map states here.

    Args:
        acting: puts the role of its machine behind a state; it gives back what it is given where IAM is not enforced.
    """
    stepfunctions.replace("execute_map", lambda execute: acting(_by_mode(execute)))


def _by_mode(execute_inline: Any) -> Any:
    def execute_map(
        definition: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]
    ) -> tuple[Any, str | None]:
        is_distributed = _iterator(definition).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        execute = execute_distributed if is_distributed else execute_inline
        ended: tuple[Any, str | None] = execute(definition, raw_input, execution, context)
        return ended

    return execute_map


def execute_distributed(
    definition: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]
) -> tuple[Any, str | None]:
    """Run a Distributed Map state to its end, by its Retry and Catch too.

    Args:
        definition: the state.
        raw_input: its input.
        execution: MiniStack's record of the execution.
        context: the context object.

    Returns:
        The state's output, and the name of the next state or None at the end.
    """
    map_run: MapRun | None = None

    def attempt() -> tuple[Any, str | None]:
        nonlocal map_run
        map_run = None
        effective = stepfunctions.apply_input_path(definition, raw_input, context)
        scope = Scope(definition, raw_input, effective, context)
        map_run = _redriven(execution, context) or _started(execution, scope)
        return _ended(map_run, scope, execution)

    try:
        ended: tuple[Any, str | None] = stepfunctions.with_retry_and_catch(definition, raw_input, context, attempt)
    except stepfunctions.ExecutionError:
        _tell_failure(execution, map_run)
        raise
    _tell_failure(execution, map_run)
    return ended


def _iterator(definition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definition.get("Iterator") or definition.get("ItemProcessor") or {}
    return found


def _started(execution: dict[str, Any], scope: Scope) -> MapRun:
    processor = Processor.from_definition(_iterator(scope.definition), scope.context.get("QueryLanguage", "JSONPath"))
    try:
        max_concurrency(scope)  # Step Functions looks at it before it takes down that the state starts
        _event(execution, "MapStateStarted", length=items_known_at_start(scope))
        settings = MapSettings.from_scope(scope)
    except SettingError as error:
        name = scope.context["State"]["Name"]
        entered = f"entered at the event id #{history.entered_at(execution, name)}"
        cause = f"An error occurred while executing the state '{name}' ({entered}). {error}"
        raise execution_error("States.Runtime", cause) from error
    map_run = MapRun(execution, settings, processor, scope.context["StateMachine"], current.get())
    _keep(execution, scope.context, map_run)
    map_run.begun_at = _event(execution, "MapRunStarted", mapRunArn=map_run.arn)
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
        count = map_run.record["redriveCount"]
        map_run.begun_at = _event(execution, "MapRunRedriven", mapRunArn=map_run.arn, redriveCount=count)
    return map_run


def _keep(execution: dict[str, Any], context: dict[str, Any], map_run: MapRun | None) -> None:
    """Let a redrive of the execution go on with this Map Run; with None, start a new one."""
    progress = Progress.of(execution)
    if progress is not None:
        progress.map_runs[context["State"]["Name"]] = map_run


def _ended(map_run: MapRun, scope: Scope, execution: dict[str, Any]) -> tuple[Any, str | None]:
    try:
        result = map_run.result if map_run.succeeded else _run(map_run, scope, execution)
        current_stop = current.get()
        if current_stop is not None:
            current_stop.check()
        history.add_event(execution, "MapStateSucceeded", aside=True)
        if scope.is_jsonata:
            # Seen since 2024-11, in all recordings with JSONata: the state's exit follows the beginning of its Map Run,
            # not the end. Those with JSONPath are older but for one: docs/embedded-aws.md.
            history.follow(execution, map_run.begun_at)
        return scope.output(result), stepfunctions.next_or_end(scope.definition)
    except stepfunctions.ExecutionError as error:
        if error.error in _STARTS_ANEW:
            _keep(execution, scope.context, None)
        raise


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


def _tell_failure(execution: dict[str, Any], map_run: MapRun | None) -> None:
    """Say in the history that the state failed, if its last attempt got as far as a Map Run, which failed."""
    if map_run is not None and map_run.record["status"] == "FAILED":
        history.add_event(execution, "MapStateFailed")


def _event(execution: dict[str, Any], kind: str, **details: Any) -> int:
    named = {f"{kind[0].lower()}{kind[1:]}EventDetails": details} if details else None
    return int(history.add_event(execution, kind, named)["id"])


def _read(map_run: MapRun, scope: Scope) -> None:
    try:
        map_run.read(_child_inputs(map_run.settings, scope))
    except ItemTooLargeError as error:
        raise execution_error("States.DataLimitExceeded", str(error)) from error


def _child_inputs(settings: MapSettings, scope: Scope) -> Iterator[ChildInput]:
    items = selected_items(scope, settings.max_items)
    return single(items) if settings.batching is None else batches(items, settings.batching)
