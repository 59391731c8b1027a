"""A run finds its own execution at every attempt, and never runs beside another of its data set."""

import json
from typing import Any

import pytest

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.naming import turn_key
from csvdynamo_airflow.workflow.execution import execution_input
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn
from tests.unit.plugin.fake_bucket import FakeBucket
from tests.unit.plugin.fake_step_functions import (
    MACHINE,
    ExecutionDoesNotExist,
    FakeStepFunctions,
    StateMachineDoesNotExist,
    arn_of,
)

NAME = "cars-0123456789abcdef0123"
INPUT = execution_input("bucket", "source/cars/file.csv")


@pytest.fixture
def states() -> FakeStepFunctions:
    return FakeStepFunctions()


@pytest.fixture
def migration(states: FakeStepFunctions) -> Migration:
    return migration_of(NAME, states, FakeBucket())


def migration_of(name: str, states: Any, bucket: FakeBucket) -> Migration:
    return Migration(
        dataset="cars",
        states=states,
        state_machine_arn=MACHINE,
        bucket="bucket",
        file_key="source/cars/file.csv",
        name=name,
        turn=Turn(bucket, "bucket", turn_key("cars"), lambda: bucket.seconds),
    )


def changes(states: FakeStepFunctions) -> list[str]:
    return [call for call in states.calls if call != "list map runs"]


def test_the_first_start_starts_the_runs_execution_on_its_file(states: FakeStepFunctions, migration: Migration) -> None:
    started = migration.start()

    assert (started.name, started.status) == (NAME, "RUNNING")
    assert json.loads(started.input) == {"bucket_name": "bucket", "file_key": "source/cars/file.csv"}


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"])
def test_a_repeated_start_attaches_to_whatever_the_run_has(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    states.add(NAME, status, INPUT)

    assert migration.start().status == status
    assert changes(states) == []


def test_force_repeats_only_what_succeeded(states: FakeStepFunctions, migration: Migration) -> None:
    states.add(NAME, "FAILED", INPUT)
    assert migration.start(force=True).name == NAME

    states.add(NAME, "SUCCEEDED", INPUT)
    assert migration.start(force=True).name == f"{NAME}-2"
    assert migration.start(force=True).name == f"{NAME}-2", "a retry of the forced start attaches to it"
    assert changes(states) == [f"start {NAME}-2"]


def test_a_start_that_another_attempt_won_attaches(
    states: FakeStepFunctions, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    describe = states.describe_execution

    def first_look_misses(*, executionArn: str) -> dict[str, Any]:  # noqa: N803
        looked.append(executionArn)
        if len(looked) == 1:
            raise ExecutionDoesNotExist
        return describe(executionArn=executionArn)

    states.add(NAME, "RUNNING", INPUT)
    monkeypatch.setattr(states, "list_executions", lambda **_: {"executions": []})
    monkeypatch.setattr(states, "describe_execution", first_look_misses)

    assert migration.start().name == NAME


def test_a_started_execution_that_cannot_be_described_yet_is_looked_for_again(
    states: FakeStepFunctions, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "start_execution", lambda **_: None)

    with pytest.raises(MigrationPostponedError, match="cannot be described yet"):
        migration.start()


@pytest.mark.parametrize("method", ["start", "take_up"])
@pytest.mark.parametrize("other", [execution_input("bucket", "another.csv"), "[]", "no JSON", ""])
def test_an_execution_of_the_name_on_another_file_is_not_attached_to(
    states: FakeStepFunctions, migration: Migration, method: str, other: str
) -> None:
    states.add(NAME, "RUNNING", other)

    with pytest.raises(MigrationError, match="another input"):
        getattr(migration, method)()


def test_an_execution_started_by_hand_with_its_input_written_otherwise_is_the_same(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "SUCCEEDED", '{"file_key":"source/cars/file.csv",  "bucket_name":"bucket"}')

    assert migration.start().succeeded


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE", "SUCCEEDED"])
def test_waiting_takes_a_living_or_succeeded_execution_as_it_is(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    states.add(NAME, status, INPUT)

    assert migration.take_up().status == status
    assert states.calls == []


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
def test_waiting_redrives_what_failed_once_a_call(states: FakeStepFunctions, migration: Migration, status: str) -> None:
    states.add(NAME, status, INPUT, redriveStatus="REDRIVABLE", redriveCount=4, cause="a batch failed")

    taken = migration.take_up()

    assert changes(states) == [f"redrive {NAME}"]
    assert (taken.name, taken.alive, taken.redrives, taken.stopped) == (NAME, True, 5, None)


def test_waiting_starts_another_where_step_functions_does_not_redrive(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "FAILED", INPUT, redriveStatus="NOT_REDRIVABLE")
    states.add(f"{NAME}-2", "FAILED", INPUT, redriveStatus="NOT_REDRIVABLE")

    assert migration.take_up().name == f"{NAME}-3"


def test_waiting_without_an_execution_fails_and_says_what_to_clear(migration: Migration) -> None:
    with pytest.raises(MigrationError, match="Clear the task start"):
        migration.take_up()


@pytest.mark.parametrize("redrivable", ["REDRIVABLE", "NOT_REDRIVABLE"])
def test_a_failed_execution_is_left_alone_while_its_map_run_lives(
    states: FakeStepFunctions, migration: Migration, redrivable: str
) -> None:
    states.add_map_run(states.add(NAME, "ABORTED", INPUT, redriveStatus=redrivable), running=True)

    with pytest.raises(MigrationPostponedError, match="outlives it"):
        migration.take_up()
    assert changes(states) == []


def test_nothing_is_started_or_redriven_beside_another_execution(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add("by-hand", "RUNNING", INPUT)
    with pytest.raises(MigrationPostponedError, match="by-hand"):
        migration.start()

    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE")
    with pytest.raises(MigrationPostponedError, match="by-hand"):
        migration.take_up()
    assert changes(states) == []


def test_the_runs_own_execution_does_not_stand_in_its_way(
    states: FakeStepFunctions, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ListExecutions is eventually consistent: it may still list as running what has failed."""
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE")
    still = [{"name": NAME}]
    monkeypatch.setattr(
        states, "list_executions", lambda **asked: {"executions": still if asked["statusFilter"] == "RUNNING" else []}
    )

    assert migration.take_up().alive
    assert changes(states) == [f"redrive {NAME}"]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_nothing_is_started_beside_a_map_run_that_outlives_another_execution(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    states.add_map_run(states.add("other", status, INPUT), running=True)

    with pytest.raises(MigrationPostponedError, match=r"Map Run .*other"):
        migration.start()
    assert changes(states) == []


def test_looking_for_other_map_runs_stays_cheap(states: FakeStepFunctions, migration: Migration) -> None:
    for number in range(30):
        states.add(f"lately-{number}", "ABORTED", INPUT, stopped_hours_ago=number / 10)
        states.add_map_run(arn_of(f"lately-{number}"), running=False)
        states.add(f"long-ago-{number}", "TIMED_OUT", INPUT, stopped_hours_ago=25 + number)

    migration.start()

    assert states.calls.count("list map runs") == 10


def test_a_state_machine_that_was_deleted_is_told(
    states: FakeStepFunctions, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: Any) -> Any:
        raise StateMachineDoesNotExist

    monkeypatch.setattr(states, "list_executions", gone)

    with pytest.raises(MigrationError, match=r"no state machine .*make deploy DATASET=cars$"):
        migration.start()
