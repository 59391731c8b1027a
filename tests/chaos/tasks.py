"""The DAG's tasks, run one after the other in this process as Airflow runs them: retries, deferrals, trigger rules."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from csvdynamo_airflow import dag, steps
from csvdynamo_airflow.rejects.error_files_operator import FetchErrorFilesOperator
from csvdynamo_airflow.task_error import ERROR_XCOM, error_text
from csvdynamo_airflow.workflow.execution_sensor import ExecutionSensor

ATTEMPTS = 4
"""How often a task is tried: once, and the DAG's three retries."""

RETURNED = "return_value"


@dataclass
class DagRun:
    """One run of a data set's DAG.

    Attributes:
        dataset: The data set's name.
        run_id: The run's id.
        source: The path of its source.
        states: The state of each task that has ended, in the order in which they did.
        retries: How many attempts failed and were followed by another.
    """

    dataset: str
    run_id: str
    source: str
    states: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    _xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)

    def run(self) -> None:
        """Run every task that has not succeeded yet."""
        for task, body in self._tasks().items():
            if self.states.get(task) == "success":
                continue
            self.states.pop(task, None)
            if task in _NEED_ALL and any(self.states.get(before) != "success" for before in _NEED_ALL[task]):
                self.states[task] = "upstream_failed"
                continue
            self.states[task] = self._attempt(task, body)

    def run_again(self) -> None:
        """Clear the tasks that did not succeed and all after the first of them, as a person does in the UI, and run."""
        names = list(self._tasks())
        first = next(place for place, name in enumerate(names) if self.states.get(name) != "success")
        for name in names[first:] if names[first] != "accounted" else names:
            self.states.pop(name, None)
        self.run()

    @property
    def green(self) -> bool:
        """Whether the last task, which alone decides, has succeeded."""
        return self.states.get("accounted") == "success"

    @property
    def report(self) -> dict[str, Any]:
        """What the task report returned; empty when it failed."""
        return self._xcoms.get(("report", RETURNED)) or {}

    @property
    def report_key(self) -> str | None:
        """The key of its report in the bucket, None without one."""
        return self.report.get("key")

    @property
    def causes(self) -> dict[str, str]:
        """What each failed task failed with."""
        failed = {task for task, state in self.states.items() if state == "failed"}
        return {task: text for (task, key), text in self._xcoms.items() if key == ERROR_XCOM and task in failed}

    def returned(self, task: str) -> Any:
        """What a task returned, None when it has not."""
        return self._xcoms.get((task, RETURNED))

    def _tasks(self) -> dict[str, Callable[[], Any]]:
        name = self.dataset
        return {
            "download": lambda: steps.download_source(name, self.source, self.run_id),
            "prepare": lambda: steps.prepare_source(name, self.returned("download"), self.run_id),
            "start": lambda: steps.start_migration(name, self.returned("prepare"), force=False),
            "wait": lambda: self._deferrable(
                ExecutionSensor(task_id="wait", dataset_name=name, prepared=self.returned("prepare"))
            ),
            "fetch_error_files": lambda: self._deferrable(
                FetchErrorFilesOperator(
                    task_id="fetch_error_files", dataset_name=name, prepare_task="prepare", poll_seconds=0.05
                )
            ),
            "verify": lambda: steps.check_table(name, self.returned("prepare"), self.run_id),
            "reconcile": lambda: steps.reconcile(dag._findings(name, self._context("reconcile"))),
            "report": lambda: steps.publish_report(
                dag._findings(name, self._context("report")), self.returned("reconcile")
            ),
            "accounted": self._accounted,
        }

    def _attempt(self, task: str, body: Callable[[], Any]) -> str:
        for attempt in range(1, ATTEMPTS + 1):
            self._xcoms = {where: value for where, value in self._xcoms.items() if where[0] != task}
            try:
                self._xcoms[task, RETURNED] = body()
            except AirflowSkipException:
                return "skipped"
            except Exception as error:
                self._xcoms[task, ERROR_XCOM] = error_text(error)
                if isinstance(error, AirflowFailException) or attempt == ATTEMPTS:
                    return "failed"
                self.retries += 1
            else:
                return "success"
        raise AssertionError("the last attempt returns")

    def _deferrable(self, operator: Any) -> Any:
        """Run an operator and, where it defers, its trigger to the first event."""
        context = self._context(operator.task_id)
        try:
            return operator.execute(context)
        except TaskDeferred as deferred:
            event = asyncio.run(_first_event(deferred.trigger))
            return getattr(operator, deferred.method_name)(context, event)

    def _accounted(self) -> None:
        if not self.report:
            raise AirflowFailException("There is no report.")
        if self.report["problems"]:
            raise AirflowFailException(self.report["summary"])

    def _context(self, task: str) -> Mapping[str, Any]:
        """As much of Airflow's context as the tasks read."""

        def pull(*, task_ids: str, key: str = RETURNED) -> Any:
            return self._xcoms.get((task_ids, key))

        def push(*, key: str, value: Any) -> None:
            self._xcoms[task, key] = value

        ended = [{"task_id": name, "state": state, "duration": 0.0} for name, state in self.states.items()]
        instance = SimpleNamespace(
            run_id=self.run_id,
            dag_id=f"csvdynamo_{self.dataset}",
            xcom_pull=pull,
            xcom_push=push,
            get_task_breadcrumbs=lambda **_: ended,
        )
        before = SimpleNamespace(get_flat_relative_ids=lambda *, upstream: set(self.states))
        return {"ti": instance, "task": before, "params": {"dry_run": False, "force": False}, "run_id": self.run_id}


_NEED_ALL = {"prepare": ["download"], "start": ["prepare"], "wait": ["start"]}


async def _first_event(trigger: Any) -> Any:
    trigger.task_instance = None
    async for event in trigger.run():
        return event.payload
    raise AssertionError("the trigger ended without an event")
