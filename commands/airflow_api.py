"""Airflow's REST API, as its UI uses it."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ENDED = {"success", "failed"}
RUN_SECONDS = 240.0
WAIT_SECONDS = 120.0
_PAUSE_SECONDS = 1.0  # each look costs the API, and the scheduler beside it, some hundredths of a second


@dataclass(frozen=True)
class Login:
    """Where an Airflow is, and a user of it.

    Attributes:
        url: Where its UI and REST API are.
        user: The name of the user.
        password: The user's password.
    """

    url: str
    user: str
    password: str


@dataclass(frozen=True)
class Api:
    """Airflow's REST API with a login."""

    airflow: Login
    token: str = ""

    def call(
        self, path: str, body: dict[str, Any] | None = None, *, public: bool = False, method: str | None = None
    ) -> Any:
        """Send a request, and return the JSON of the answer, None where it has none."""
        headers = {"Content-Type": "application/json"}
        if not public:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.airflow.url + path, data, headers, method=method)  # noqa: S310 - always http
        with urllib.request.urlopen(request, timeout=60) as got:  # noqa: S310 - always http
            text = got.read()
        return json.loads(text) if text else None

    def log_in(self) -> "Api":
        """Log in; return the API with the token that it gave."""
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
    def trigger(cls, api: Api, dag_id: str, source: str, **params: Any) -> "ScheduledRun":
        """Trigger a run as the form does."""
        body = {"logical_date": None, "conf": {"source_url": source, **params}}
        return cls(api, dag_id, api.call(f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    @property
    def path(self) -> str:
        """Where the API has the run."""
        return f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}"

    def state(self) -> str:
        """The run's state."""
        return str(self.api.call(self.path)["state"])

    def tasks(self) -> dict[str, tuple[str, int]]:
        """State and number of attempts of each task."""
        found = self.api.call(f"{self.path}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def await_end(self, seconds: float = RUN_SECONDS) -> str:
        """Wait until the run has ended; return how."""
        ended = ""

        def has_ended() -> bool:
            nonlocal ended
            try:
                ended = self.state()
            except urllib.error.HTTPError:
                raise
            except OSError:
                return False  # it does not answer at the moment, which says nothing of the run
            return ended in ENDED

        await_true(has_ended, lambda: f"the run goes on: {self.tasks()}", seconds)
        return ended

    def await_task(self, task_id: str, state: str) -> None:
        """Wait until a task has a state."""
        await_true(lambda: self.tasks()[task_id][0] == state, lambda: f"{task_id} is not {state}: {self.tasks()}")

    def await_log(self, task_id: str, words: str) -> None:
        """Wait until one of a task's attempts has logged some words; one that has not begun logs nothing."""

        def is_logged() -> bool:
            for attempt in range(1, self.tasks()[task_id][1] + 1):
                with contextlib.suppress(urllib.error.HTTPError):
                    if words in self.log(task_id, attempt):
                        return True
            return False

        await_true(is_logged, lambda: f"no attempt of {task_id} logged {words!r}: {self.tasks()}")

    def answer(self, task_id: str, option: str) -> None:
        """Answer what a task asks, as a person does in the UI."""
        path = f"{self.path}/taskInstances/{task_id}/-1/hitlDetails"
        self.api.call(path, {"chosen_options": [option], "params_input": {}}, method="PATCH")

    def mark_failed(self) -> None:
        """Mark the run as failed, as the UI does."""
        self.api.call(self.path, {"state": "failed"}, method="PATCH")

    def mark_task_failed(self, task_id: str) -> None:
        """Mark a task as failed, as the UI does."""
        self.api.call(f"{self.path}/taskInstances/{task_id}", {"new_state": "failed"}, method="PATCH")

    def told(self, task_id: str) -> Any:
        """What a task returned."""
        return self.api.call(f"{self.path}/taskInstances/{task_id}/xcomEntries/return_value")["value"]

    def log(self, task_id: str, attempt: int = 1) -> str:
        """What an attempt of a task logged, as the lines of JSON that the API gives."""
        return json.dumps(self.api.call(f"{self.path}/taskInstances/{task_id}/logs/{attempt}"))

    def clear(self, task_id: str, *, downstream: bool) -> None:
        """Clear a task as the UI does, alone or with all that come after it."""
        body = {"dag_run_id": self.run_id, "dry_run": False, "only_failed": False, "task_ids": [task_id]}
        path = f"/api/v2/dags/{self.dag_id}/clearTaskInstances"
        self.api.call(path, {**body, "include_downstream": downstream, "reset_dag_runs": True})


def await_true(true: Callable[[], bool], complaint: Callable[[], str], seconds: float = WAIT_SECONDS) -> None:
    """Look every second until something is so.

    Args:
        true: Whether it is so.
        complaint: What is wrong, if it never is.
        seconds: How long to wait.

    Raises:
        TimeoutError: It was not so in time; the complaint says what is.
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:.0f} s {complaint()}")
        time.sleep(_PAUSE_SECONDS)
