"""Airflow's REST API, as its UI uses it."""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from commands.ui import Standalone

ENDED = {"success", "failed"}
RUN_SECONDS = 240
WAIT_SECONDS = 120


@dataclass(frozen=True)
class Api:
    """Airflow's REST API with a login."""

    airflow: Standalone
    token: str = ""

    def call(
        self, path: str, body: dict[str, Any] | None = None, *, public: bool = False, method: str | None = None
    ) -> Any:
        headers = {"Content-Type": "application/json"}
        if not public:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.airflow.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as got:
            return json.load(got)

    def log_in(self) -> "Api":
        login = {"username": self.airflow.user, "password": self.airflow.password}
        return Api(self.airflow, self.call("/auth/token", login, public=True)["access_token"])

    def await_dag(self, dag_id: str) -> None:
        """Wait until the DAG processor has found a DAG."""
        await_true(
            lambda: any(dag["dag_id"] == dag_id for dag in self.call("/api/v2/dags")["dags"]),
            lambda: f"no DAG {dag_id}: {self.call('/api/v2/importErrors')}",
        )


@dataclass(frozen=True)
class ScheduledRun:
    """A DAG run under the real scheduler."""

    api: Api
    dag_id: str
    run_id: str

    @classmethod
    def trigger(cls, api: Api, dag_id: str, source: str) -> "ScheduledRun":
        """Trigger a run as the form does."""
        body = {"logical_date": None, "conf": {"source_url": source}}
        return cls(api, dag_id, api.call(f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    @property
    def path(self) -> str:
        return f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}"

    def state(self) -> str:
        return str(self.api.call(self.path)["state"])

    def tasks(self) -> dict[str, tuple[str, int]]:
        """State and number of attempts of each task."""
        found = self.api.call(f"{self.path}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def await_end(self) -> str:
        """Wait until the run has ended; return how."""
        await_true(lambda: self.state() in ENDED, lambda: f"the run goes on: {self.tasks()}", RUN_SECONDS)
        return self.state()

    def await_task(self, task_id: str, state: str) -> None:
        """Wait until a task has a state."""
        await_true(lambda: self.tasks()[task_id][0] == state, lambda: f"{task_id} is not {state}: {self.tasks()}")

    def mark_failed(self) -> None:
        self.api.call(self.path, {"state": "failed"}, method="PATCH")

    def mark_task_failed(self, task_id: str) -> None:
        self.api.call(f"{self.path}/taskInstances/{task_id}", {"new_state": "failed"}, method="PATCH")

    def clear(self, task_id: str, *, downstream: bool) -> None:
        """Clear a task as the UI does, alone or with all that come after it."""
        body = {"dag_run_id": self.run_id, "dry_run": False, "only_failed": False, "task_ids": [task_id]}
        path = f"/api/v2/dags/{self.dag_id}/clearTaskInstances"
        self.api.call(path, {**body, "include_downstream": downstream, "reset_dag_runs": True})


def await_true(true: Callable[[], bool], complaint: Callable[[], str], seconds: float = WAIT_SECONDS) -> None:
    """Look every half second until something is so; fail with the complaint if it never is."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s {complaint()}")
        time.sleep(0.5)
