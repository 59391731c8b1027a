"""Runs whose processes are killed at a chosen moment."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.airflow_home import airflow_environment
from commands.embedded import Deployed
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.folders import error_prefix
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.crash.traces import Outcome, items_of, vehicles
from tests.support.aws_messages import Request
from tests.support.aws_proxy import AwsProxy
from tests.support.dag_run import DagRun
from tests.support.forked import Forked, TaskHost
from tests.support.gate import Gate, Moment

ROWS = 100
MISSING_KEYS = (7, 42)
TWICE = "VIN0,2019,Kent,{mark}0003"  # a row of a key that comes again: prepare rejects it
WRITTEN = ROWS - len(MISSING_KEYS)


@dataclass(frozen=True)
class Kill:
    """Where a task's process, or the Lambda function's, is killed.

    Attributes:
        task: The task, or ``lambda``.
        when: ``before``, ``during`` or ``after`` its effect.
        request: The request at which it is held (see `matches`); None to hold it when it has done all but say so.
        skip: How many such requests pass before it.
        stage: Which of a deferrable task's processes: the one that begins it, its trigger's, or the one that ends it.
    """

    task: str
    when: str
    request: str | None = None
    skip: int = 0
    stage: str = "begin"

    def __str__(self) -> str:
        return "-".join(part.replace("/", "_") for part in (self.task, self.stage, self.when, self.request) if part)

    @property
    def moment(self) -> Moment:
        return Moment.DURING if self.when == "during" else Moment.BEFORE

    def matches(self, request: Request) -> bool:
        """Tell whether a request is the one: an operation's name, or for S3 a method and a part of the URL."""
        assert self.request is not None
        operation, _, part = self.request.partition(" ")
        return request.operation == operation and part in f"{request.key}?{request.query}"


@dataclass(frozen=True)
class Runs:
    """Makes DAG runs whose every request to AWS goes through a gate.

    Attributes:
        host: Forks the runs' attempts.
        gate: The gate.
        endpoint: The URL of the proxy that it is in.
        deployed: The embedded AWS.
        dataset: The data set.
        folder: A folder for the runs' sources and for what their tasks tell.
        salt: Begins every key: sources that are alike would share their objects.
    """

    host: TaskHost
    gate: Gate
    endpoint: str
    deployed: Deployed
    dataset: Dataset
    folder: Path
    salt: str

    def make(self, mark: str, text: str) -> DagRun:
        """Make a run on a source of its own."""
        source = self.folder / f"{mark}.csv"
        source.write_text(text, encoding="utf-8")
        dag_id = f"csvdynamo_{self.dataset.name}"
        return DagRun(self.host, self.folder / mark, dag_id, f"manual__{mark}", {"source_url": str(source)})

    def small(self, mark: str) -> DagRun:
        """Make a run on a few rows, with faults for prepare and for the Lambda function."""
        return self.make(mark, vehicles(mark, ROWS, MISSING_KEYS) + TWICE.format(mark=mark) + "\n")

    def large(self, mark: str) -> DagRun:
        """Make a run on a file that boto3 uploads in parts, as it does from 8 MiB on: in two.

        Its lines are of a usual length, as what prepare looks at again and again is some of them, however long.
        """
        return self.make(mark, vehicles(mark, 4_200, padding=2_000))

    def trigger_again(self, run: DagRun) -> DagRun:
        """Make another run on a run's source."""
        folder = run.folder.with_name(f"{run.folder.name}-again")
        return DagRun(run.host, folder, run.dag_id, f"{run.run_id}-again", run.params)

    def forget(self, mark: str) -> None:
        """Delete a run's items, so that the check of the next run's table costs no more than that of this one's."""
        dynamodb, table = self.deployed.client("dynamodb"), self.dataset.table
        keys = list(items_of(self.deployed, self.dataset, mark))
        for start in range(0, len(keys), 25):
            deletes = [
                {"DeleteRequest": {"Key": {table.partition_key: {"S": key}}}} for key in keys[start : start + 25]
            ]
            dynamodb.batch_write_item(RequestItems={table.name: deletes})

    def await_rejects(self, run: DagRun) -> None:
        """Wait until Firehose has delivered the rejects of a run's execution."""
        prefix = error_prefix(run.told("prepare")["execution_name"])
        deadline = time.monotonic() + 60
        while not list_objects(self.deployed.client("s3"), self.deployed.outputs["SourceBucket"], prefix):
            assert time.monotonic() < deadline, f"no reject arrived under {prefix}"
            time.sleep(0.05)

    def report(self, run: DagRun) -> dict[str, Any]:
        """The run's report, as it is in the bucket."""
        body = self.deployed.client("s3").get_object(
            Bucket=self.deployed.outputs["SourceBucket"], Key=run.told("report")["key"]
        )["Body"]
        report: dict[str, Any] = json.loads(body.read())
        return report

    def outcome(self, run: DagRun, mark: str) -> Outcome:
        """What the run made of its rows."""
        return Outcome.read(self.deployed, self.dataset, self.report(run), mark)


@contextmanager
def gated_runs(
    host: TaskHost, deployed: Deployed, dataset: Dataset, datasets_folder: Path, folder: Path
) -> Iterator[Runs]:
    """Start what makes runs whose requests go through a gate.

    Args:
        host: A task host, to have another one for its own environment.
        deployed: The embedded AWS and the data set's stack.
        dataset: The data set.
        datasets_folder: The folder with its file.
        folder: An empty folder.
    """
    gate = Gate()
    with AwsProxy(deployed.aws.endpoint, gate) as proxy:
        aws = {**deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
        settings = {DATASETS_FOLDER: str(datasets_folder), LOCAL_FOLDER: str(folder), RETRY_SECONDS: "0.1"}
        with host.another({**airflow_environment(Path(host.home), aws), **settings}, folder / "host") as own:
            yield Runs(own, gate, proxy.endpoint, deployed, dataset, folder, secrets.token_hex(2))


def kill_in(runs: Runs, run: DagRun, kill: Kill) -> None:
    """Attempt the task until it is where it is to be killed, and kill it; of a trigger, run it again as a triggerer."""
    task, at_end = kill.task, kill.request is None
    if kill.stage == "begin":
        if task == "fetch_error_files":
            runs.await_rejects(run)  # it would defer, and not come to what is to be held
        strike(runs, kill, lambda: run.attempt(task, held_at_end=at_end))
        return
    deferred = run.attempt(task).wait()["deferred"]
    if kill.stage == "trigger":
        strike(runs, kill, lambda: run.wait_for(task, deferred, held_at_end=at_end))
    ended = run.wait_for(task, deferred).wait()
    if kill.stage == "end":
        strike(runs, kill, lambda: run.resume(task, deferred, ended, held_at_end=at_end))
    else:
        told = run.resume(task, deferred, ended).wait()
        assert "returned" in told, told


def strike(runs: Runs, kill: Kill, start: Callable[[], Forked]) -> None:
    """Start an attempt, and kill it where it is to be killed."""
    if kill.request is None:
        start().kill_at_end()
        return
    with runs.gate.hold(kill.matches, kill.moment, skip=kill.skip) as hold:
        attempt = start()
        hold.await_reached(lambda: attempt.ended)
        attempt.kill()
