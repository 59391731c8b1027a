"""What of Airflow stays until it is stopped, in a child of the task host: `airflow standalone`, or one of its parts.

They are Airflow's own commands, each part in a process of its own, and forks of a process that has imported Airflow: to
import it takes most of the CPU that a part takes until it is ready.
"""

import gc
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from airflow import settings
from airflow.cli.commands import standalone_command

_OF_PARTS = (
    "airflow.api_fastapi.app",
    "airflow.cli.commands.api_server_command",
    "airflow.cli.commands.dag_processor_command",
    "airflow.cli.commands.scheduler_command",
    "airflow.cli.commands.triggerer_command",
    "airflow.dag_processing.dagbag",
    "airflow.dag_processing.processor",
    "airflow.executors.local_executor",
    "airflow.utils.serve_logs.core",
    "uvicorn.protocols.http.auto",
)


def service(request: Mapping[str, Any]) -> dict[str, int]:
    """Run an `airflow` command until it is stopped, in a session of its own.

    Args:
        request: ``arguments`` after the command's name.
    """
    os.setsid()
    _open_database()
    if request["arguments"] == ["standalone"]:
        _prepare_parts()
    _run(*request["arguments"])
    return {"status": 0}


def _open_database() -> None:
    """Open the database that the environment names, in the place of the host's."""
    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()


def _prepare_parts() -> None:
    for module in _OF_PARTS:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    standalone_command.SubCommand = _Part


class _Part:
    """A fork with one of Airflow's parts, where `airflow standalone` would start a command in a thread."""

    def __init__(self, parent: object, name: str, command: list[str], env: Mapping[str, str]) -> None:
        self._command = command
        self._pid = 0

    def start(self) -> None:
        """Run it."""
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid:
            return
        try:
            _run(*self._command)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def stop(self) -> None:
        """Ask it to end."""
        os.kill(self._pid, signal.SIGTERM)

    def join(self) -> None:
        """Wait for its end."""
        os.waitpid(self._pid, 0)


def _run(*arguments: str) -> None:
    from airflow.__main__ import main

    sys.argv = ["airflow", *arguments]
    main()
