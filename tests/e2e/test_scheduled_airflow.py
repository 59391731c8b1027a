"""The DAG under the real scheduler and triggerer, driven through Airflow's REST API as its UI does."""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from commands.embedded import Deployed
from commands.ui import Standalone, airflow_standalone

ENDED = {"success", "failed"}
RUN_SECONDS = 180


@dataclass(frozen=True)
class Api:
    """Airflow's REST API with a login."""

    airflow: Standalone
    token: str = ""

    def call(self, path: str, body: dict[str, Any] | None = None, *, public: bool = False) -> Any:
        headers = {"Content-Type": "application/json"}
        if not public:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.airflow.url + path, data, headers), timeout=30) as got:
            return json.load(got)

    def log_in(self) -> "Api":
        login = {"username": self.airflow.user, "password": self.airflow.password}
        return Api(self.airflow, self.call("/auth/token", login, public=True)["access_token"])

    def await_run(self, dag_id: str, run_id: str) -> str:
        deadline = time.monotonic() + RUN_SECONDS
        state = "unknown"
        while time.monotonic() < deadline:
            state = self.call(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state in ENDED:
                return state
            time.sleep(1)
        pytest.fail(f"the run is still {state} after {RUN_SECONDS} s")


@pytest.fixture(scope="module")
def api(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    log = tmp_path_factory.mktemp("ui") / "airflow.log"
    with airflow_standalone(deployed, log, tmp_path_factory.getbasetemp()) as airflow:
        yield Api(airflow).log_in()


def await_dag(api: Api, dag_id: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(dag["dag_id"] == dag_id for dag in api.call("/api/v2/dags")["dags"]):
            return
        time.sleep(1)
    pytest.fail(f"the DAG processor has not found {dag_id}: {api.call('/api/v2/importErrors')}")


def test_a_run_triggered_through_the_api_balances_and_attaches_again_when_it_is_cleared(
    api: Api, dags: Any, vehicles: Any
) -> None:
    dag_id = f"csvdynamo_{dags.dataset.name}"
    source = vehicles([f"40{n}" if n != 5 else " " for n in range(40)])
    await_dag(api, dag_id)
    before = dags.executions()

    run = api.call(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": {"source_url": source}})
    state = api.await_run(dag_id, run["dag_run_id"])

    assert state == "success", tasks_of(api, dag_id, run["dag_run_id"])
    executions = dags.executions()
    assert len(executions) == len(before) + 1
    report = newest_report(dags, run["dag_run_id"])
    assert report["ledger"] == {
        "source_rows": 40,
        "rejected_before_upload": 0,
        "written": 39,
        "rejected": 1,
        "failed": 0,
        "unstarted": 0,
        "unaccounted": 0,
    }
    assert [(reject["row"], reject["code"]) for reject in dags.error_files(report)] == [(6, "MISSING_KEY")]
    progress = api.call(f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}/taskInstances/wait/xcomEntries/progress")
    assert progress["value"]["settled"] == 40

    cleared = {"dag_run_id": run["dag_run_id"], "dry_run": False, "only_failed": False, "task_ids": ["start"]}
    api.call(f"/api/v2/dags/{dag_id}/clearTaskInstances", {**cleared, "include_downstream": True})
    time.sleep(2)

    assert api.await_run(dag_id, run["dag_run_id"]) == "success", tasks_of(api, dag_id, run["dag_run_id"])
    assert tasks_of(api, dag_id, run["dag_run_id"])["wait"] == ("success", 2)
    assert dags.executions() == executions
    assert newest_report(dags, run["dag_run_id"])["ledger"] == report["ledger"]


def tasks_of(api: Api, dag_id: str, run_id: str) -> dict[str, tuple[str, int]]:
    """State and number of attempts of each task."""
    found = api.call(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {task["task_id"]: (task["state"], task["try_number"]) for task in found}


def newest_report(dags: Any, run_id: str) -> dict[str, Any]:
    """The report of a DAG run."""
    [report] = [report for report in dags.reports() if report["run_id"] == run_id]
    return report
