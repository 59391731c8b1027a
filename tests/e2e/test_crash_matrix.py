"""Each task of the DAG, its process killed before, during and after its effect: as if nothing had happened."""

import itertools
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_home import airflow_environment
from commands.embedded import Deployed
from csvdynamo.dataset import Dataset
from tests.crash.dag_run import TASKS, DagRun, TaskHost, task_host
from tests.crash.gate import Gate, Moment, Request
from tests.crash.traces import Bucket, Outcome, execution_names, vehicles

ROWS = 100
MISSING_KEYS = (7, 42)
TWICE = "VIN0,2019,Kent,{mark}0003"  # a row of a key that comes again: prepare rejects it
WRITTEN = ROWS - len(MISSING_KEYS)


@dataclass(frozen=True)
class Kill:
    """Where a task's process is killed.

    Attributes:
        task: The task.
        when: ``before``, ``during`` or ``after`` its effect.
        request: The request at which it is held; None to hold it once it has done everything but say so.
        stage: Which of a deferrable task's processes: the one that begins it, its trigger's, or the one that ends it.
    """

    task: str
    when: str
    request: str | None = None
    stage: str = "begin"

    def __str__(self) -> str:
        return "-".join(part.replace("/", "_") for part in (self.task, self.stage, self.when, self.request) if part)

    @property
    def moment(self) -> Moment:
        return Moment.DURING if self.when == "during" else Moment.BEFORE

    def matches(self, request: Request) -> bool:
        """Tell whether a request is the one: an operation's name, or for S3 a method and a part of the key."""
        assert self.request is not None
        operation, _, part = self.request.partition(" ")
        return request.operation == operation and part in request.key


KILLS = [
    Kill("download", "before", "PUT landing"),
    Kill("download", "during", "PUT landing"),
    Kill("download", "after"),
    Kill("prepare", "before", "PUT columns.json"),
    Kill("prepare", "before", "PUT source/"),
    Kill("prepare", "during", "PUT source/"),
    Kill("prepare", "during", "PUT rejected_before_upload"),
    Kill("prepare", "after"),
    Kill("start", "before", "StartExecution"),
    Kill("start", "during", "StartExecution"),
    Kill("start", "after"),
    Kill("wait", "before", "DescribeExecution"),
    Kill("wait", "after"),
    Kill("wait", "before", "DescribeExecution", "trigger"),
    Kill("wait", "during", "DescribeMapRun", "trigger"),
    Kill("wait", "after", None, "trigger"),
    Kill("wait", "after", None, "end"),
    Kill("fetch_error_files", "before", "PUT rejects.csv"),
    Kill("fetch_error_files", "before", "PUT rejects.jsonl"),
    Kill("fetch_error_files", "during", "PUT rejects.jsonl"),
    Kill("fetch_error_files", "after"),
    Kill("verify", "before", "BatchGetItem"),
    Kill("verify", "during", "BatchGetItem"),
    Kill("verify", "after"),
    Kill("reconcile", "before", "DescribeMapRun"),
    Kill("reconcile", "during", "GET results/"),
    Kill("reconcile", "after"),
    Kill("report", "before", "PUT report.json"),
    Kill("report", "during", "PUT report.json"),
    Kill("report", "during", "Publish"),
    Kill("report", "after"),
    Kill("accounted", "before", "PUT last_successful"),
    Kill("accounted", "during", "PUT last_successful"),
    Kill("accounted", "after"),
]


def test_every_task_is_killed_before_during_and_after_its_effect() -> None:
    assert {(kill.task, kill.when) for kill in KILLS} >= set(itertools.product(TASKS, ("before", "after")))
    assert {kill.task for kill in KILLS if kill.when == "during"} == set(TASKS)


@dataclass(frozen=True)
class Runs:
    """Makes DAG runs whose every request to AWS goes through a gate.

    Attributes:
        host: Forks the runs' attempts.
        gate: The gate.
        deployed: The embedded AWS.
        dataset: The data set.
        folder: A folder for the runs' sources and for what their tasks tell.
        salt: Begins every key: sources that are alike would share their objects.
    """

    host: TaskHost
    gate: Gate
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


@pytest.fixture(scope="module")
def runs(deployed: Deployed, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("crash")
    with Gate(deployed.aws.endpoint) as gate:
        aws = {**deployed.aws.environment, "AWS_ENDPOINT_URL": gate.endpoint}
        with task_host(airflow_environment(folder / "airflow", aws), folder / "temporary") as host:
            yield Runs(host, gate, deployed, dataset, folder, secrets.token_hex(2))


@pytest.fixture(scope="module")
def undisturbed(runs: Runs) -> Outcome:
    """What a run makes of the rows when nothing is killed."""
    mark = f"{runs.salt}-undisturbed-"
    run = runs.small(mark)
    run.run_all(*TASKS)
    outcome = runs.outcome(run, mark)
    assert outcome.ledger["written"] == len(outcome.items) == WRITTEN
    assert sorted(one["code"] for one in outcome.rejects) == ["DUPLICATE_KEY", "MISSING_KEY", "MISSING_KEY"]
    assert outcome.problems == []
    return outcome


def kill_in(runs: Runs, run: DagRun, kill: Kill) -> None:
    """Attempt the task until it is where it is to be killed, and kill it; of a trigger, run it again as a triggerer."""
    task, at_end = kill.task, kill.request is None
    if kill.stage == "begin":
        strike(runs, kill, lambda: run.attempt(task, held_at_end=at_end))
        return
    deferred = run.attempt(task).wait()["deferred"]
    if kill.stage == "trigger":
        strike(runs, kill, lambda: run.wait_for(task, deferred, held_at_end=at_end))
    event = run.wait_for(task, deferred).wait()["event"]
    if kill.stage == "end":
        strike(runs, kill, lambda: run.resume(task, deferred["method"], event, held_at_end=at_end))
    else:
        told = run.resume(task, deferred["method"], event).wait()
        assert "returned" in told, told


def strike(runs: Runs, kill: Kill, start: Any) -> None:
    if kill.request is None:
        start().kill_at_end()
        return
    with runs.gate.hold(kill.matches, kill.moment) as hold:
        attempt = start()
        hold.await_reached(lambda: attempt.ended)
        attempt.kill()


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_task_that_is_killed_and_retried_finds_its_own_work(runs: Runs, undisturbed: Outcome, kill: Kill) -> None:
    mark = f"{runs.salt}-{KILLS.index(kill):02}-"
    run = runs.small(mark)
    bucket, executions = Bucket.read(runs.deployed), execution_names(runs.deployed)
    before, rest = TASKS[: TASKS.index(kill.task)], TASKS[TASKS.index(kill.task) :]
    run.run_all(*before)

    kill_in(runs, run, kill)
    run.run_all(*rest)

    assert runs.outcome(run, mark) == undisturbed
    assert execution_names(runs.deployed) == [*executions, run.told("prepare")["execution_name"]]
    written = Bucket.read(runs.deployed, bucket)
    for prefix in ("landing/", "source/"):
        assert list(written.versions(prefix).values()) == [1], f"uploaded twice: {written.versions(prefix)}"
    reports = written.contents("reports/")
    assert {key.rpartition("/")[2] for key, bodies in reports.items() if len(bodies) > 1} == set()
    for body in itertools.chain.from_iterable(bodies for key, bodies in reports.items() if key.endswith(".json")):
        json.loads(body)
    assert list(runs.host.temporary.glob("csvdynamo-*")) == []
