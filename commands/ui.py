"""``make ui``: Airflow's scheduler, triggerer and UI, wired to the embedded AWS with the stack deployed."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from commands.airflow_api import Login
from commands.airflow_file import AIRFLOW_FILE, told_in_airflow_file
from commands.airflow_home import AIRFLOW, airflow_environment, make_airflow_home
from commands.aws_file import told_in_aws_file
from commands.beforehand import refuse_settings
from commands.build_lock import alone_in_build
from commands.embedded import Deployed, embedded_aws
from commands.local_source import source_to_try
from commands.project import BUILD, DEFAULT_DATASET, SAMPLES, fail, find_dataset, free_port, say, stop_like_ctrl_c
from commands.sample import SAMPLE_DATASET
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.settings import LOCAL_FOLDER

UI_LOG = BUILD / "airflow-standalone.log"
_READY_SECONDS = 600.0
_STOP_SECONDS = 30.0
RUN_AT_ONCE = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
}
"""A DAG that a person triggers runs at once, and none runs before: its monthly run would download the register."""

_HEALTHY = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class Process(Protocol):
    """A process that leads a session; a `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Its id."""

    def poll(self) -> int | None:
        """Its exit status, None as long as it runs."""

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit status.

        Raises:
            subprocess.TimeoutExpired: It did not end within so many seconds.
        """


@dataclass(frozen=True)
class Standalone(Login):
    """A running ``airflow standalone``, with the user that it made.

    Attributes:
        process: Its process, whose session holds every part of it.
        home: Its ``AIRFLOW_HOME``.
        settings: The variables that it has beside those of any Airflow of this project.
    """

    process: Process
    home: Path
    settings: Mapping[str, str]


def main() -> None:
    """Serve Airflow with the embedded AWS until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make ui", description=main.__doc__)
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    arguments = parser.parse_args()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    stop_like_ctrl_c()
    with alone_in_build("make ui"):
        try:
            _serve(dataset)
        except KeyboardInterrupt:
            say("\nStopped.")


def _serve(dataset: Dataset) -> None:
    refuse_settings()
    advice = make_source(dataset)
    with (
        embedded_aws(dataset) as deployed,
        told_in_aws_file(deployed),
        airflow_standalone(deployed) as airflow,
        told_in_airflow_file(deployed, airflow.home, airflow.settings),
    ):
        say(
            f"\nReady: {airflow.url}  (user {airflow.user}, password {airflow.password})\n"
            f"{advice}\n"
            f"For airflow and aws in another shell: . {shlex.quote(str(AIRFLOW_FILE))}\n"
            f"Airflow's log is in {UI_LOG}. "
            "Ctrl-C stops everything."
        )
        airflow.process.wait()
        fail(f"Airflow ended by itself; its log is in {UI_LOG}.")


def make_source(dataset: Dataset) -> str:
    """Make the folder that the DAGs may read, with the sample if that is of the data set; say what to trigger."""
    path = source_to_try(dataset)
    dag = f"csvdynamo_{dataset.name}"
    if dataset.name != SAMPLE_DATASET:
        return f"Trigger {dag} with a file of the folder\n  {SAMPLES}\nNo other is read: {LOCAL_FOLDER} names it."
    return (
        f"Trigger {dag} with the source\n  {path}\n"
        f"Another file is read from that folder alone: {LOCAL_FOLDER} names it."
    )


def _start(environment: Mapping[str, str], log: Path) -> Process:
    with log.open("wb") as output:
        return subprocess.Popen(
            [AIRFLOW, "standalone"], env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


@contextmanager
def airflow_standalone(
    deployed: Deployed,
    log: Path = UI_LOG,
    settings: Mapping[str, str] | None = None,
    start: Callable[[Mapping[str, str], Path], Process] = _start,
) -> Iterator[Standalone]:
    """Run ``airflow standalone`` wired to the embedded AWS; wait until every part of it is healthy.

    Args:
        deployed: The embedded AWS with the stack that its DAGs use.
        log: File for its output.
        settings: More variables for it, such as another folder below which its DAGs may read files.
        start: Starts it with these variables, its output in that file.
    """
    home = make_airflow_home(Path(tempfile.mkdtemp(prefix="csvdynamo-airflow-")))
    port = free_port()
    own = _standalone_settings(home, port)
    environment = {
        **airflow_environment(home, deployed.aws.environment),
        **own,
        LOCAL_FOLDER: str(SAMPLES),
        **(settings or {}),
    }
    say("Starting Airflow (about a minute) …")
    process = start(environment, log)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_healthy(url, process, log)
        user, password = _login(home)
        yield Standalone(url, user, password, process, home, own)
    finally:
        _stop(process)
        shutil.rmtree(home, ignore_errors=True)


def _standalone_settings(home: Path, port: int) -> Mapping[str, str]:
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        **RUN_AT_ONCE,
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
    }


def _await_healthy(url: str, process: Process, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if (status := process.poll()) is not None:
            fail(f"Airflow ended with status {status}; its log is in {log}.")
        try:
            with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - always http
                health = json.load(answer)
        except (OSError, urllib.error.URLError, ValueError):
            health = {}
        if all((health.get(part) or {}).get("status") == "healthy" for part in _HEALTHY):
            return
        time.sleep(1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    fail(f"Airflow was not healthy within {_READY_SECONDS:.0f} s; its log, {log}, ends:\n{tail}")


def _login(home: Path) -> tuple[str, str]:
    [(user, password)] = json.loads((home / "passwords.json").read_text()).items()
    return user, password


def _stop(process: Process) -> None:
    """Stop ``airflow standalone`` and every process of its session."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            say("Airflow takes its time to stop; ending its processes.")
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


if __name__ == "__main__":
    main()
