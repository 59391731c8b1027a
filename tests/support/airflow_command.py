"""The `airflow` command in a child of the task host: what a process of its own does, without importing Airflow again.

`warm_up` imports what `airflow dags test` imports and builds the API that its tasks talk to, in the host. The child
sets its arguments and calls Airflow's own entry point.
"""

import asyncio
import importlib
import sys
from collections.abc import Mapping
from typing import Any

from airflow._shared.observability.metrics import stats
from airflow.configuration import write_default_airflow_configuration_if_needed
from sqlalchemy.orm import configure_mappers

from commands.airflow_local_settings import speak_one_version
from tests.support.hurry import short_waits

_MODULES = (
    "airflow.cli.commands.dag_command",
    "airflow.api_fastapi.common.dagbag",
    "airflow.dag_processing.bundles.local",
    "airflow.dag_processing.collection",
    "airflow.models.renderedtifields",
    "airflow.models.trigger",
    "airflow.providers.common.compat.openlineage.check",
    "airflow.providers.standard.operators.empty",
    "airflow.providers.standard.sensors.external_task",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.execution_time.task_runner",
    "airflow.timetables.trigger",
    "airflow.utils.log.file_task_handler",
    "alembic.command",
    "a2wsgi.asgi",
)


def warm_up() -> None:
    """Import Airflow's command line and have the API built that `dags test` serves in its own process."""
    write_default_airflow_configuration_if_needed()  # Airflow's entry point does it: a new home's keys are in there
    for module in _MODULES:
        importlib.import_module(module)
    configure_mappers()
    speak_one_version()
    stats._get_registry()  # Airflow reads it, a long YAML file, when it first counts something
    asyncio.run(_build_api())


async def _build_api() -> None:
    import httpx
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    api = in_process_api_server().app
    transport = httpx.ASGITransport(app=api)
    # Its routes are built with the first request, which takes seconds.
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=transport, base_url="http://in-process.invalid") as client,
    ):
        (await client.get("/health")).raise_for_status()
    assert len(api.router.versioned_routers) == 1


def airflow(request: Mapping[str, Any]) -> dict[str, int]:
    """Run an `airflow` command; return its exit status.

    Args:
        request: ``arguments`` after the command's name; whether ``dags test`` makes one run id of one date
            (``fixed_run_id``); whether error files that are not there are not waited for (``no_waiting``).
    """
    sys.argv = ["airflow", *request["arguments"]]
    if request["fixed_run_id"]:
        _make_one_run_id_of_one_date()
    if request["no_waiting"]:
        _wait_for_no_error_file()
    from airflow.__main__ import main

    try:
        with short_waits():
            main()
    except SystemExit as end:
        return {"status": end.code if isinstance(end.code, int) else int(end.code is not None)}
    return {"status": 0}


def _make_one_run_id_of_one_date() -> None:
    """Let `dags test DAG DATE` run the same run again.

    Airflow 3.3 makes the run id of the present moment, but a run that is cleared or retried keeps its id.
    """
    from airflow.sdk import DAG

    test = DAG.test

    def test_with_fixed_run_id(dag: DAG, *, logical_date: Any, **rest: Any) -> Any:
        return test(dag, logical_date=logical_date, run_after=logical_date, **rest)

    DAG.test = test_with_fixed_run_id  # type: ignore[assignment]


def _wait_for_no_error_file() -> None:
    """Move the deadline to the execution's end: a file that was removed will not come."""
    from csvdynamo_airflow.tasks import error_files_operator

    error_files_operator._BUFFER_INTERVALS = error_files_operator._GRACE_SECONDS = 0
