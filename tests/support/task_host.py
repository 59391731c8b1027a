"""A process with Airflow imported that forks one child for each request: `python -m tests.support.task_host ANSWERS`.

It reads one JSON document a line and writes the child's process id to the file descriptor ANSWERS. What a child is to
do is the request's ``kind``, one of `KINDS`; its output goes to the file ``log``, and its whole environment is
``environment``, if the request has one. What became of it is written to the file ``outcome``, whole or not at all: a
child that is killed leaves nothing but its effects.
"""

import asyncio
import gc
import json
import math
import os
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import aiobotocore.session
import airflow.sdk.definitions.asset.metadata  # noqa: F401 - Airflow imports it when a task of Python has run
import boto3.s3.transfer  # noqa: F401 - boto3 imports it when a file is transferred
import duckdb  # noqa: F401, TID253 - prepare imports it when it runs
import jinja2.ext  # noqa: F401 - Airflow imports it when it fills in a task's templates

import csvdynamo_airflow.tasks.report_step
import csvdynamo_airflow.tasks.steps  # noqa: F401 - the tasks import it when they run
from commands.airflow_local_settings import check_each_schema_once
from csvdynamo_airflow.accounting import html_report
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.tasks import connections
from tests.support import airflow_command, forked_airflow, worker
from tests.support.cheap_duckdb import make_duckdb_cheap
from tests.support.fast_clients import SERVICES, make_clients_faster, read_pages
from tests.support.whole_file import write_whole

Kind = Callable[[Mapping[str, Any]], Any]


def host(request: Mapping[str, Any]) -> None:
    """Be a host in its turn, with what is made of its own environment: it need not import Airflow once more.

    Args:
        request: The ``port`` of 127.0.0.1 to which it connects, to read lines and to tell process ids there.
    """
    tempfile.tempdir = None  # to be found anew
    with socket.create_connection(("127.0.0.1", request["port"])) as asking, asking.makefile() as lines:
        warm_up_environment()
        serve(lines, asking.fileno())


KINDS: dict[str, Kind] = {
    "tasks": worker.tasks,
    "attempt": worker.attempt,
    "in_turn": worker.in_turn,
    "run": worker.run,
    "trigger": worker.trigger,
    "resume": worker.resume,
    "airflow": airflow_command.airflow,
    "airflow_service": forked_airflow.service,
    "host": host,
}
"""What a child can do, by name: each takes the request and returns the outcome, a JSON document."""


def child(request: Mapping[str, Any]) -> NoReturn:
    """Do what is asked and say what became of it; or stay there, to be killed before anybody hears of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        if environment := request.get("environment"):
            _take(environment)
        outcome = KINDS[request["kind"]](request)
        if request["held_at_end"]:
            write_whole(Path(request["held"]), outcome)
            signal.pause()
        write_whole(Path(request["outcome"]), outcome)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _take(environment: Mapping[str, str]) -> None:
    """Set the child's environment. A client that the host made is the child's only if their connections are equal."""
    assert environment["AIRFLOW_HOME"] == os.environ["AIRFLOW_HOME"], "Airflow has opened its database"
    os.environ.clear()
    os.environ.update(environment)


def warm_up(*, command_line: bool) -> None:
    """Import and parse what every child needs, once; what the `airflow` command needs only if it will be asked for."""
    if command_line:
        airflow_command.warm_up()
    make_clients_faster()
    make_duckdb_cheap()
    check_each_schema_once()
    # The embedded AWS has one key as long as it runs.
    connections._KEPT_SECONDS = math.inf
    asyncio.run(_make_triggers_client())
    html_report._template()
    warm_up_environment()


def warm_up_environment() -> None:
    """Make what is made of the environment, once: clients, and DAGs."""
    for service in SERVICES:
        read_pages(connections.client(service))
    for file in datasets_folder().glob("*.toml"):
        worker.dag_of(file).params.validate()
    gc.collect()
    gc.freeze()


async def _make_triggers_client() -> None:
    # Not the hook's own, which asks for it in a thread: a fork would wait for that one, and has none.
    async with aiobotocore.session.get_session().create_client("stepfunctions", region_name="us-east-1"):
        pass


def main() -> None:
    """Fork a child for each line of the standard input."""
    warm_up(command_line="--command-line" in sys.argv)
    serve(sys.stdin, int(sys.argv[1]))
    os._exit(0)  # DuckDB complains of an end in good order in which it was never used


def serve(lines: Iterable[str], answers: int) -> None:
    """Tell the own process id, and for each line that of the child that it asks for.

    Args:
        lines: The requests.
        answers: The file descriptor to write to.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.write(answers, b"%d\n" % os.getpid())
    for line in lines:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        os.write(answers, b"%d\n" % pid)


if __name__ == "__main__":
    main()
