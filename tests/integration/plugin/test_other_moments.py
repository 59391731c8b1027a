"""Tasks that look at a run when Step Functions is behind what wait saw, or when its rules or its turn have changed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.records.rejects import reject_id
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.errors import MigrationPostponedError
from csvdynamo_airflow.tasks import execution_sensor, report_step, steps
from csvdynamo_airflow.tasks.error_files_operator import FetchErrorFilesOperator
from csvdynamo_airflow.tasks.execution_sensor import ExecutionSensor
from tests.integration.plugin.finished_run import IN_THE_LAMBDA, STACK, WRITTEN, FinishedRun, finished_run
from tests.integration.plugin.migration_objects import BUCKET, answer, put_results
from tests.integration.plugin.task_calls import TaskInstance
from tests.unit.plugin.run_findings import RULES, difference, execution


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    with finished_run(client, tmp_path, monkeypatch) as run:
        yield run


def fetch(run: FinishedRun) -> Any:
    operator = FetchErrorFilesOperator(
        task_id="fetch_error_files", dataset_name="cars", prepare_task="prepare", wait_task="wait"
    )
    context: Any = {"ti": TaskInstance(prepare=run.prepared.to_json(), wait=run.ended)}
    return operator.execute(context)


def fetch_complete(run: FinishedRun) -> Any:
    operator = FetchErrorFilesOperator(
        task_id="fetch_error_files", dataset_name="cars", prepare_task="prepare", wait_task="wait"
    )
    context: Any = {"ti": TaskInstance(prepare=run.prepared.to_json(), wait=run.ended)}
    return operator.execute_complete(context, {"changed": True}, 0.0, run.outcome.to_json())


def verify(run: FinishedRun) -> Any:
    if run.executions:
        newest = run.executions[-1]
        run.outcome = replace(run.outcome, execution=newest.name, redrives=newest.redrives)
    return run.verify()


def reconcile(run: FinishedRun) -> Any:
    return steps.reconcile(
        Findings(dataset="cars", run_id="run", prepared=run.prepared, ended=Ended.from_xcom(run.ended))
    )


LOOKING = [fetch, fetch_complete, verify, reconcile]

FIRST = execution(redrives=1)
SECOND = replace(FIRST, name="cars-1-2", redrives=0)
OLDER: dict[str, tuple[dict[str, Any], list[Execution]]] = {
    "still running": ({"name": "cars-1", "redrives": 1}, [execution("RUNNING", redrives=1, stopped=None)]),
    "about to be redriven": ({"name": "cars-1", "redrives": 1}, [execution("PENDING_REDRIVE", redrives=1)]),
    "before its redrive": ({"name": "cars-1", "redrives": 2}, [replace(FIRST, status="FAILED")]),
    "another before it": ({"name": "cars-1-2", "redrives": 0}, [FIRST]),
    "none": ({"name": "cars-1", "redrives": 0}, []),
}
"""What wait saw end well, and what Step Functions says afterwards, from an earlier time."""


@pytest.mark.parametrize("look", LOOKING)
@pytest.mark.parametrize("case", OLDER)
def test_a_task_looks_again_where_step_functions_is_behind_what_wait_saw(
    run: FinishedRun, look: Callable[[FinishedRun], Any], case: str
) -> None:
    run.ended, run.executions = OLDER[case]

    with pytest.raises(MigrationPostponedError, match=f"saw execution {run.ended['name']} succeed") as raised:
        look(run)

    assert not isinstance(raised.value, AirflowException)  # which would fail it at once, or skip it


@pytest.mark.parametrize("case", OLDER)
def test_without_the_word_of_wait_the_tasks_go_on_with_what_there_is(run: FinishedRun, case: str) -> None:
    _, run.executions = OLDER[case]
    run.ended = None
    newest = run.executions[-1] if run.executions else None

    told = reconcile(run)

    assert told["execution"] == (newest.to_json() if newest else None)
    assert fetch(run)["execution"] == fetch_complete(run)["execution"] == (newest.name if newest else "")
    checked = verify(run)
    if newest is None or newest.alive:
        assert checked is None
    else:
        assert checked is not None
        assert (checked.execution, checked.redrives) == (newest.name, newest.redrives)


@pytest.mark.parametrize("look", LOOKING)
def test_what_step_functions_says_later_than_wait_saw_is_believed(
    run: FinishedRun, look: Callable[[FinishedRun], Any]
) -> None:
    """It was redriven by hand since: the verdict says so, see `unheard`."""
    run.ended, run.executions = {"name": "cars-1", "redrives": 0}, [FIRST]

    assert look(run)


# other rules


def test_rules_that_were_changed_since_prepare_stop_start_wait_and_verify(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.dataset = replace(run.dataset, columns=run.dataset.columns[1:])
    monkeypatch.setattr(steps, "refuse_other_table", lambda *_: None)
    monkeypatch.setattr(execution_sensor, "open_dataset", lambda name: run.dataset)
    monkeypatch.setattr(execution_sensor, "open_stack", lambda *_: STACK)
    for module in (steps, execution_sensor):
        monkeypatch.setattr(module, "make_migration", lambda *_: pytest.fail("it went on"))
    sensor = ExecutionSensor(task_id="wait", dataset_name="cars", prepared=run.prepared.to_json())
    now = run.dataset.rules.digest[:12]

    for task in (
        lambda: steps.start_migration("cars", run.prepared.to_json(), force=False),
        lambda: sensor.execute({}),
        run.verify,
    ):
        with pytest.raises(AirflowFailException, match=rf"then {RULES[:12]}, now {now}.*Clear the task prepare"):
            task()


def test_a_file_that_deletes_is_neither_started_nor_redriven_where_nothing_is_to_be_deleted_any_more(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.prepared = replace(run.prepared, difference=difference(new=11, deletions=2))
    monkeypatch.setattr(steps, "refuse_other_table", lambda *_: None)
    monkeypatch.setattr(execution_sensor, "open_dataset", lambda name: run.dataset)
    monkeypatch.setattr(execution_sensor, "open_stack", lambda *_: STACK)
    for module in (steps, execution_sensor):
        monkeypatch.setattr(module, "make_migration", lambda *_: pytest.fail("it went on"))
    sensor = ExecutionSensor(task_id="wait", dataset_name="cars", prepared=run.prepared.to_json())

    for task in (
        lambda: steps.start_migration("cars", run.prepared.to_json(), force=False),
        lambda: sensor.execute({}),
    ):
        with pytest.raises(AirflowFailException, match=r"deletes 2 items, .*Clear the task prepare"):
            task()


def test_the_same_rules_go_on(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_sensor, "open_dataset", lambda name: run.dataset)
    monkeypatch.setattr(execution_sensor, "open_stack", lambda *_: STACK)
    monkeypatch.setattr(
        execution_sensor, "make_migration", lambda *_: steps.make_migration(STACK, run.dataset, run.prepared)
    )
    sensor = ExecutionSensor(task_id="wait", dataset_name="cars", prepared=run.prepared.to_json())

    with pytest.raises(TaskDeferred):
        sensor.execute({})
    assert run.verify() is not None


@pytest.mark.parametrize(("by", "named"), [("ee" * 32, "1 by eeeeeeeeeeee"), ("", "1 by unknown ones")])
def test_reconcile_and_report_go_on_by_other_rules_and_name_the_mixture(run: FinishedRun, by: str, named: str) -> None:
    run.dataset = replace(run.dataset, columns=run.dataset.columns[1:])
    put_results(
        run.s3,
        "cars-1",
        {"SUCCEEDED": [answer(len(WRITTEN) - 4, [reject_id("cars-1", IN_THE_LAMBDA)]), answer(4, rules=by)]},
    )
    run.fetch()
    run.tasks = (EndedTask("verify", "failed", 1.0, "The rules were changed."),)
    findings = Findings(
        dataset="cars",
        run_id="run",
        prepared=run.prepared,
        ended=Ended.from_xcom(run.ended),
        outcome=run.outcome,
        tasks=run.tasks,
    )

    told = steps.reconcile(findings)
    report = report_step.publish_report(findings, json.loads(json.dumps(told)))

    assert told is not None
    assert run.outcome.rules == {RULES: 1, by: 1}
    failed, mixed = report["problems"]
    assert failed == "Task verify ended as failed: The rules were changed."
    assert mixed.startswith(f"Batches were migrated by other rules than the file was prepared by ({RULES[:12]}): ")
    assert named in mixed
    assert report["ledger"]["unaccounted"] == 0


# other executions, and the run's own turn


def other(name: str, started: float, stopped: float | None, status: str = "SUCCEEDED") -> dict[str, Any]:
    """An execution as ListExecutions tells it."""
    item = {"executionArn": f"arn:{name}", "name": name, "status": status, "startDate": at(started)}
    return item if stopped is None else {**item, "stopDate": at(stopped)}


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_an_execution_that_ran_beside_the_run_makes_it_red(run: FinishedRun) -> None:
    """The run's own ran from 100 to 200, and the table was read just now."""
    run.states.others = [
        other("by-hand", 1_000, None, "RUNNING"),
        other("between", 500, 600, "ABORTED"),
        other("cars-1", 100, 200),
        other("before", 10, 99),
    ]

    [problem] = run.look_again()["problems"]

    assert problem.startswith("Other executions of this data set ran at the same time")
    assert "rows: by-hand, between. Trigger" in problem


def take_turn(run: FinishedRun, name: str = "cars-1") -> None:
    holder = Holder(name, name, 0, 150.0)
    run.s3.put_object(Bucket=BUCKET, Key=turn_key("cars"), Body=holder.to_json().encode())


def turn_of(run: FinishedRun) -> Holder:
    return Holder.from_json(run.s3.get_object(Bucket=BUCKET, Key=turn_key("cars"))["Body"].read())


@pytest.mark.parametrize("look", LOOKING)
def test_the_run_keeps_its_turn_while_it_checks(run: FinishedRun, look: Callable[[FinishedRun], Any]) -> None:
    take_turn(run)

    look(run)

    assert (turn_of(run).run, turn_of(run).given_back) == ("cars-1", False)
    assert turn_of(run).taken > 150.0


def test_the_report_gives_the_turn_back(run: FinishedRun) -> None:
    take_turn(run)

    run.look_again()

    assert turn_of(run).given_back


def test_the_report_leaves_the_turn_to_an_execution_that_is_alive_and_to_another_run(run: FinishedRun) -> None:
    take_turn(run, "cars-2")
    run.look_again()
    assert not turn_of(run).given_back

    take_turn(run)
    run.executions, run.ended = [execution("RUNNING", stopped=None)], None
    run.look_again()
    assert not turn_of(run).given_back


def test_a_turn_that_cannot_be_given_back_costs_nobody_the_report(
    run: FinishedRun, caplog: pytest.LogCaptureFixture
) -> None:
    """It ends by itself. Reconcile has failed for the same reason, and that is what the report is to tell."""
    run.s3.put_object(Bucket=BUCKET, Key=turn_key("cars"), Body=b"no turn")
    findings = Findings(
        dataset="cars",
        run_id="run",
        prepared=run.prepared,
        outcome=run.outcome,
        tasks=(EndedTask("reconcile", "failed", 1.0, "does not say whose turn it is"),),
    )

    told = report_step.publish_report(findings, None)

    assert told["problems"][0] == "Task reconcile ended as failed: does not say whose turn it is"
    assert "turn could not be given back" in caplog.text


def test_a_data_set_that_wants_no_check_keeps_to_its_rules_nonetheless(run: FinishedRun) -> None:
    """What was not checked by verify is still held against the answers of the batches."""
    policies = replace(run.dataset.policies, verify=replace(run.dataset.policies.verify, mode=VerifyMode.NONE))
    run.dataset = replace(run.dataset, policies=policies)
    put_results(
        run.s3,
        "cars-1",
        {"SUCCEEDED": [answer(len(WRITTEN), [reject_id("cars-1", IN_THE_LAMBDA)], rules="ee" * 32)]},
    )
    run.fetch()

    [problem] = run.look_again()["problems"]

    assert problem.startswith("Batches were migrated by other rules")
