"""The processes of an `airflow standalone`: whose a held request is, and the triggerer that is killed or added."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from commands.airflow_api import Api
from commands.airflow_home import AIRFLOW
from commands.ui import Standalone
from tests.support.gate import Gate, Hold, Moment


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


@contextmanager
def another_triggerer(environment: dict[str, str]) -> Iterator[None]:
    """Start a triggerer beside those that `airflow standalone` has."""
    process = subprocess.Popen([AIRFLOW, "triggerer", "--skip-serve-logs"], env=environment, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def kill_triggerer(api: Api, gate: Gate) -> dict[str, str]:
    """Kill the triggerer in the middle of a look at the execution, both its processes; return its environment."""
    with gate.hold("DescribeExecution", Moment.DURING) as hold:
        hold.await_reached()
        runner = sender(api, hold)
        supervisor = runner.parent()
        assert supervisor is not None
        environment = supervisor.environ()
        kill(supervisor, runner)
    return environment
