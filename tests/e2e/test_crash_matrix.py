"""Each task of the DAG, its process killed before, during and after its effect: as if nothing had happened."""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.embedded import Deployed
from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.result_files import batch_results
from csvdynamo_airflow.outcome.error_objects import list_error_objects
from csvdynamo_airflow.snapshots.kept_runs import PREPARED_FILE
from csvdynamo_airflow.storage.result_objects import find_manifest
from csvdynamo_airflow.table.verification import DIFFERENCES_FILE
from tests.crash.kills import MISSING_KEYS, WRITTEN, Kill, Runs, gated_runs, kill_in
from tests.crash.traces import Bucket, Outcome, execution_names, object_versions
from tests.e2e.conftest import Airflow
from tests.support.aws_messages import Request
from tests.support.dag_run import DagRun
from tests.support.gate import Moment
from tests.support.lambda_functions import MIGRATE_BATCH, functions_through, kill_function
from tests.support.object_lines import object_lines
from tests.support.stacks import Stacks

UPLOADS = ("landing/", "source/")  # where tasks upload what must be there once
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
    Kill("wait", "before", "DescribeExecution", stage="trigger"),
    Kill("wait", "during", "DescribeMapRun", stage="trigger"),
    Kill("wait", "after", stage="trigger"),
    Kill("wait", "after", stage="end"),
    Kill("fetch_error_files", "before", "PUT rejects.csv"),
    Kill("fetch_error_files", "before", "PUT rejects.jsonl"),
    Kill("fetch_error_files", "during", "PUT rejects.jsonl"),
    Kill("fetch_error_files", "before", "PUT outcome.parquet"),
    Kill("fetch_error_files", "after"),
    Kill("verify", "before", "Scan"),
    Kill("verify", "during", "Scan"),
    Kill("verify", "after"),
    Kill("reconcile", "before", "DescribeMapRun"),
    Kill("reconcile", "during", "GET results/"),
    Kill("reconcile", "after"),
    Kill("report", "before", "PUT report.json"),
    Kill("report", "during", "PUT report.json"),
    Kill("report", "during", "Publish"),
    Kill("report", "before", "PUT told_error_files.json"),
    Kill("report", "after"),
    Kill("accounted", "before", "PUT last_successful"),
    Kill("accounted", "during", "PUT last_successful"),
    Kill("accounted", "before", "PUT told.json"),
    Kill("accounted", "during", "PUT told.json"),
    Kill("accounted", "after"),
]


@pytest.fixture(scope="module")
def runs(
    airflow: Airflow,
    stacks: Stacks,
    deployed: Deployed,
    dataset: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("crash")
    with gated_runs(airflow.host, deployed, dataset, stacks.all_datasets_folder, folder) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(runs: Runs) -> Outcome:
    """What a run makes of the rows when nothing is killed."""
    mark = f"{runs.salt}-undisturbed-"
    run = runs.small(mark)
    run.run_from("download")
    outcome = runs.outcome(run, mark)
    assert outcome.ledger["written"] == len(outcome.items) == WRITTEN
    assert sorted(one["code"] for one in outcome.rejects) == ["DUPLICATE_KEY", "MISSING_KEY", "MISSING_KEY"]
    assert outcome.problems == []
    return outcome


@pytest.mark.parametrize("place", range(max(Counter(kill.task for kill in KILLS).values())))
def test_tasks_that_are_killed_and_retried_find_their_own_work(runs: Runs, undisturbed: Outcome, place: int) -> None:
    """A run loses a process of each task: the first one at the first place of each, the next at the second."""
    by_task = (list(kills) for _, kills in itertools.groupby(KILLS, key=lambda kill: kill.task))
    kills = [kills[place] for kills in by_task if place < len(kills)]
    mark = f"{runs.salt}-{place}-"
    run = runs.small(mark)
    bucket, executions = object_versions(runs.deployed, *UPLOADS), execution_names(runs.deployed)

    for kill in kills:
        run.run_before(kill.task)
        kill_in(runs, run, kill)
    run.run_rest()

    assert_undisturbed(runs, run, mark, undisturbed, bucket, executions)


def test_each_result_file_is_read_twice_once_the_map_run_has_ended(runs: Runs) -> None:
    """By the state machine's sums, and by fetch_error_files, whether or not it has to wait for Firehose."""
    with functions_through(runs.deployed, runs.endpoint, ("S3",), "consolidate.handler"):
        run = runs.small(f"{runs.salt}-read-")
        run.run_before("start")
        begun = len(runs.gate.seen)
        run.run_from("start")

    folder = f"/results/{run.told('prepare')['execution_name']}/"
    read = Counter(one.key for one in runs.gate.seen[begun:] if one.method == "GET" and folder in one.key)
    files = {key: count for key, count in read.items() if not key.endswith("manifest.json")}
    assert files != {}
    assert set(files.values()) == {2}, read


def assert_undisturbed(
    runs: Runs, run: DagRun, mark: str, undisturbed: Outcome, bucket: set[tuple[str, str]], executions: list[str]
) -> None:
    """Hold what a run left behind to what one leaves that nothing befalls.

    Args:
        runs: What made it.
        run: The run.
        mark: The beginning of its keys.
        undisturbed: What it must have made of its rows.
        bucket: The versions of what had been uploaded before it.
        executions: The executions before it.
    """
    assert runs.outcome(run, mark) == undisturbed
    assert execution_names(runs.deployed) == [*executions, run.told("prepare")["execution_name"]]
    folder = f"reports/{runs.dataset.name}/{run.told('prepare')['execution_name']}/"
    written = Bucket.read(runs.deployed, bucket, *UPLOADS, folder)
    for prefix in UPLOADS:
        assert list(written.versions(prefix).values()) == [1], f"uploaded twice: {written.versions(prefix)}"
    reports = written.contents(folder)
    assert f"{run.told('report')['key']}" in reports
    # A scan hands out the items of other runs in no order.
    changed = {key.rpartition("/")[2] for key, bodies in reports.items() if len(bodies) > 1}
    # What was prepared says when.
    assert changed <= {DIFFERENCES_FILE, PREPARED_FILE}
    for body in itertools.chain.from_iterable(bodies for key, bodies in reports.items() if key.endswith(".json")):
        json.loads(body)
    assert list(runs.host.temporary.glob("csvdynamo-*")) == []
    runs.forget(mark)


def test_the_trigger_outlives_a_connection_that_is_cut(runs: Runs) -> None:
    """Six triggers, each cut off at another request, wait for one execution."""
    run = runs.small(f"{runs.salt}-cut-")
    run.run_tasks("download", "prepare", "start")
    deferred = run.attempt("wait").wait()["deferred"]

    for operation, moment in itertools.product(("DescribeExecution", "ListMapRuns", "DescribeMapRun"), Moment):
        with runs.gate.hold(operation, moment) as hold:
            waiting = run.wait_for("wait", deferred)
            hold.await_reached(lambda waiting=waiting: waiting.ended)
            hold.drop()
            event = waiting.wait()["event"]

        assert (event["status"], event["cause"]) == ("SUCCEEDED", ""), f"{operation}, {moment} it took effect"
    run.run_from("wait")  # a run that ends here would keep its turn for a while


# Places of an upload, in order: the second PUT is the second part, the second POST completes it.
UPLOAD_KILLS = [
    Kill(task, when, f"{method} {place}", skip=1)
    for task, place in (("download", "landing/"), ("prepare", "source/"))
    for method, when in itertools.product(("PUT", "POST"), ("before", "during"))
]


def test_an_upload_in_parts_that_is_killed_leaves_one_whole_object(runs: Runs) -> None:
    """Each attempt is killed further on than the one before; what takes effect at the last is found by the next."""
    run = runs.large(f"{runs.salt}-part-")
    bucket = object_versions(runs.deployed, *UPLOADS)

    for kill in UPLOAD_KILLS:
        run.run_before(kill.task)
        kill_in(runs, run, kill)
    run.run_tasks("prepare")

    written = Bucket.read(runs.deployed, bucket, *UPLOADS)
    source = Path(run.params["source_url"]).read_bytes()
    assert written.contents("landing/") == {run.told("download")["key"]: {source}}
    prepared = run.told("prepare")
    [(key, [body])] = [(key, list(bodies)) for key, bodies in written.contents("source/").items()]
    assert (key, hashlib.sha256(body).hexdigest()) == (prepared["file_key"], prepared["sha256"])
    assert set((written.versions("landing/") + written.versions("source/")).values()) == {1}
    assert list(runs.host.temporary.glob("csvdynamo-*")) == []


@pytest.fixture
def gated_lambda(runs: Runs) -> Iterator[None]:
    """Lets the Lambda function's writes and rejects go through the gate as well."""
    with functions_through(runs.deployed, runs.endpoint, ("DYNAMODB", "FIREHOSE"), MIGRATE_BATCH):
        yield


@pytest.mark.parametrize(
    "kill",
    [
        Kill("lambda", "before", "BatchWriteItem"),
        Kill("lambda", "before", "BatchWriteItem", skip=2),
        Kill("lambda", "during", "BatchWriteItem", skip=3),
        Kill("lambda", "before", "PutRecordBatch"),
        Kill("lambda", "during", "PutRecordBatch"),
    ],
    ids=["before a write", "among the writes", "after the writes", "before the rejects", "after everything"],
)
def test_a_lambda_function_that_is_killed_writes_the_same_items_and_rejects_when_its_batch_runs_again(
    runs: Runs, undisturbed: Outcome, gated_lambda: None, kill: Kill
) -> None:
    mark = f"{runs.salt}-L{kill.when}{kill.request}{kill.skip}-"
    run = runs.small(mark)
    bucket, executions = object_versions(runs.deployed, *UPLOADS), execution_names(runs.deployed)
    run.run_tasks("download", "prepare")

    with runs.gate.hold(kill.matches, kill.moment, skip=kill.skip) as hold:
        run.run_tasks("start")
        hold.await_reached()
        assert kill_function(runs.deployed, MIGRATE_BATCH) > 0
    run.run_from("wait")

    assert_undisturbed(runs, run, mark, undisturbed, bucket, executions)
    execution = run.told("prepare")["execution_name"]
    s3, name = runs.deployed.client("s3"), runs.deployed.outputs["SourceBucket"]
    sent = [
        json.loads(line)["reject_id"]
        for stored in list_error_objects(s3, name, execution)
        for line in object_lines(s3, name, stored.key)
    ]
    assert set(sent) == answered_reject_ids(s3, name, execution), "a retry gives a row another id"
    twice = 1 + (kill.request == "PutRecordBatch" and kill.when == "during")
    assert len(sent) == twice * len(MISSING_KEYS)
    assert runs.report(run)["rejects_superseded"] == 0


def answered_reject_ids(s3: Any, bucket: str, execution: str) -> set[str]:
    manifest = find_manifest(s3, bucket, execution)
    assert manifest is not None
    return {
        reject_id
        for file in manifest.succeeded
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key)
        for reject_id in result.reject_ids
    }


def test_of_two_runs_that_start_at_the_same_moment_the_second_waits_for_the_first(runs: Runs) -> None:
    first, second = (runs.small(f"{runs.salt}-{which}-") for which in ("first", "second"))
    for run in (first, second):
        run.run_tasks("download", "prepare")
    executions = execution_names(runs.deployed)

    with runs.gate.hold("StartExecution", Moment.BEFORE) as hold:
        starting = first.attempt("start")
        hold.await_reached(lambda: starting.ended)
        refused = second.attempt("start").wait()
        hold.let_pass()
        started = starting.wait()

    assert "returned" in started, started
    assert "rescheduled" in refused, f"it does not look again later: {refused}"
    assert "about to migrate, as execution" in second.logs()
    first.states["start"] = "success"
    first.run_from("wait")
    second.run_from("start")
    names = [run.told("prepare")["execution_name"] for run in (first, second)]
    assert execution_names(runs.deployed) == [*executions, *names]
    states = runs.deployed.client("stepfunctions")
    ended, begun = (states.describe_execution(executionArn=run.told("start")["arn"]) for run in (first, second))
    assert ended["stopDate"] <= begun["startDate"]


@pytest.fixture
def other_runs(runs: Runs, stacks: Stacks, gated_lambda: None) -> Runs:
    """Makes runs of another data set, with a stack of its own on the same embedded AWS."""
    name = "other_vehicles"
    return replace(runs, dataset=stacks.dataset(name), deployed=stacks.on(runs.deployed.aws, name))


def test_runs_of_two_data_sets_may_overlap(runs: Runs, other_runs: Runs) -> None:
    run, other = runs.small(f"{runs.salt}-one-"), other_runs.small(f"{runs.salt}-other-")
    table = f'"{runs.dataset.table.name}"'.encode()

    def writes(request: Request) -> bool:
        return request.operation == "BatchWriteItem" and table in request.body

    # Each of them: the function waits ten seconds for an answer, and asks again.
    with runs.gate.hold(writes, Moment.BEFORE, every=True) as hold:
        run.run_tasks("download", "prepare", "start")
        hold.await_reached()
        other.run_from("download")
        hold.let_pass()
    run.run_from("wait")

    assert other_runs.report(other)["ledger"]["written"] == runs.report(run)["ledger"]["written"] == WRITTEN
    states = runs.deployed.client("stepfunctions")
    one, two = (states.describe_execution(executionArn=each.told("start")["arn"]) for each in (run, other))
    assert one["startDate"] < two["startDate"] <= two["stopDate"] < one["stopDate"]
