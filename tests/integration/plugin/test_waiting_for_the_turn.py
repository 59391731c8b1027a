"""The tasks start and wait while it is another's turn to migrate the data set."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.execution import execution_input
from csvdynamo_airflow.errors import MigrationPostponedError
from csvdynamo_airflow.tasks import execution_sensor, steps, task_shell
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn, TurnTakenError
from tests.integration.plugin.finished_run import CARS, STACK
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.task_calls import TaskInstance, call
from tests.unit.plugin.fake_step_functions import MACHINE, FakeStepFunctions
from tests.unit.plugin.run_findings import prepared_file


class Waiting:
    """The two tasks of a run whose file is prepared, on a bucket and a state machine that others use as well."""

    def __init__(self, s3: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "cars.toml").write_text(CARS, encoding="utf-8")
        dataset = load_dataset(folder / "cars.toml")
        self.s3, self.states = s3, FakeStepFunctions()
        self.prepared = prepared_file(10, bucket=BUCKET, rules=dataset.rules.digest)
        self.input = execution_input(BUCKET, self.prepared.file_key, self.prepared.rules)
        self.dag: DAG = make_dag(dataset)
        self.instance = TaskInstance()
        for module in (steps, execution_sensor):
            monkeypatch.setattr(module, "open_dataset", lambda name: dataset)
            monkeypatch.setattr(module, "open_stack", lambda *_: STACK)
            monkeypatch.setattr(module, "make_migration", lambda *_: self.migration())
        monkeypatch.setattr(steps, "refuse_other_table", lambda *_: None)

    def migration(self) -> Migration:
        return Migration(
            dataset="cars",
            states=self.states,
            state_machine_arn=MACHINE,
            bucket=BUCKET,
            file_key=self.prepared.file_key,
            rules=self.prepared.rules,
            prepared_at=self.prepared.at,
            name="cars-1",
            turn=Turn(self.s3, BUCKET, turn_key("cars")),
        )

    def start(self) -> Any:
        return call(self.dag, "start", self.instance, "cars", self.prepared.to_json())

    def wait(self) -> Any:
        sensor: Any = self.dag.get_task("wait")
        sensor.prepared = self.prepared.to_json()
        return sensor.execute({"ti": self.instance})

    def let_another_have_the_turn(self) -> None:
        holder = Holder("cars-other", "cars-other", 0, datetime.now(UTC).timestamp())
        self.s3.put_object(Bucket=BUCKET, Key=turn_key("cars"), Body=holder.to_json().encode())


@pytest.fixture
def run(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", "30")
    return Waiting(s3, tmp_path, monkeypatch)


def test_a_start_skips_where_no_row_is_to_be_written_and_fails_at_once_where_nobody_can_tell(run: Waiting) -> None:
    run.prepared = replace(run.prepared, prepared_rows=0)
    with pytest.raises(AirflowSkipException, match="There is no row to write"):
        run.start()

    with pytest.raises(AirflowFailException, match="What the task prepare returned"):
        call(run.dag, "start", run.instance, "cars", {})


def start(run: Waiting) -> Any:
    return run.start()


def wait(run: Waiting) -> Any:
    """Take up an execution that failed."""
    if not run.states.executions:
        run.states.add("cars-1", "FAILED", run.input, redriveStatus="REDRIVABLE")
    return run.wait()


TASKS = [start, wait]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_looks_again_later_while_it_is_anothers_turn(run: Waiting, task: Callable[[Waiting], Any]) -> None:
    run.let_another_have_the_turn()
    before = datetime.now(UTC)

    with pytest.raises(AirflowRescheduleException) as raised:
        task(run)

    wanted = raised.value.reschedule_date - timedelta(seconds=30)
    assert before <= wanted <= datetime.now(UTC)
    assert isinstance(raised.value.__cause__, TurnTakenError)
    assert run.states.calls.count("start cars-1") == run.states.calls.count("redrive cars-1") == 0


def test_a_setting_of_no_seconds_does_not_let_it_look_again_at_once(
    run: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause that is over before Airflow has noted it fails the attempt: its scheduler gave the task another id."""
    monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", "0")
    run.let_another_have_the_turn()
    before = datetime.now(UTC)

    with pytest.raises(AirflowRescheduleException) as raised:
        run.start()

    assert raised.value.reschedule_date >= before + timedelta(seconds=1)


def test_it_goes_on_as_soon_as_the_turn_was_given_back(run: Waiting) -> None:
    run.let_another_have_the_turn()
    with pytest.raises(AirflowRescheduleException):
        run.start()
    Turn(run.s3, BUCKET, turn_key("cars")).give_back("cars-other")

    assert run.start()["name"] == "cars-1"


def test_it_looks_again_when_a_function_of_an_execution_that_was_cut_off_writes_no_more(run: Waiting) -> None:
    """The seconds are those of the hint, since they are more than the setting's."""
    before = datetime.now(UTC)
    cut_off = run.states.add("cars-other", "ABORTED", "{}", stopDate=before + timedelta(seconds=60))
    run.states.add_map_run(cut_off, running=False, aborted=1)

    with pytest.raises(AirflowRescheduleException) as raised:
        run.start()

    error = raised.value.__cause__
    assert isinstance(error, TurnTakenError)
    assert error.seconds is not None
    assert error.seconds > 30
    assert before <= raised.value.reschedule_date - timedelta(seconds=error.seconds) <= datetime.now(UTC)


@pytest.mark.parametrize(("hint", "seconds"), [(None, 30), (0.5, 30), (29.0, 30), (95.5, 95.5)])
def test_the_pause_is_the_longer_of_the_hint_and_the_setting(run: Waiting, hint: float | None, seconds: float) -> None:
    before = datetime.now(UTC)

    with (
        pytest.raises(AirflowRescheduleException) as raised,
        task_shell.wait_for_turn({"ti": run.instance}),
    ):
        raise TurnTakenError("another's turn", hint)

    wanted = raised.value.reschedule_date - timedelta(seconds=seconds)
    assert before <= wanted <= datetime.now(UTC)


@pytest.mark.parametrize("task", TASKS)
def test_it_does_not_wait_for_ever(run: Waiting, task: Callable[[Waiting], Any]) -> None:
    """A retry would wait as long again: Airflow forgets when the attempt before it first looked."""
    run.let_another_have_the_turn()
    run.instance.first_rescheduled = datetime.now(UTC) - task_shell.LONGEST_WAIT + timedelta(minutes=1)
    with pytest.raises(AirflowRescheduleException):
        task(run)

    run.instance.first_rescheduled = datetime.now(UTC) - task_shell.LONGEST_WAIT - timedelta(seconds=1)
    with pytest.raises(AirflowFailException, match="Another run of this data set") as raised:
        task(run)
    assert isinstance(raised.value.__cause__, TurnTakenError)


def test_what_else_is_postponed_costs_an_attempt(run: Waiting) -> None:
    with pytest.raises(MigrationPostponedError), task_shell.wait_for_turn({"ti": run.instance}):
        raise MigrationPostponedError("cannot be described yet")
