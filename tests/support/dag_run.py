"""A DAG run whose tasks are attempted one after another, in processes that can be killed."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from csvdynamo_airflow.documents.task_documents import ERROR_XCOM
from tests.support.attempts import LONGEST_SECONDS, to_its_end
from tests.support.forked import Forked, TaskHost
from tests.support.schedule import FAILED, STATE_OF, SUCCESS, Task, to_clear

_RUN_SECONDS = 300.0


@dataclass
class DagRun:
    """One run of a data set's DAG.

    Attributes:
        host: What forks its attempts.
        folder: The folder of what its tasks tell each other, and of its attempts' outcomes and logs.
        dag_id: The DAG.
        run_id: The run.
        params: The run's parameters.
        states: The state of each task that has ended, in the order in which they did.
        retries: Attempts that failed and were followed by another.
        no_waiting: Whether error files that are not there are waited for no longer than a moment.
        environment: The whole environment of its attempts; None for the host's.
    """

    host: TaskHost
    folder: Path
    dag_id: str
    run_id: str
    params: Mapping[str, Any]
    states: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    no_waiting: bool = False
    environment: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The DAG's tasks, each after those that it needs."""
        return self.host.tasks(self.dag_id, self.environment)

    def attempt(self, task_id: str, *, last: bool = False, held_at_end: bool = False) -> Forked:
        """Start an attempt of a task."""
        return self._fork("attempt", task_id, last=last, held_at_end=held_at_end)

    def wait_for(self, task_id: str, deferred: Mapping[str, Any], *, held_at_end: bool = False) -> Forked:
        """Start the trigger of a deferred task."""
        return self._fork("trigger", task_id, path=deferred["path"], fields=deferred["fields"], held_at_end=held_at_end)

    def resume(
        self,
        task_id: str,
        deferred: Mapping[str, Any],
        told: Mapping[str, Any],
        *,
        last: bool = False,
        held_at_end: bool = False,
    ) -> Forked:
        """Start the rest of a deferred task, with what its trigger ended with."""
        then = {"method": deferred["method"], "kwargs": deferred["kwargs"]}
        return self._fork("resume", task_id, told=told, last=last, held_at_end=held_at_end, **then)

    def run_task(self, task_id: str, *, last: bool = False) -> dict[str, Any]:
        """Attempt a task once, to its end, its deferral among it; return what it ended with."""

        def fork(kind: str, more: Mapping[str, Any]) -> dict[str, Any]:
            told: dict[str, Any] = self._fork(kind, task_id, last=last, **more).wait()
            return told

        told = to_its_end(task_id, fork)
        self.states[task_id] = STATE_OF[next(iter(told))]
        return told

    def run_tasks(self, *task_ids: str) -> None:
        """Attempt tasks one after another, all in one process, as `airflow dags test` does; each must end well."""
        if not task_ids:
            return
        in_turn = self._fork("in_turn", "-".join(task_ids[:: len(task_ids) - 1 or 1]), task_ids=task_ids, last=False)
        for task_id, told in in_turn.wait(LONGEST_SECONDS).items():
            self.states[task_id] = STATE_OF[next(iter(told))]
            assert "returned" in told, f"{task_id} ended otherwise: {told}"

    def run_before(self, task_id: str) -> None:
        """Attempt all tasks before one that have not ended; each must end well."""
        self.run_tasks(*(one for one in self._ids()[: self._ids().index(task_id)] if one not in self.states))

    def run_from(self, task_id: str) -> None:
        """Attempt a task and all after it; each must end well."""
        self.run_tasks(*self._ids()[self._ids().index(task_id) :])

    def run_rest(self) -> None:
        """Attempt all tasks that have not ended; each must end well."""
        self.run_tasks(*(one for one in self._ids() if one not in self.states))

    def run(self, *, through: str | None = None) -> None:
        """Do what Airflow's scheduler does until each task has a state, all in one process, as `dags test` does.

        Args:
            through: The last task that is to have one; None for all.
        """
        task_ids = self._ids()[: self._ids().index(through) + 1] if through else self._ids()
        told = self._fork("run", "run", task_ids=task_ids).wait(_RUN_SECONDS)
        self.states, self.retries = told["states"], self.retries + told["retries"]

    def run_again(self) -> None:
        """Clear what did not succeed with everything downstream, as a person does in the UI, and run that."""
        for task_id in to_clear(self.tasks, self.states):
            self.states.pop(task_id, None)
        self.run()

    def clear(self, task_id: str) -> None:
        """Clear a task with everything downstream, as a person does in the UI, and run that."""
        for cleared in self._ids()[self._ids().index(task_id) :]:
            self.states.pop(cleared, None)
        self.run()

    def forget(self, task_id: str) -> None:
        """Delete what a task returned, as `airflow db clean` does."""
        self._told(task_id).unlink()

    def cleared(self, folder: Path) -> Self:
        """Make the same run with every task cleared: what a task told is there until it is attempted again.

        Args:
            folder: Its folder from now on; what was logged stays behind.
        """
        run = replace(self, folder=folder, states={}, retries=0)
        for told in self.folder.glob("xcom-*.json"):
            shutil.copy(told, folder)
        return run

    @property
    def green(self) -> bool:
        """Whether the last task, which alone decides, has succeeded."""
        return self.states.get(self._ids()[-1]) == SUCCESS

    @property
    def causes(self) -> dict[str, str]:
        """What each failed task failed with, as the report would tell it."""
        return {
            task_id: self.told(task_id, ERROR_XCOM) or "" for task_id, state in self.states.items() if state == FAILED
        }

    @property
    def report_key(self) -> str | None:
        """The key of its report in the bucket, None without one."""
        report = self.told("report")
        return report["key"] if report else None

    def told(self, task_id: str, key: str = "return_value") -> Any:
        """What a task returned, or pushed under a key; None when it did not."""
        path = self._told(task_id, key)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def logs(self) -> str:
        """What its attempts wrote, one after another."""
        files = sorted(self.folder.glob("*.log"), key=lambda file: int(file.name.partition("-")[0]))
        return "\n".join(f"--- {file.stem}\n{file.read_text(encoding='utf-8', errors='replace')}" for file in files)

    def _told(self, task_id: str, key: str = "return_value") -> Path:
        return self.folder / f"xcom-{task_id}-{key}.json"

    def _ids(self) -> list[str]:
        return [task.task_id for task in self.tasks]

    def _fork(self, kind: str, task_id: str, **more: Any) -> Forked:
        run = {"folder": str(self.folder), "dag_id": self.dag_id, "run_id": self.run_id, "params": dict(self.params)}
        run |= {"states": self.states, "no_waiting": self.no_waiting}
        return self.host.fork(kind, environment=self.environment, task_id=task_id, **run, **more)
