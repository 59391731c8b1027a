"""A process with Airflow imported that forks one child for each attempt of a task: `python task_host.py ANSWERS`.

It reads one JSON document a line and writes the child's process id to the file descriptor ANSWERS. The child runs the
task as a worker would, or a trigger as the triggerer would, with a context that has what the project's tasks use of it;
what it pulls and pushes lies in the run's folder. What became of the attempt is written there too, whole or not at all:
a child that is killed leaves nothing but its effects.
"""

import asyncio
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import aiobotocore.session  # noqa: F401 - the hook imports it when a trigger asks for its client
import boto3.s3.transfer  # noqa: F401 - boto3 imports it when a file is transferred
import duckdb  # noqa: F401, TID253 - prepare imports it when it runs
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from airflow.sdk.execution_time.context import OutletEventAccessors
from botocore.loaders import JSONFileLoader

import csvdynamo_airflow.steps
from csvdynamo.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.workflow import execution_trigger

RESULT = "return_value"


class TaskInstance:
    """What the project's tasks use of Airflow's, over the files of the run's folder."""

    map_index = -1

    def __init__(self, request: dict[str, Any]) -> None:
        self.folder = Path(request["folder"])
        self.dag_id, self.run_id, self.task_id = request["dag_id"], request["run_id"], request["task_id"]
        self.ended: dict[str, str] = request["ended"]

    def xcom_pull(self, *, task_ids: str, key: str = RESULT, default: Any = None, **_: Any) -> Any:
        path = self._xcom(task_ids, key)
        return json.loads(path.read_text()) if path.exists() else default

    def xcom_push(self, *, key: str, value: Any) -> None:
        write_whole(self._xcom(self.task_id, key), value)

    def get_task_breadcrumbs(self, **_: Any) -> list[dict[str, Any]]:
        return [{"task_id": task_id, "state": state, "duration": 0.1} for task_id, state in self.ended.items()]

    def _xcom(self, task_id: str, key: str) -> Path:
        return self.folder / f"xcom-{task_id}-{key}.json"


def write_whole(path: Path, document: Any) -> None:
    """Write a file that nobody ever sees half written."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(document))
    unfinished.replace(path)


def attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Run an attempt of a task, or its end after a deferral; return what became of it."""
    dag = make_dag(load_dataset(datasets_folder() / f"{request['dag_id'].removeprefix('csvdynamo_')}.toml"))
    task: Any = dag.get_task(request["task_id"]).prepare_for_execution()
    context: Any = {
        "ti": TaskInstance(request),
        "task": task,
        "dag": dag,
        "run_id": request["run_id"],
        "params": {"force": False, "dry_run": False, **request["params"]},
        "outlet_events": OutletEventAccessors(),
    }
    try:
        if "event" in request:
            result = getattr(task, request["method"])(context, event=request["event"])
        else:
            task.render_template_fields(context)
            result = task.execute(context)
    except TaskDeferred as deferred:
        path, fields = deferred.trigger.serialize()
        return {"deferred": {"path": path, "fields": fields, "method": deferred.method_name}}
    except AirflowSkipException as skip:
        return {"skipped": str(skip)}
    except Exception as error:
        traceback.print_exc()
        return {"failed": str(error), "retried": not isinstance(error, AirflowFailException)}
    if result is not None:
        context["ti"].xcom_push(key=RESULT, value=result)
    return {"returned": result}


def wait(request: dict[str, Any]) -> dict[str, Any]:
    """Run a trigger, made again from its fields; return its event."""
    module, _, name = request["path"].rpartition(".")
    fields = dict(request["fields"])
    if "poll_seconds" in fields:
        fields["poll_seconds"] = 0.05
    trigger = getattr(importlib.import_module(module), name)(**fields)

    async def first_event() -> Any:
        async for event in trigger.run():
            return event.payload
        raise AssertionError("the trigger ended without an event")

    return {"event": asyncio.run(first_event())}


def child(request: dict[str, Any]) -> NoReturn:
    """Do what is asked and say what became of it; or stay there, to be killed before anybody hears of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        outcome = wait(request) if "path" in request else attempt(request)
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


def warm_up() -> None:
    """Import and parse what every child needs, once."""
    read = JSONFileLoader._load_file
    parsed: dict[str, Any] = {}

    def read_once(loader: JSONFileLoader, path: str, opened: Any) -> Any:
        if path not in parsed:
            parsed[path] = read(loader, path, opened)
        return parsed[path]

    JSONFileLoader._load_file = read_once
    for service in ("cloudformation", "dynamodb", "s3", "sns", "stepfunctions"):
        csvdynamo_airflow.steps.client(service)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Fork a child for each line."""
    ExecutorSafeguard.test_mode = True
    warm_up()
    # What is waited for is local: a look costs nobody a token.
    execution_trigger.MAP_RUN_SECONDS = 0.2
    execution_trigger._FIRST_PAUSE_SECONDS = 0.05
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers = int(sys.argv[1])
    os.write(answers, b"%d\n" % os.getpid())
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        os.write(answers, b"%d\n" % pid)
    os._exit(0)  # DuckDB complains of an end in good order in which it was never used


if __name__ == "__main__":
    main()
