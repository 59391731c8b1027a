"""The DAG under the real scheduler and triggerer, driven through Airflow's REST API as its UI does."""

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil
import pytest

from commands.airflow_api import Api, ScheduledRun, await_true
from commands.airflow_home import AIRFLOW, airflow_environment
from commands.embedded import Deployed
from commands.ui import Standalone, airflow_standalone
from csvdynamo_airflow.settings import LOCAL_FOLDER
from tests.crash.kills import Kill
from tests.support.aws_proxy import AwsProxy
from tests.support.gate import Gate, Hold, Moment
from tests.support.lambda_functions import MIGRATE_BATCH, functions_through, kill_function

MARK = secrets.token_hex(3)  # begins the keys of a source that must be uploaded, and so be there for the first time

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
def api(deployed: Deployed, proxy: AwsProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("ui")
    aws = {**deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
    settings = {
        LOCAL_FOLDER: str(tmp_path_factory.getbasetemp()),
        "AIRFLOW_CONN_AWS_DEFAULT": airflow_environment(folder, aws)["AIRFLOW_CONN_AWS_DEFAULT"],
        # How soon another triggerer takes over from one that was killed.
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
    }
    with airflow_standalone(deployed, folder / "airflow.log", settings) as airflow:
        yield Api(airflow).log_in()


def test_a_run_triggered_through_the_api_balances_and_attaches_again_when_it_is_cleared(
    api: Api, dags: Any, vehicles: Any
) -> None:
    dag_id = f"csvdynamo_{dags.dataset.name}"
    source = vehicles([f"40{n}" if n != 5 else " " for n in range(40)])
    api.await_dag(dag_id)
    before = dags.executions()

    run = ScheduledRun.trigger(api, dag_id, source)

    assert run.await_end() == "success", run.tasks()
    executions = dags.executions()
    assert len(executions) == len(before) + 1
    report = newest_report(dags, run.run_id)
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

    run.clear("start", downstream=True)

    await_true(lambda: run.tasks()["wait"] == ("success", 2), lambda: f"wait is not run again: {run.tasks()}")
    assert run.await_end() == "success", run.tasks()
    assert dags.executions() == executions
    assert newest_report(dags, run.run_id)["ledger"] == report["ledger"]


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
        supervisor.kill()
        runner.kill()
    psutil.wait_procs([supervisor, runner], timeout=10)
    return environment


def status(dags: Any) -> str:
    """The status of the newest execution."""
    states, name = dags.deployed.client("stepfunctions"), dags.executions()[-1]
    machine = dags.deployed.outputs["MigrationWorkflowStateMachine"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return str(states.describe_execution(executionArn=arn)["status"])


def await_waiting(run: ScheduledRun, gate: Gate) -> None:
    """Wait until the triggerer looks at the run's execution."""
    run.await_task("wait", "deferred")
    seen = len(gate.seen)
    await_true(
        lambda: any(one.operation == "DescribeExecution" for one in gate.seen[seen:]),
        lambda: "no triggerer looks at the execution",
    )


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
        await_true(lambda: status(dags) == "ABORTED", lambda: f"it is {status(dags)}")
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
        assert status(dags) == "RUNNING", "it was not redriven"

        run.mark_task_failed("wait")
        await_stopped("marking the task", 2)
        assert run.await_end() == "failed"
        assert newest_report(dags, run.run_id)["accounted"] is False

        run.clear("wait", downstream=True)
        await_waiting(run, gate)
        assert status(dags) == "RUNNING", "it was not redriven"

        run.mark_failed()
        await_stopped("marking the run", 3)
        written.let_pass()

    run.clear("wait", downstream=True)

    await_true(lambda: run.tasks()["accounted"][0] == "success", lambda: f"it is not green: {run.tasks()}", 240)
    assert dags.executions() == [*before, dags.executions()[-1]]
    report = newest_report(dags, run.run_id)
    assert (report["accounted"], report["ledger"]["written"]) == (True, 40)
    assert {f"A_42{n:02}" for n in range(40)} <= set(dags.table())


def test_every_task_and_the_triggerer_are_killed_and_the_run_is_green_with_one_execution(
    api: Api, gate: Gate, dags: Any, vehicles: Any
) -> None:
    dag_id, source = f"csvdynamo_{dags.dataset.name}", vehicles([f"{MARK}{n:02}" if n else "" for n in range(40)])
    api.await_dag(dag_id)
    before, seen = dags.executions(), len(gate.seen)

    with ExitStack() as ended_at_last, gate.hold("BatchWriteItem", Moment.BEFORE, every=True) as written:
        run = ScheduledRun.trigger(api, dag_id, source)
        for kill in TASKS_KILLED:
            if kill.task == "wait":
                run.await_task("start", "success")  # whose retry describes the execution, too
            with gate.hold(kill.matches, kill.moment) as hold:
                hold.await_reached()
                process = sender(api, hold)
                assert run.tasks()[kill.task][0] == "running", run.tasks()
                process.kill()
                psutil.wait_procs([process], timeout=10)
            if kill.task == "wait":
                await_waiting(run, gate)
                ended_at_last.enter_context(another_triggerer(kill_triggerer(api, gate)))
                await_waiting(run, gate)
                assert status(dags) == "RUNNING"
                written.let_pass()
        assert run.await_end() == "success", run.tasks()

    assert run.tasks() == {kill.task: ("success", 2) for kill in TASKS_KILLED}
    assert dags.executions() == [*before, dags.executions()[-1]]
    assert "StopExecution" not in {request.operation for request in gate.seen[seen:]}
    report = newest_report(dags, run.run_id)
    assert (report["accounted"], report["ledger"]["written"], report["ledger"]["rejected"]) == (True, 39, 1)
    assert {f"A_{MARK}{n:02}" for n in range(1, 40)} <= set(dags.table())


def newest_report(dags: Any, run_id: str) -> dict[str, Any]:
    """The report of a DAG run."""
    [report] = [report for report in dags.reports() if report["run_id"] == run_id]
    return report
