"""What Airflow runs in its DAG processor, where a task's process ended without a word: it waits for nothing there."""

import logging
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.execution_api.datamodels.taskinstance import TaskInstance
from airflow.callbacks.callback_requests import TaskCallbackRequest
from airflow.dag_processing.processor import _execute_task_callbacks
from airflow.sdk import DAG
from airflow.sdk.execution_time import task_runner
from airflow.utils.state import TaskInstanceState

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.tasks.task_error import tell_error

ENDED_WITHOUT_A_WORD = (TaskInstanceState.FAILED, TaskInstanceState.UP_FOR_RETRY)


@pytest.fixture(scope="module")
def dag() -> DAG:
    return make_dag(load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml"))


class Log(logging.Logger):
    """The DAG processor's log, which takes names beside the message."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def _take(self, message: str, *arguments: Any, **_: Any) -> None:
        self.lines.append(message % arguments)

    info = warning = exception = _take  # type: ignore[assignment]


@pytest.mark.parametrize("ended", ENDED_WITHOUT_A_WORD)
def test_no_callback_asks_the_dag_processor_for_anything(
    dag: DAG, monkeypatch: pytest.MonkeyPatch, ended: TaskInstanceState
) -> None:
    """It leaves what a task process alone may ask, such as an XCom to be set, without an answer."""
    asked: list[Any] = []
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(send=asked.append), raising=False)
    log: Any = Log()

    for task in dag.tasks:
        instance = TaskInstance(
            id=uuid.uuid4(),
            task_id=task.task_id,
            dag_id=dag.dag_id,
            run_id="run",
            try_number=4,
            dag_version_id=uuid.uuid4(),
        )
        request = TaskCallbackRequest(
            filepath="dags.py", bundle_name="dags", bundle_version=None, ti=instance, task_callback_type=ended
        )
        _execute_task_callbacks(SimpleNamespace(dags={dag.dag_id: dag}), request, log)  # type: ignore[arg-type]

    assert asked == []
    assert not [line for line in log.lines if line.startswith("Error in callback")], log.lines
    if ended is TaskInstanceState.FAILED:
        assert sum("tell_error" in line for line in log.lines) == len(dag.tasks)


def test_a_callback_of_a_task_process_has_the_error_and_pushes_it(dag: DAG) -> None:
    pushed: dict[str, str] = {}
    instance = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    [callback] = dag.get_task("verify").on_failure_callback

    callback({"ti": instance, "task": dag.get_task("verify"), "exception": ValueError("the disk is gone")})

    assert callback is tell_error
    assert pushed == {"error": "the disk is gone. Once that is mended, clear the task verify."}


def test_the_dag_itself_has_no_callback(dag: DAG) -> None:
    assert (dag.has_on_failure_callback, dag.has_on_success_callback) == (False, False)
