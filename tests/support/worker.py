"""What an Airflow worker and a triggerer do, in a child of the task host: the DAG's real operators and triggers.

The context has what the project's tasks use of Airflow's; what they pull and push lies in the run's folder.
"""

import asyncio
import importlib
import json
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR, ExecutorSafeguard, TriggerFailureReason
from airflow.sdk.definitions.param import process_params
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.sdk.execution_time.context import OutletEventAccessors

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.settings import datasets_folder, retry_seconds
from tests.support.attempts import to_its_end
from tests.support.hurry import POLL_SECONDS, short_waits
from tests.support.schedule import STATE_OF, SUCCESS, Task, state_without_running
from tests.support.whole_file import write_whole

RESULT = "return_value"

_kept: dict[tuple[str, str, float], DAG] = {}


class TaskInstance:
    """What the project's tasks use of Airflow's, over the files of the run's folder."""

    map_index = -1

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.folder = Path(request["folder"])
        self.dag_id, self.run_id, self.task_id = request["dag_id"], request["run_id"], request["task_id"]
        self.states: Mapping[str, str] = request["states"]

    def xcom_pull(self, *, task_ids: str, key: str = RESULT, default: Any = None, **_: Any) -> Any:
        path = self._xcom(task_ids, key)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default

    def xcom_push(self, *, key: str, value: Any) -> None:
        write_whole(self._xcom(self.task_id, key), value)

    def get_task_breadcrumbs(self, **_: Any) -> list[dict[str, Any]]:
        return [{"task_id": task_id, "state": state, "duration": 0.1} for task_id, state in self.states.items()]

    def get_first_reschedule_date(self, _: Any) -> None:
        return None

    def forget(self) -> None:
        """Forget what an earlier attempt told, as Airflow does."""
        for told in self.folder.glob(f"xcom-{self.task_id}-*.json"):
            told.unlink()

    def _xcom(self, task_id: str, key: str) -> Path:
        return self.folder / f"xcom-{task_id}-{key}.json"


def tasks(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tell a DAG's tasks, each after those that it needs."""
    return [
        {
            "task_id": task.task_id,
            "needs": sorted(task.upstream_task_ids),
            "trigger_rule": task.trigger_rule,
            "retries": task.retries,
        }
        for task in _dag(request).topological_sort()
    ]


def attempt(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run an attempt of a task, up to its end or its deferral; return what became of it."""

    def execute(task: Any, context: Any) -> Any:
        task.render_template_fields(context)
        return task.execute(context)

    TaskInstance(request).forget()
    return _run(request, execute)


def in_turn(request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Run tasks to their ends, one after another in this process; return what became of each.

    What comes after one that did not end well is not run.
    """
    ended: dict[str, dict[str, Any]] = {}
    states = dict(request["states"])
    for task_id in request["task_ids"]:
        ended[task_id] = _once({**request, "task_id": task_id, "states": states})
        if "returned" not in ended[task_id]:
            break
        states[task_id] = SUCCESS
    return ended


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what Airflow's scheduler does with some tasks, all in this process, until each of them has a state.

    Return the ``states`` of all tasks that have one, in the order in which they got it, and the number of ``retries``.
    """
    states, retries = dict(request["states"]), 0
    for task in map(Task.from_json, tasks(request)):
        if task.task_id in states or task.task_id not in request["task_ids"]:
            continue
        if state := state_without_running(task, states):
            states[task.task_id] = state
            continue
        of_task, number = {**request, "task_id": task.task_id, "states": states}, 0
        while (ended := _once({**of_task, "last": number == task.retries})).get("retried"):
            number += 1
        states[task.task_id], retries = STATE_OF[next(iter(ended))], retries + number
    return {"states": states, "retries": retries}


def resume(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run the rest of a deferred task, with what `trigger` returned; return what became of it."""
    told = request["told"]
    if "event" in told:
        method, more = request["method"], {**request["kwargs"], "event": told["event"]}
    else:
        method = TRIGGER_FAIL_REPR
        more = {"error": TriggerFailureReason.TRIGGER_FAILURE.value, "traceback": told["failed"]}
    return _run(request, lambda task, context: task.resume_execution(method, more, context))


def trigger(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a trigger, made again from its fields; return its event, or the traceback that it ended with."""
    module, _, name = request["path"].rpartition(".")
    fields = dict(request["fields"])
    if "poll_seconds" in fields:
        fields["poll_seconds"] = POLL_SECONDS
    if request["no_waiting"] and "deadline" in fields:
        fields["deadline"] = time.time() + POLL_SECONDS
    made = getattr(importlib.import_module(module), name)(**fields)

    async def first_event() -> Any:
        async for event in made.run():
            return event.payload
        raise AssertionError("the trigger ended without an event")

    with short_waits():
        try:
            return {"event": asyncio.run(first_event())}
        except Exception:
            return {"failed": traceback.format_exc().splitlines()}


_PARTS = {"attempt": attempt, "trigger": trigger, "resume": resume}


def _once(of_task: Mapping[str, Any]) -> dict[str, Any]:
    return to_its_end(of_task["task_id"], lambda kind, more: _PARTS[kind]({**of_task, **more}))


def dag_of(file: Path) -> DAG:
    """Make the DAG of a data set file, or give the one that was made of the same: the host's, in its children."""
    made_of = file.name, file.read_text(encoding="utf-8"), retry_seconds()
    if made_of not in _kept:
        _kept[made_of] = make_dag(load_dataset(file))
    return _kept[made_of]


def _dag(request: Mapping[str, Any]) -> DAG:
    return dag_of(datasets_folder() / f"{request['dag_id'].removeprefix('csvdynamo_')}.toml")


def _run(request: Mapping[str, Any], body: Callable[[Any, Any], Any]) -> dict[str, Any]:
    ExecutorSafeguard.test_mode = True  # an operator may be run by hand
    dag = _dag(request)
    task: Any = dag.get_task(request["task_id"]).prepare_for_execution()
    context: Any = {
        "ti": TaskInstance(request),
        "task": task,
        "dag": dag,
        "run_id": request["run_id"],
        "outlet_events": OutletEventAccessors(),
    }
    try:
        context["params"] = process_params(dag, task, request["params"], suppress_exception=False)
        with short_waits():
            result = body(task, context)
    except TaskDeferred as deferred:
        path, fields = deferred.trigger.serialize()
        told = {"path": path, "fields": fields, "method": deferred.method_name, "kwargs": deferred.kwargs or {}}
        return {"deferred": told}
    except AirflowRescheduleException as later:
        return {"rescheduled": later.reschedule_date.timestamp()}
    except AirflowSkipException as skip:
        return {"skipped": str(skip)}
    except Exception as error:
        traceback.print_exc()
        retried = not (request["last"] or isinstance(error, AirflowFailException))
        if not retried:
            for callback in task.on_failure_callback:
                with short_waits():
                    callback({**context, "exception": error})
        return {"failed": str(error), "retried": retried}
    if result is not None:
        context["ti"].xcom_push(key=RESULT, value=result)
    for callback in task.on_success_callback or ():
        try:
            with short_waits():
                callback(context)
        except Exception:  # as Airflow does: the task has succeeded
            traceback.print_exc()
    return {"returned": result}
