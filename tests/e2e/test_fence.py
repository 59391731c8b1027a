"""Of all that may write to a table only the run whose turn it is does: the others are refused, red, and named."""

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.embedded import Deployed
from commands.embedded_assembly import embedded_assembly
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.writing.fence import TRUSTED_SECONDS
from csvdynamo.writing.turn import Holder, turn_key
from tests.crash.kills import Runs, gated_runs
from tests.crash.traces import items_of
from tests.e2e.conftest import Airflow
from tests.support import quick_deploy
from tests.support.dag_run import DagRun
from tests.support.gate import Moment
from tests.support.lambda_functions import MIGRATE_BATCH, functions_through, no_error_stream
from tests.support.stacks import Stacks

ROWS = 60


@pytest.fixture(scope="module")
def datasets(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own with the data set file, for a test to change."""
    folder = tmp_path_factory.mktemp("datasets")
    shutil.copy(stacks.datasets_folder("ev_population") / "ev_population.toml", folder)
    return folder


@pytest.fixture(scope="module")
def runs(
    airflow: Airflow,
    deployed: Deployed,
    dataset: Dataset,
    datasets: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runs]:
    with (
        gated_runs(airflow.host, deployed, dataset, datasets, tmp_path_factory.mktemp("fence")) as made,
        functions_through(deployed, made.endpoint, ("DYNAMODB", "FIREHOSE"), MIGRATE_BATCH),
    ):
        yield made


@pytest.fixture
def salt() -> str:
    """Begins the keys of a test's two runs, which have the same ones."""
    return uuid.uuid4().hex[:8]


def month(runs: Runs, salt: str, city: str, *, reject: bool = False) -> DagRun:
    """A run on a file of the same keys as the other month's, with another city in each row."""
    rows = [f"V{number},2020,{city},{salt}{number:03}" for number in range(ROWS)]
    if reject:
        rows.append(f"V,2020,{city},")
    return runs.make(f"{salt}{city}", "\n".join(["VIN (1-10),Model Year,City,DOL Vehicle ID", *rows]) + "\n")


def cities(runs: Runs, salt: str) -> set[str]:
    """The cities of the test's items."""
    items = items_of(runs.deployed, runs.dataset, salt)
    assert len(items) == ROWS
    return {item["city"]["S"] for item in items.values()}


def let_the_turn_pass(runs: Runs) -> None:
    """Make the turn as old as if whoever has it had stalled for long."""
    s3, place = runs.deployed.client("s3"), {"Key": turn_key(runs.dataset.name)}
    place["Bucket"] = runs.deployed.outputs["SourceBucket"]
    holder = Holder.from_json(s3.get_object(**place)["Body"].read())
    s3.put_object(**place, Body=replace(holder, taken=holder.taken - 100_000).to_json().encode())


def problems(runs: Runs, run: DagRun) -> str:
    return "\n".join(runs.report(run)["problems"])


def test_a_run_that_stalled_before_its_start_until_another_had_taken_over_writes_nothing(runs: Runs, salt: str) -> None:
    november, december = month(runs, salt, "November"), month(runs, salt, "December")
    november.run_tasks("download", "prepare")

    with runs.gate.hold("StartExecution", Moment.BEFORE) as hold:
        starting = november.attempt("start")
        hold.await_reached(lambda: starting.ended)
        let_the_turn_pass(runs)
        december.run_from("download")
        hold.let_pass()
        starting.wait()
    november.run()

    assert december.green
    assert cities(runs, salt) == {"December"}
    assert not november.green
    assert "has succeeded since it was this run's turn" in problems(runs, november)


def test_an_old_run_is_not_redriven_over_the_rows_of_a_later_one(runs: Runs, salt: str) -> None:
    november, december = month(runs, salt, "November", reject=True), month(runs, salt, "December")
    with no_error_stream(runs.deployed):
        november.run()
    assert not november.green
    december.run_from("download")

    november.run_again()

    assert not november.green
    assert "has succeeded since" in problems(runs, november)
    assert cities(runs, salt) == {"December"}

    # Nor does it write over them when it is cleared from start on; who wants its file triggers the DAG again.
    november.clear("start")
    assert not november.green
    assert cities(runs, salt) == {"December"}
    again = runs.trigger_again(november)
    again.run()
    assert again.green
    assert cities(runs, salt) == {"November"}


def test_a_run_that_stalled_before_its_redrive_until_another_had_taken_over_writes_nothing(
    runs: Runs, salt: str
) -> None:
    november, december = month(runs, salt, "November", reject=True), month(runs, salt, "December")
    with no_error_stream(runs.deployed):
        november.run_tasks("download", "prepare", "start")
        november.run_task("wait", last=True)

    with runs.gate.hold("RedriveExecution", Moment.BEFORE) as hold:
        waiting = november.attempt("wait")
        hold.await_reached(lambda: waiting.ended)
        let_the_turn_pass(runs)
        december.run_from("download")
        time.sleep(TRUSTED_SECONDS)
        hold.let_pass()
        waiting.wait()
    november.states.pop("wait")
    november.run()

    assert december.green
    assert not november.green
    assert cities(runs, salt) == {"December"}


def test_an_execution_started_by_hand_beside_a_run_is_refused_and_costs_the_run_nothing(runs: Runs, salt: str) -> None:
    run, states, s3 = month(runs, salt, "Run"), runs.deployed.client("stepfunctions"), runs.deployed.client("s3")
    bucket = runs.deployed.outputs["SourceBucket"]
    s3.put_object(Bucket=bucket, Key=f"{salt}.csv", Body=f"City,DOL Vehicle ID\nHand,{salt}001\n".encode())

    with runs.gate.hold("BatchWriteItem", Moment.BEFORE) as hold:
        run.run_tasks("download", "prepare", "start")
        hold.await_reached()
        by_hand = states.start_execution(
            stateMachineArn=runs.deployed.outputs["MigrationWorkflowStateMachine"],
            input=json.dumps({"bucket_name": bucket, "file_key": f"{salt}.csv"}),
        )["executionArn"]
        while (ended := states.describe_execution(executionArn=by_hand))["status"] == "RUNNING":
            pass
        hold.let_pass()
    run.run_from("wait")

    assert (ended["status"], ended["error"]) == ("FAILED", "TurnLostError")
    assert cities(runs, salt) == {"Run"}


@pytest.fixture
def deploy(runs: Runs, datasets: Path) -> Iterator[Any]:
    """Deploys the data set file with a rule added, and the file as it was again, at the test's end as well."""
    path = datasets / "ev_population.toml"
    original = path.read_text(encoding="utf-8")

    def deploy(line: str = "", changed_to: str = "") -> None:
        assert line in original
        if path.read_text(encoding="utf-8") == (text := original.replace(line, changed_to, 1)):
            return
        path.write_text(text, encoding="utf-8")
        changed = load_dataset(path)
        quick_deploy.deploy(embedded_assembly(changed, folder=datasets), changed.stack_name, runs.deployed)

    yield deploy
    deploy()


def test_a_rule_that_is_deployed_in_the_middle_of_a_run_is_not_mixed_with_the_one_before(
    runs: Runs, salt: str, deploy: Any
) -> None:
    run = month(runs, salt, "Kent")
    with runs.gate.hold("BatchWriteItem", Moment.BEFORE) as hold:
        run.run_tasks("download", "prepare", "start")
        hold.await_reached()
        deploy("[gates]", '[columns."City"]\nallowed = ["Seattle"]\n\n[gates]')
        hold.let_pass()
    run.run()

    assert not run.green
    assert "were changed since" in problems(runs, run)
    assert cities(runs, salt) == {"Kent"}, "the execution has the rules that it began with"

    deploy()
    run.run_again()
    assert run.green
