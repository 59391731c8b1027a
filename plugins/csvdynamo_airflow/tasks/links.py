"""The buttons that a task has in Airflow's UI: its execution, its Map Run, its error file, and the run's page.

Airflow asks for them when the task has ended, in its process; what there is not gives a button that is off.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk.bases.operatorlink import BaseOperatorLink

from csvdynamo_airflow.console_links import Console, is_real_aws


def run_place(run: Any) -> str:
    """Say where a run's tab is, relative to where Airflow's UI is.

    Args:
        run: What names a DAG and its run: a task's instance or key.
    """
    return f"{_run(run)}/plugin/migration"


def answer_place(task: Any) -> str:
    """Say where a person answers what a task asks, relative to where Airflow's UI is.

    Args:
        task: The task's instance.
    """
    return f"{_run(task)}/tasks/{quote(task.task_id)}/required_actions"


def address_of(place: str) -> str:
    """Give the whole address of a place in Airflow's UI, as far as the worker knows where that is (`api.base_url`)."""
    from airflow.sdk.configuration import conf  # noqa: PLC0415 - slow; not at DAG parse time

    base = conf.get("api", "base_url", fallback="") or ""
    return f"{base.rstrip('/')}/{place}"


def _run(run: Any) -> str:
    return f"dags/{quote(run.dag_id)}/runs/{quote(run.run_id, safe='')}"


class _Link(BaseOperatorLink):
    """A link that is made of what the task returned."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Make the link, "" for none.

        Args:
            operator: The task.
            ti_key: Names its run.
        """
        from airflow.sdk.execution_time.xcom import XCom  # noqa: PLC0415 - there only inside a run

        told = XCom.get_value(key="return_value", ti_key=ti_key)
        return self.of(told) if isinstance(told, Mapping) else ""

    def of(self, told: Mapping[str, Any]) -> str:
        """Make the link of what the task returned."""
        raise NotImplementedError


class ExecutionLink(_Link):
    """The execution that a task started or waited for."""

    name = "Execution"

    def of(self, told: Mapping[str, Any]) -> str:
        """Link the execution in the console."""
        console = _console(told["arn"])
        return console.execution(told["arn"]) if console else ""


class MapRunLink(_Link):
    """The Map Run whose counts were read."""

    name = "Map Run"

    def of(self, told: Mapping[str, Any]) -> str:
        """Link the Map Run in the console."""
        arn = told["counts"]["map_run_arn"]
        console = _console(arn) if arn else None
        return console.map_run(arn) if console else ""


class RunPageLink(BaseOperatorLink):
    """The run's tab in Airflow's UI."""

    name = "Migration"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Make the link, relative to where Airflow's UI is."""
        return run_place(ti_key)


class ErrorFileLink(BaseOperatorLink):
    """The rows that were not written, where they can be seen and downloaded."""

    name = "Rejects"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Make the link, relative to where Airflow's UI is."""
        return RunPageLink().get_link(operator, ti_key=ti_key) + "#rejects"


LINKS: Mapping[str, tuple[BaseOperatorLink, ...]] = {
    "approve": (RunPageLink(),),
    "start": (ExecutionLink(),),
    "wait": (ExecutionLink(),),
    "fetch_error_files": (ErrorFileLink(),),
    "reconcile": (MapRunLink(),),
    "report": (RunPageLink(),),
    "accounted": (RunPageLink(),),
}
"""The buttons of each task."""


def _console(arn: str) -> Console | None:
    from csvdynamo_airflow.tasks.connections import client  # noqa: PLC0415 - not at DAG parse time

    return Console.of_arn(arn) if is_real_aws(client("stepfunctions").meta.endpoint_url) else None
