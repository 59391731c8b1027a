"""Airflow's parts as forks of one process that has imported it: `python -m tests.support.forked_airflow`.

It does what `airflow standalone` does with a database that is there already. Each part runs Airflow's own entry point
in a process of its own; to import Airflow for each would take most of the CPU that they take until they are ready.
"""

import gc
import importlib
import os
import signal
import sys
from typing import NoReturn

from tests.support.preload import EVERY_PART

COMMAND = (sys.executable, "-m", "tests.support.forked_airflow")

_PARTS = ("scheduler", "dag-processor", "api-server", "triggerer")
_MODULES = (
    "airflow.api_fastapi.app",
    "airflow.api_fastapi.execution_api.app",
    "airflow.cli.commands.api_server_command",
    "airflow.cli.commands.dag_processor_command",
    "airflow.cli.commands.scheduler_command",
    "airflow.cli.commands.triggerer_command",
    "airflow.dag_processing.processor",
    "airflow.executors.local_executor",
    "airflow.jobs.dag_processor_job_runner",
    "airflow.jobs.scheduler_job_runner",
    "airflow.jobs.triggerer_job_runner",
    "airflow.sdk.execution_time.task_runner",
    "airflow.utils.serve_logs.core",
    "uvicorn.protocols.http.auto",
)


def main() -> None:
    """Start the parts, and stay until they have ended; SIGINT ends them."""
    # What Airflow imports first, the local settings (`preload.py`), asks for it.
    sys.argv = ["airflow", EVERY_PART]
    warm_up()
    parts = [_started(part) for part in _PARTS]

    def stop(*_: object) -> None:
        for part in parts:
            os.kill(part, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)  # only now: what a part does at Ctrl-C is its own
    for part in parts:
        os.waitpid(part, 0)


def warm_up() -> None:
    """Import what the parts import; the database is not opened."""
    from airflow.configuration import write_default_airflow_configuration_if_needed
    from sqlalchemy.orm import configure_mappers

    write_default_airflow_configuration_if_needed()  # as Airflow's entry point does
    for module in _MODULES:
        importlib.import_module(module)
    configure_mappers()
    gc.collect()
    gc.freeze()


def _started(part: str) -> int:
    pid = os.fork()
    return pid or _run(part)


def _run(part: str) -> NoReturn:
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", part]
    try:
        airflow()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
