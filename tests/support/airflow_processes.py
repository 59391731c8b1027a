"""The processes of an `airflow standalone`: started in the task host, killed, and whose a held request is."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from commands.airflow_api import Api
from commands.ui import RUN_AT_ONCE, Standalone
from tests.support.forked import Forked, TaskHost
from tests.support.gate import Gate, Hold, Moment

READ_AT_IMPORT = {
    **RUN_AT_ONCE,
    # How soon the end of a task is noticed whose sockets do not tell it.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # The API server tells each request otherwise, which takes a sixth of its CPU.
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "http.access=WARNING",
}
"""What the task host has to have for those that it starts: Airflow reads it when it is imported."""


@dataclass(frozen=True)
class _Service:
    """An `airflow` command in a child of the task host, for `airflow_standalone`."""

    forked: Forked

    @property
    def pid(self) -> int:
        return self.forked.pid

    def poll(self) -> int | None:
        return 0 if self.forked.ended else None

    def send_signal(self, sig: int, /) -> None:
        os.kill(self.pid, sig)

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.forked.ended:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("airflow", timeout or 0)
            time.sleep(0.05)
        return 0


@dataclass
class AirflowServices:
    """Starts `airflow standalone`, and a triggerer beside it, in children of the task host.

    Attributes:
        host: The host.
        environment: The variables of what was started.
    """

    host: TaskHost
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, environment: Mapping[str, str], log: Path) -> _Service:
        """Start `airflow standalone`, as `airflow_standalone` does."""
        database = f"sqlite:///{environment['AIRFLOW_HOME']}/airflow.db"
        own = {"AIRFLOW_HOME": self.host.home, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database}
        self.environment = {**environment, **own}
        return self._fork("standalone", log=str(log))

    @contextmanager
    def another_triggerer(self) -> Iterator[None]:
        """Start a triggerer beside those that `airflow standalone` has."""
        triggerer = self._fork("triggerer", "--skip-serve-logs")
        try:
            yield
        finally:
            os.killpg(triggerer.pid, signal.SIGKILL)
            triggerer.wait()

    def _fork(self, *arguments: str, **more: str) -> _Service:
        return _Service(self.host.fork("airflow_service", arguments=arguments, environment=self.environment, **more))


def processes(api: Api) -> list[psutil.Process]:
    """Every process of Airflow, of any depth."""
    assert isinstance(api.airflow, Standalone)
    return psutil.Process(api.airflow.process.pid).children(recursive=True)


def sender(api: Api, hold: Hold) -> psutil.Process:
    """Find the process of Airflow that sent the request that is held."""
    for process in processes(api):
        try:
            connections = process.net_connections(kind="tcp4")
        except psutil.Error:
            continue
        if any(connection.laddr and connection.laddr.port == hold.port for connection in connections):
            return process
    pytest.fail("the request that is held is of no process of Airflow")


def kill(*killed: psutil.Process) -> None:
    """Kill processes with SIGKILL, and wait until they are gone."""
    for process in killed:
        process.kill()
    psutil.wait_procs(killed, timeout=10)


def kill_triggerer(api: Api, gate: Gate) -> None:
    """Kill the triggerer in the middle of a look at the execution, both its processes."""
    with gate.hold("DescribeExecution", Moment.DURING) as hold:
        hold.await_reached()
        runner = sender(api, hold)
        supervisor = runner.parent()
        assert supervisor is not None
        kill(supervisor, runner)
