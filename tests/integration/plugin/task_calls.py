"""Calls a DAG's tasks as Airflow does, with the XComs, the states and the asset events of a run that a test gives."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog
from airflow.sdk import DAG
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.execution_time.task_runner import _run_task_state_change_callbacks, _serialize_outlet_events

SOURCE_URL = "https://example.org/another.csv"


class TaskInstance:
    """XCom and breadcrumbs of a run.

    Attributes:
        xcoms: What the tasks left: under a task's id what it returned, under "task_key" what it pushed.
        states: How the tasks ended, by id.
        first_rescheduled: When this attempt first looked, if it is looking again.
    """

    dag_id, run_id = "csvdynamo_cars", "run"

    def __init__(self, *, first_rescheduled: datetime | None = None, **xcoms: Any) -> None:
        self.xcoms, self.first_rescheduled = xcoms, first_rescheduled
        self.states = {"download": "success", "start": "skipped", "report": "success", "accounted": "failed"}

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get(task_ids if key == "return_value" else f"{task_ids}_{key}")

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[f"prepare_{key}"] = value

    def get_first_reschedule_date(self, context: Mapping[str, Any]) -> datetime | None:
        return self.first_rescheduled

    def get_task_breadcrumbs(self, *, dag_id: str, run_id: str) -> Iterator[dict[str, Any]]:
        assert (dag_id, run_id) == (self.dag_id, self.run_id)
        for task_id, state in self.states.items():
            duration = {"download": 1.23456, "start": None}.get(task_id, 1.0)
            yield {"task_id": task_id, "state": state, "duration": duration}


def call(dag: DAG, task_id: str, instance: TaskInstance, *args: Any, **params: Any) -> Any:
    """Call a task's function; return what it returns."""
    context = _context(dag, task_id, instance, **params)
    return context["task"].python_callable(*args, **context)


def asset_events(
    dag: DAG,
    instance: TaskInstance,
    task_id: str = "accounted",
    *args: Any,
    dies_before_its_success: bool = False,
    **params: bool,
) -> list[dict[str, Any]]:
    """Let a task succeed; return the asset events that Airflow sends to its API.

    The callbacks come after these (`finalize` in Airflow's task runner), and what one of them raises is logged.

    Args:
        dag: The DAG.
        instance: What the run left; what the task returns is left there, too.
        task_id: The task.
        args: What its function is called with.
        dies_before_its_success: Let the worker be killed when the task's function has returned.
        params: The run's parameters.
    """
    context = _context(dag, task_id, instance, **params)
    instance.xcoms[task_id] = context["task"].python_callable(*args, **context)
    if dies_before_its_success:
        return []
    events = list(_serialize_outlet_events(context["outlet_events"]))
    _run_task_state_change_callbacks(context["task"], "on_success_callback", context, structlog.get_logger("task"))
    return events


def _context(dag: DAG, task_id: str, instance: TaskInstance, **params: Any) -> Any:
    return {
        "ti": instance,
        "run_id": instance.run_id,
        "dag": dag,
        "task": dag.get_task(task_id),
        "params": {
            "source_url": SOURCE_URL,
            "dry_run": False,
            "replay": "",
            "force": False,
            "accept_source": False,
            "rollback": "",
            **params,
        },
        "outlet_events": OutletEventAccessors(),
    }
