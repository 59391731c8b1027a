"""The buttons of the tasks, as a worker makes them and Airflow keeps them with the DAG."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time import xcom
from airflow.serialization.serialized_objects import DagSerialization

from commands.project import ROOT
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.tasks import connections

ARN = "arn:aws:states:eu-central-1:111122223333:execution:csvdynamo-cars:cars-1"
MAP_RUN = "arn:aws:states:eu-central-1:111122223333:mapRun:csvdynamo-cars/migrate:1"
KEY = SimpleNamespace(
    dag_id="csvdynamo_cars", run_id="manual__2026-11-27T00:30:39+00:00", task_id="x", map_index=-1, try_number=1
)
RUN = "dags/csvdynamo_cars/runs/manual__2026-11-27T00%3A30%3A39%2B00%3A00/plugin/migration"
AWS = "https://states.eu-central-1.amazonaws.com"


@pytest.fixture(scope="module")
def dag() -> Any:
    return make_dag(load_dataset(ROOT / "datasets" / "ev_population.toml"))


def links(
    dag: Any, monkeypatch: pytest.MonkeyPatch, task_id: str, returned: Any, endpoint: str = AWS
) -> dict[str, str]:
    """The buttons of a task that returned something, by name."""
    asked: list[tuple[Any, str]] = []

    def get_value(*, ti_key: Any, key: str) -> Any:
        asked.append((ti_key, key))
        return returned

    monkeypatch.setattr(xcom.XCom, "get_value", get_value)
    monkeypatch.setattr(connections, "client", lambda _: SimpleNamespace(meta=SimpleNamespace(endpoint_url=endpoint)))
    task = dag.get_task(task_id)
    made = {link.name: link.get_link(task, ti_key=KEY) for link in task.operator_extra_links}
    assert set(map(str, asked)) <= {str((KEY, "return_value"))}
    return made


@pytest.mark.parametrize("task_id", ["start", "wait"])
def test_a_task_that_has_an_execution_links_it(dag: Any, monkeypatch: pytest.MonkeyPatch, task_id: str) -> None:
    console = "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1"

    assert links(dag, monkeypatch, task_id, {"arn": ARN}) == {"Execution": f"{console}#/v2/executions/details/{ARN}"}
    assert links(dag, monkeypatch, task_id, None) == {"Execution": ""}


@pytest.mark.parametrize(
    ("task_id", "returned"), [("start", {"arn": ARN}), ("reconcile", {"counts": {"map_run_arn": MAP_RUN}})]
)
def test_an_aws_without_a_console_is_not_linked(
    dag: Any, monkeypatch: pytest.MonkeyPatch, task_id: str, returned: Any
) -> None:
    for endpoint in ("http://127.0.0.1:4566", "https://amazonaws.com.example.org"):
        assert set(links(dag, monkeypatch, task_id, returned, endpoint).values()) == {""}


def test_reconcile_links_the_map_run_if_there_was_one(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = links(dag, monkeypatch, "reconcile", {"counts": {"map_run_arn": MAP_RUN}})

    assert linked["Map Run"].endswith(f"#/mapruns/details/{MAP_RUN}")
    assert links(dag, monkeypatch, "reconcile", {"counts": {"map_run_arn": None}}) == {"Map Run": ""}
    assert links(dag, monkeypatch, "reconcile", None) == {"Map Run": ""}


@pytest.mark.parametrize(
    ("task_id", "linked"),
    [
        ("report", {"Migration": RUN}),
        ("accounted", {"Migration": RUN}),
        ("fetch_error_files", {"Rejects": f"{RUN}#rejects"}),
        ("download", {}),
    ],
)
def test_what_tells_of_the_rows_links_the_runs_page(
    dag: Any, monkeypatch: pytest.MonkeyPatch, task_id: str, linked: dict[str, str]
) -> None:
    assert links(dag, monkeypatch, task_id, None) == linked


def test_airflow_keeps_the_buttons_with_the_dag(dag: Any) -> None:
    kept = DagSerialization.from_dict(DagSerialization.to_dict(dag))

    names = {task.task_id: sorted(link.name for link in task.operator_extra_links) for task in kept.tasks}

    assert {task_id for task_id, told in names.items() if told} == {
        *("start", "wait", "fetch_error_files", "reconcile", "report", "accounted")
    }
    assert names["start"] == ["Execution"]
