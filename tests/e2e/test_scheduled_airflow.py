"""The DAG under the real scheduler and triggerer, driven through Airflow's REST API as its UI does."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from commands.airflow_api import Api, ScheduledRun, await_true
from commands.airflow_home import airflow_environment
from commands.embedded import Deployed
from commands.ui import airflow_standalone
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from tests.crash.kills import Kill
from tests.e2e.conftest import Airflow
from tests.e2e.repairs.asking import WAITING, answer_with
from tests.e2e.repairs.place import CUT, DAG, TABLE, mend, text
from tests.e2e.repairs.place import NAME as ASKING
from tests.support.airflow_processes import AirflowServices, kill, kill_triggerer, sender
from tests.support.aws_proxy import AwsProxy
from tests.support.gate import Gate, Moment
from tests.support.lambda_functions import MIGRATE_BATCH, functions_through, kill_function
from tests.support.stacks import Stacks

MARK = secrets.token_hex(3)  # begins the keys of a source that must be uploaded, and so be there for the first time

# An Airflow that does little while it waits. The scheduler sleeps a second between two looks, as it does by itself:
# the more looks, the more CPU, and what they are for comes no more than half a second sooner.
QUICK = {
    # A DAG stays what it is: its tasks read the data set file themselves. A look at it costs half a second.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    # Airflow makes a second of it. More it doubles with each attempt, and counts those that were cleared, too.
    RETRY_SECONDS: "0",
}

ATTEMPTS = 4  # a task's retries, and the first

TASKS_KILLED = [
    Kill("download", "during", "PUT landing/"),
    Kill("prepare", "during", "PUT source/"),
    Kill("start", "during", "StartExecution"),
    Kill("wait", "before", "DescribeExecution"),
    Kill("fetch_error_files", "during", "PUT rejects.csv"),
    Kill("verify", "during", "Scan"),
    Kill("reconcile", "during", "DescribeMapRun"),
    Kill("report", "during", "PUT report.json"),
    Kill("accounted", "during", "PUT last_successful"),
]


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def proxy(deployed: Deployed, gate: Gate) -> Iterator[AwsProxy]:
    """What stands between Airflow, the Lambda function and the embedded AWS."""
    with (
        AwsProxy(deployed.aws.endpoint, gate) as proxy,
        functions_through(deployed, proxy.endpoint, ("DYNAMODB", "FIREHOSE"), MIGRATE_BATCH),
    ):
        yield proxy


@pytest.fixture(scope="module")
def airflow_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all parts of Airflow say."""
    return tmp_path_factory.mktemp("ui") / "airflow.log"


@pytest.fixture(scope="module")
def processor_logs(airflow_log: Path) -> Path:
    """Where the DAG processor's children log, beside Airflow's own log."""
    return airflow_log.parent / "dag_processor"


@pytest.fixture(scope="module")
def datasets(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example, and a data set whose gates ask a person: that needs no deploy."""
    folder = tmp_path_factory.mktemp("datasets")
    for name in ("ev_population", ASKING):
        shutil.copy(stacks.datasets_folder(name) / f"{name}.toml", folder)
    mend(folder / f"{ASKING}.toml", ("[gates]", '[gates]\ngate = "approve"'))
    return folder


@pytest.fixture(scope="module")
def services(airflow: Airflow) -> AirflowServices:
    return AirflowServices(airflow.host)


@pytest.fixture(scope="module")
def api(
    deployed: Deployed,
    proxy: AwsProxy,
    airflow_log: Path,
    processor_logs: Path,
    datasets: Path,
    services: AirflowServices,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Api]:
    aws = {**deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
    settings = {
        **QUICK,
        DATASETS_FOLDER: str(datasets),
        LOCAL_FOLDER: str(tmp_path_factory.getbasetemp()),
        "AIRFLOW_CONN_AWS_DEFAULT": airflow_environment(airflow_log.parent, aws)["AIRFLOW_CONN_AWS_DEFAULT"],
        # How soon another triggerer takes over from one that was killed, and a task without a heartbeat counts as lost.
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(processor_logs),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("commands.ui._STOP_SECONDS", 3.0)  # its processes were killed: it would wait for them
        with airflow_standalone(deployed, airflow_log, settings, services.start) as airflow:
            yield Api(airflow).log_in()


@pytest.fixture(scope="module")
def triggerers(api: Api) -> Iterator[ExitStack]:
    """Triggerers that take the place of one that was killed, for every test after that."""
    with ExitStack() as started:
        yield started


def await_waiting(run: ScheduledRun, gate: Gate) -> None:
    """Wait until the triggerer looks at the run's execution."""
    run.await_task("wait", "deferred")
    seen = len(gate.seen)
    await_true(
        lambda: any(one.operation == "DescribeExecution" for one in gate.seen[seen:]),
        lambda: "no triggerer looks at the execution",
    )


def test_a_run_goes_on_whose_start_failed_and_whose_execution_was_stopped_by_hand(
    api: Api, gate: Gate, dags: Any, vehicles: Any
) -> None:
    """It balances in the end, and attaches to its execution again when it is cleared once more."""
    dag_id = f"csvdynamo_{dags.dataset.name}"
    source = vehicles([f"40{n}" if n != 5 else " " for n in range(40)])
    api.await_dag(dag_id)
    before = dags.executions()
    s3, states = dags.deployed.client("s3"), dags.deployed.client("stepfunctions")
    turn = {"Bucket": dags.deployed.outputs["SourceBucket"], "Key": turn_key(dags.dataset.name)}
    s3.put_object(**turn, Body=b"nobody's")

    run = ScheduledRun.trigger(api, dag_id, source)
    assert run.await_end() == "failed"
    problems = dags.report_of(run.run_id)["problems"]
    assert problems[0].startswith("Task start ended as failed: s3://")
    assert "does not say whose turn it is" in problems[0]
    assert "clear the task wait" not in "".join(problems)

    s3.delete_object(**turn)
    with gate.hold("BatchWriteItem", Moment.BEFORE, every=True) as written:
        run.clear("start", downstream=True)
        await_waiting(run, gate)
        written.await_reached()
        [name] = dags.executions()[len(before) :]
        states.stop_execution(executionArn=dags.execution_arn(name))
        kill_function(dags.deployed, MIGRATE_BATCH)
        written.let_pass()

    # The next attempt of wait redrives it.
    assert run.await_end() == "success", run.tasks()
    assert dags.executions() == [*before, name]
    report = dags.report_of(run.run_id)
    assert (report["accounted"], report["execution_redrives"]) == (True, 1)
    assert report["ledger"] == {
        "source_rows": 40,
        "rejected_before_upload": 0,
        "written": 39,
        "rejected": 1,
        "failed": 0,
        "unstarted": 0,
        "unaccounted": 0,
    }
    assert [(reject["row"], reject["code"]) for reject in dags.error_files(report)] == [(6, "MISSING_KEY")]
    progress = api.call(f"{run.path}/taskInstances/wait/xcomEntries/progress")
    assert progress["value"]["settled"] == 40

    attempts = run.tasks()["wait"][1]
    run.clear("start", downstream=True)

    again = ("success", attempts + 1)
    await_true(lambda: run.tasks()["wait"] == again, lambda: f"wait is not run again: {run.tasks()}")
    assert run.await_end() == "success", run.tasks()
    assert dags.executions() == [*before, name]
    assert dags.report_of(run.run_id)["ledger"] == report["ledger"]


def test_marking_or_clearing_in_the_ui_stops_the_execution_and_clearing_goes_on_with_it(
    api: Api, gate: Gate, dags: Any, vehicles: Any
) -> None:
    dag_id, source = f"csvdynamo_{dags.dataset.name}", vehicles([f"42{n:02}" for n in range(40)])
    api.await_dag(dag_id)
    before = dags.executions()

    def stops() -> int:
        return sum(request.operation == "StopExecution" for request in gate.seen)

    def await_stopped(what: str, count: int) -> None:
        await_true(lambda: stops() == stopped + count, lambda: f"{what} stopped nothing: {run.tasks()}")
        await_true(lambda: dags.status() == "ABORTED", lambda: f"it is {dags.status()}")
        # The function whose write is held would keep the Map Run alive, and a redrive waits for its end.
        kill_function(dags.deployed, MIGRATE_BATCH)

    stopped = stops()
    with gate.hold("BatchWriteItem", Moment.BEFORE, every=True) as written:
        run = ScheduledRun.trigger(api, dag_id, source)
        await_waiting(run, gate)
        written.await_reached()

        # The new attempt of wait is held, its retries too, until the old one's trigger has stopped the execution.
        with gate.hold("DescribeStacks", Moment.BEFORE, every=True) as next_attempt:
            run.clear("wait", downstream=True)
            await_stopped("clearing", 1)
            next_attempt.let_pass()
        await_waiting(run, gate)
        assert dags.status() == "RUNNING", "it was not redriven"

        run.mark_task_failed("wait")
        await_stopped("marking the task", 2)
        assert run.await_end() == "failed"
        assert dags.report_of(run.run_id)["accounted"] is False

        run.clear("wait", downstream=True)
        await_waiting(run, gate)
        assert dags.status() == "RUNNING", "it was not redriven"

        run.mark_failed()
        await_stopped("marking the run", 3)
        written.let_pass()

    run.clear("wait", downstream=True)

    await_true(lambda: run.tasks()["accounted"][0] == "success", lambda: f"it is not green: {run.tasks()}", 240)
    assert dags.executions() == [*before, dags.executions()[-1]]
    report = dags.report_of(run.run_id)
    assert (report["accounted"], report["ledger"]["written"]) == (True, 40)
    assert {f"A_42{n:02}" for n in range(40)} <= set(dags.table())


def test_every_task_and_the_triggerer_are_killed_and_the_run_is_green_with_one_execution(
    api: Api, gate: Gate, dags: Any, vehicles: Any, services: AirflowServices, triggerers: ExitStack
) -> None:
    dag_id, source = f"csvdynamo_{dags.dataset.name}", vehicles([f"{MARK}{n:02}" if n else "" for n in range(40)])
    api.await_dag(dag_id)
    before, seen = dags.executions(), len(gate.seen)

    with gate.hold("BatchWriteItem", Moment.BEFORE, every=True) as written, ExitStack() as held:
        run = ScheduledRun.trigger(api, dag_id, source)
        for one in TASKS_KILLED:
            if one.task == "wait":
                # start's retry describes the execution, too; wait is kept from it until that has ended.
                begins = held.enter_context(gate.hold("DescribeStacks", Moment.BEFORE, skip=1, every=True))
                run.await_task("start", "success")
            with gate.hold(one.matches, one.moment) as hold:
                if one.task == "wait":
                    begins.let_pass()
                hold.await_reached()
                assert run.tasks()[one.task][0] == "running", run.tasks()
                kill(sender(api, hold))
            if one.task == "wait":
                await_waiting(run, gate)
                kill_triggerer(api, gate)
                triggerers.enter_context(services.another_triggerer())
                await_waiting(run, gate)
                assert dags.status() == "RUNNING"
                written.let_pass()
        assert run.await_end() == "success", run.tasks()

    assert run.tasks() == {one.task: ("success", 2) for one in TASKS_KILLED}
    assert dags.executions() == [*before, dags.executions()[-1]]
    assert "StopExecution" not in {request.operation for request in gate.seen[seen:]}
    report = dags.report_of(run.run_id)
    assert (report["accounted"], report["ledger"]["written"], report["ledger"]["rejected"]) == (True, 39, 1)
    assert {f"A_{MARK}{n:02}" for n in range(1, 40)} <= set(dags.table())


def processors_log(folder: Path) -> str:
    """What the DAG processor's children logged, and what it did about them."""
    files = [*folder.parent.glob("*.log"), *folder.rglob("*.log")]
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def test_a_run_goes_on_that_lost_a_task_at_every_attempt_and_then_its_items(
    api: Api, gate: Gate, dags: Any, vehicles: Any, processor_logs: Path
) -> None:
    dag_id, keys = f"csvdynamo_{dags.dataset.name}", [f"44{n:02}" for n in range(40)]
    api.await_dag(dag_id)
    before = dags.executions()

    run = ScheduledRun.trigger(api, dag_id, vehicles(keys))
    for attempt in range(1, ATTEMPTS + 1):
        with gate.hold("Scan", Moment.BEFORE) as hold:
            hold.await_reached()
            task = sender(api, hold)
            worker = task.parent()
            assert worker is not None
            kill(*([worker, task] if attempt == ATTEMPTS else [task]))

    # Nobody is left to run the failure callback but the DAG processor, which must not wait for anything there.
    assert run.await_end() == "failed", run.tasks()
    assert run.tasks()["verify"] == ("failed", ATTEMPTS)
    [lost] = dags.report_of(run.run_id)["problems"]
    assert lost.startswith("Task verify ended as failed: its process ended without a word. The worker was lost")
    assert lost.endswith("clear it with everything downstream.")
    await_true(lambda: ": tell_error (" in processors_log(processor_logs), lambda: "the callback did not run")

    run.clear("verify", downstream=True)
    assert run.await_end() == "success", run.tasks()
    assert dags.report_of(run.run_id)["accounted"] is True
    assert "Unable to decode message" not in processors_log(processor_logs), "a callback waits for an answer"
    [first] = dags.executions()[len(before) :]
    told = [dags.execution_arn(first), 0]
    await_true(lambda: dags.told(dags.report_of(run.run_id)) == told, lambda: "the success callback noted nothing")

    # An item is lost, and the check finds it.
    table = {"TableName": dags.dataset.table.name}
    dags.deployed.client("dynamodb").delete_item(**table, Key={"dol_vehicle_id": {"S": "A_4400"}})
    run.clear("verify", downstream=True)
    assert run.await_end() == "failed", run.tasks()
    [missing] = dags.report_of(run.run_id)["problems"]
    assert missing.startswith("1 of 40 keys checked are missing from the table: A_4400")
    assert missing.endswith("clear the task start, which migrates the file again.")

    run.clear("start", downstream=True)
    assert run.await_end() == "success", run.tasks()
    assert dags.executions() == [*before, first, f"{first}-2"]
    assert "A_4400" in dags.table()


def test_a_run_goes_on_if_a_person_lets_its_file_pass_and_for_no_other_file(
    api: Api, deployed: Deployed, stacks: Stacks, airflow_log: Path, tmp_path: Path
) -> None:
    dynamodb = stacks.on(deployed.aws, ASKING).client("dynamodb")
    source = tmp_path / "vehicles.csv"

    def written() -> bool:
        key = {"DOL Vehicle ID": {"S": "p000"}}
        return "Item" in dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)

    api.await_dag(DAG)
    source.write_text(text("p", first=(CUT,) * 3))
    run = ScheduledRun.trigger(api, DAG, str(source))
    run.await_task("approve", WAITING)
    asked = api.call(f"{run.path}/hitlDetails")["hitl_details"][0]
    approve, reject = asked["options"]
    assert "3 of 33 rows (9.09 %) were rejected, more than gates.max_reject_percent = 5" in asked["body"]
    with pytest.raises(HTTPError, match="400"):
        run.answer("approve", "Approve")
    answer_with(run, reject, airflow_log)
    assert run.await_end() == "failed"
    problems = "\n".join(run.told("report")["problems"])
    assert "The run was not approved. admin rejected it at" in problems
    assert "- gates.max_reject_percent: 3 of 33 rows" in problems
    assert not written()
    assert run.told("fetch_error_files")["csv_key"]

    run.clear("approve", downstream=True)
    answer_with(run, approve, airflow_log)
    assert run.await_end() == "success", run.tasks()
    assert written()
    answer = run.told("approve")
    assert (answer["approved"], answer["by"]) == (True, "admin")

    run.clear("approve", downstream=False)
    assert run.await_end() == "success", run.tasks()
    assert run.told("approve") == answer, "of the same file nobody is asked twice"

    # Airflow keeps the first question of a task: once it does not, another file is asked about.
    source.write_text(text("p", first=(CUT,) * 4))
    for task in ("download", "prepare", "approve"):
        run.clear(task, downstream=False)
    run.await_log("approve", "Airflow still shows the question of a file that was prepared before in this run")
    run.await_end()
