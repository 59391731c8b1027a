"""A run finds its own execution at every attempt, and never runs beside another of its data set."""

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.execution import Ended, execution_input
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.snapshots.pointer import SnapshotGoneError
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn, TurnTakenError
from tests.unit.plugin.fake_bucket import FakeBucket
from tests.unit.plugin.fake_step_functions import (
    MACHINE,
    NOW,
    ExecutionDoesNotExist,
    FakeStepFunctions,
    StateMachineDoesNotExist,
    arn_of,
)
from tests.unit.plugin.run_findings import SNAPSHOT

NAME = "cars-0123456789abcdef0123"
INPUT = execution_input("bucket", "source/cars/file.csv", "rules")


@pytest.fixture(params=["startDate", "stopDate"])
def states(request: pytest.FixtureRequest) -> FakeStepFunctions:
    return FakeStepFunctions(listed_by=request.param)


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
        rules="rules",
        prepared_at=NOW.timestamp() - 4 * 3600,
        name=name,
        turn=Turn(bucket, "bucket", turn_key("cars"), lambda: bucket.seconds),
    )


def changes(states: FakeStepFunctions) -> list[str]:
    return [call for call in states.calls if call != "list map runs"]


def test_the_first_start_starts_the_runs_execution_on_its_file(states: FakeStepFunctions, migration: Migration) -> None:
    started = migration.start()

    assert (started.name, started.status) == (NAME, "RUNNING")
    assert json.loads(started.input) == {
        "bucket_name": "bucket",
        "file_key": "source/cars/file.csv",
        "rules": "rules",
    }


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"])
def test_a_repeated_start_attaches_to_whatever_the_run_has(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    states.add(NAME, status, INPUT)

    assert migration.start().status == status
    assert changes(states) == []


def test_only_what_succeeded_is_repeated(states: FakeStepFunctions, migration: Migration) -> None:
    states.add(NAME, "FAILED", INPUT)
    assert migration.start(lambda _: True).name == NAME

    states.add(NAME, "SUCCEEDED", INPUT)
    assert migration.start(lambda _: True).name == f"{NAME}-2"
    assert migration.start(lambda _: True).name == f"{NAME}-2", "a retry of the start attaches to it"
    assert changes(states) == [f"start {NAME}-2"]


def test_only_the_newest_execution_is_repeated_and_only_if_it_is_to_be(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "SUCCEEDED", INPUT)
    states.add(f"{NAME}-2", "SUCCEEDED", INPUT)

    assert migration.start(lambda newest: newest.name == NAME).name == f"{NAME}-2"
    assert migration.start(lambda newest: newest.name == f"{NAME}-2").name == f"{NAME}-3"
    assert changes(states) == [f"start {NAME}-3"]


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_nothing_is_repeated_over_the_rows_of_a_later_run(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    states.add(NAME, "SUCCEEDED", INPUT, stopped_hours_ago=3)
    states.add_map_run(states.add("december", status, "{}", stopped_hours_ago=1), running=False)

    if status == "SUCCEEDED":
        with pytest.raises(MigrationError, match="december has succeeded since it was this run's turn"):
            migration.start(lambda _: True)
        assert changes(states) == []
        assert not migration.turn.belongs_to(NAME)
    else:
        assert migration.start(lambda _: True).name == f"{NAME}-2"


def test_nothing_is_repeated_beside_another_run(states: FakeStepFunctions, migration: Migration) -> None:
    states.add(NAME, "SUCCEEDED", INPUT, stopped_hours_ago=3)
    states.add("december", "RUNNING", "{}")

    with pytest.raises(TurnTakenError, match="december"):
        migration.start(lambda _: True)
    assert changes(states) == []


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
@pytest.mark.parametrize(
    "other",
    [
        execution_input("bucket", "another.csv", "rules"),
        execution_input("bucket", "source/cars/file.csv", "other rules"),
        '{"bucket_name": "bucket", "file_key": "source/cars/file.csv"}',
        "[]",
        "no JSON",
        "",
    ],
)
def test_an_execution_of_the_name_on_another_file_is_not_attached_to(
    states: FakeStepFunctions, migration: Migration, method: str, other: str
) -> None:
    states.add(NAME, "RUNNING", other)

    with pytest.raises(MigrationError, match="another input"):
        getattr(migration, method)()


def test_an_execution_with_its_input_written_otherwise_is_the_same(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "SUCCEEDED", '{"file_key":"source/cars/file.csv",  "rules":"rules", "bucket_name":"bucket"}')

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
    still = [{**states.executions[arn_of(NAME)], "status": "RUNNING"}]
    monkeypatch.setattr(
        states,
        "list_executions",
        lambda **asked: {"executions": still if asked.get("statusFilter") == "RUNNING" else []},
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


def test_looking_for_other_map_runs_stays_cheap(states: FakeStepFunctions) -> None:
    migration = migration_of(NAME, states, FakeBucket(seconds=NOW.timestamp()))
    for number in range(30):
        states.add(f"lately-{number}", "ABORTED", INPUT, stopped_hours_ago=number / 10)
        states.add_map_run(arn_of(f"lately-{number}"), running=False)
        states.add(f"long-ago-{number}", "TIMED_OUT", INPUT, stopped_hours_ago=25 + number)

    migration.start()

    assert states.calls.count("list map runs") == 11, "ten of those that were stopped, and one of them once more"


def test_a_state_machine_that_was_deleted_is_told(
    states: FakeStepFunctions, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: Any) -> Any:
        raise StateMachineDoesNotExist

    monkeypatch.setattr(states, "list_executions", gone)

    with pytest.raises(MigrationError, match=r"no state machine .*make deploy DATASET=cars$"):
        migration.start()


def test_a_failed_execution_is_not_redriven_over_the_rows_of_a_later_run(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE", stopped_hours_ago=3)
    states.add_map_run(states.add("december", "SUCCEEDED", "{}", stopped_hours_ago=1), running=False)

    with pytest.raises(MigrationError, match="december has succeeded since it was this run's turn"):
        migration.take_up()
    assert changes(states) == []


def test_a_later_run_is_seen_beside_an_execution_that_was_redriven_since(
    states: FakeStepFunctions, migration: Migration
) -> None:
    times = {"startDate": NOW - timedelta(hours=3), "stopDate": NOW}
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE", redriveCount=1, **times)
    states.add_map_run(states.add("december", "SUCCEEDED", "{}", stopped_hours_ago=1), running=False)

    with pytest.raises(MigrationError, match="december has succeeded since it was this run's turn"):
        migration.take_up()
    assert changes(states) == []


@pytest.mark.parametrize("error", ["TurnLostError", "AnotherMigration"])
@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_a_run_that_lost_its_turn_does_not_write_over_the_one_that_took_it(
    states: FakeStepFunctions, migration: Migration, status: str, error: str
) -> None:
    states.add_map_run(states.add("december", status, "{}", stopped_hours_ago=3), running=False)
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE", stopped_hours_ago=1, error=error)

    if status == "SUCCEEDED":
        with pytest.raises(MigrationError, match="december has succeeded since"):
            migration.take_up()
    else:
        assert migration.take_up().name == f"{NAME}-2"


def test_a_run_that_was_stopped_beside_an_execution_by_hand_does_not_take_last_months_run_for_a_later_one(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add_map_run(states.add("last-month", "SUCCEEDED", "{}", stopped_hours_ago=700), running=False)
    states.add("by-hand", "FAILED", "{}", stopped_hours_ago=1, error="TurnLostError")
    states.add(NAME, "ABORTED", INPUT, redriveStatus="REDRIVABLE", stopped_hours_ago=1, error="AnotherMigration")

    assert migration.take_up().redrives == 1


@pytest.mark.parametrize("redrivable", ["REDRIVABLE", "NOT_REDRIVABLE"])
def test_a_run_that_stalled_before_it_took_its_turn_again_looks_again_under_it(
    states: FakeStepFunctions, redrivable: str
) -> None:
    bucket = FakeBucket(seconds=NOW.timestamp())
    migration = migration_of(NAME, states, bucket)
    states.add(NAME, "FAILED", INPUT, redriveStatus=redrivable, stopped_hours_ago=2)
    put = bucket.put_object

    def meanwhile(**call: Any) -> None:
        bucket.put_object = put  # type: ignore[method-assign]
        states.add_map_run(states.add("december", "SUCCEEDED", "{}", stopped_hours_ago=1), running=False)
        put(**call)

    bucket.put_object = meanwhile  # type: ignore[assignment]

    with pytest.raises(MigrationError, match="december has succeeded"):
        migration.take_up()
    assert changes(states) == []
    assert not migration.turn.belongs_to(NAME)


@pytest.mark.parametrize("wrote", [True, False])
def test_after_another_execution_wrote_the_whole_file_is_migrated_again(
    states: FakeStepFunctions, migration: Migration, wrote: bool
) -> None:
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE", stopped_hours_ago=3)
    other = states.add("december", "FAILED", "{}", stopped_hours_ago=1)
    if wrote:
        states.add_map_run(other, running=False)

    migration.take_up()

    assert changes(states) == ([f"start {NAME}-2"] if wrote else [f"redrive {NAME}"])


def test_what_was_deployed_since_reaches_a_run_by_another_execution(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE", definition='{"a limit": 0}')
    states.definition = '{"a limit": 5}'

    assert migration.take_up().name == f"{NAME}-2"


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
@pytest.mark.parametrize("own", [True, False])
def test_nothing_starts_while_a_function_of_an_execution_that_was_cut_off_may_still_write(
    states: FakeStepFunctions, status: str, own: bool
) -> None:
    bucket = FakeBucket(seconds=NOW.timestamp() + 10)
    arn = states.add(NAME if own else "other", status, INPUT, stopped_hours_ago=0)
    states.add_map_run(arn, running=False, aborted=1)

    with pytest.raises(TurnTakenError, match="may still write for 35 s") as caught:
        (migration_of(NAME, states, bucket).take_up if own else migration_of(NAME, states, bucket).start)()

    assert round(caught.value.seconds or 0) == 35
    assert changes(states) == []
    bucket.seconds += 36
    (migration_of(NAME, states, bucket).take_up if own else migration_of(NAME, states, bucket).start)()
    assert changes(states) == [f"start {NAME}-2" if own else f"start {NAME}"]


def test_one_that_began_long_ago_and_was_cut_off_now_is_seen_behind_many_later_ones(states: FakeStepFunctions) -> None:
    for number in range(15):
        states.add(f"later-{number}", "ABORTED", INPUT, stopped_hours_ago=1 + number)
    times = {"startDate": NOW - timedelta(hours=100), "stopDate": NOW}
    states.add_map_run(states.add("redriven", "ABORTED", INPUT, redriveCount=1, **times), running=False, aborted=1)

    with pytest.raises(TurnTakenError, match="Execution redriven was cut off"):
        migration_of(NAME, states, FakeBucket(seconds=NOW.timestamp() + 10)).start()


def test_an_execution_whose_batches_all_ended_by_themselves_keeps_nobody_waiting(states: FakeStepFunctions) -> None:
    bucket = FakeBucket(seconds=NOW.timestamp())
    states.add_map_run(states.add("other", "FAILED", INPUT, stopped_hours_ago=0), running=False)

    assert migration_of(NAME, states, bucket).start().name == NAME


def test_what_wait_saw_of_a_file_that_was_prepared_before_says_nothing_of_this_one(migration: Migration) -> None:
    assert migration.newest(Ended(f"{NAME[:-1]}0", 0)) is None

    with pytest.raises(MigrationPostponedError, match="now says that there is none"):
        migration.newest(Ended(f"{NAME}-2", 0))


def test_an_answer_older_than_what_wait_saw_is_asked_for_again(states: FakeStepFunctions, migration: Migration) -> None:
    seen = Ended(NAME, 1)
    with pytest.raises(MigrationPostponedError, match="now says that there is none"):
        migration.newest(seen)

    states.add(NAME, "RUNNING", INPUT, redriveCount=1)
    with pytest.raises(MigrationPostponedError, match=f"{NAME} is RUNNING, redriven 1 times"):
        migration.newest(seen)

    states.add(NAME, "FAILED", INPUT)
    with pytest.raises(MigrationPostponedError, match="redriven 0 times"):
        migration.newest(seen)

    states.add(NAME, "SUCCEEDED", INPUT, redriveCount=1)
    found = migration.newest(seen)
    assert found is not None
    assert found.succeeded


def test_other_executions_that_may_have_written_at_the_same_time_are_named(
    states: FakeStepFunctions, migration: Migration
) -> None:
    def add(name: str, start: float, end: float | None, *, wrote: bool = True) -> None:
        times = {"startDate": NOW + timedelta(seconds=start)}
        if end is not None:
            times["stopDate"] = NOW + timedelta(seconds=end)
        arn = states.add(name, "SUCCEEDED" if end is not None else "RUNNING", INPUT, **times)
        if wrote:
            states.add_map_run(arn, running=False)

    add(NAME, 0, 100)
    add("before", -50, -1)
    add("into its beginning", -50, 1)
    add("within", 10, 20)
    add("long before, redriven within", -1_000_000, 20)
    add("beyond its end", 90, None)
    add("before its check", 150, 160)
    add("after its check", 201, 210)
    add("refused its turn", 10, 20, wrote=False)

    assert set(migration.overlapping(NOW.timestamp() + 200)) == {
        "into its beginning",
        "within",
        "long before, redriven within",
        "beyond its end",
        "before its check",
    }


@pytest.mark.parametrize("newest", [None, "SUCCEEDED"], ids=["nothing to write", "some rows written"])
def test_of_a_run_that_left_rows_as_they_were_nobody_may_have_written_since_its_snapshot(
    states: FakeStepFunctions, migration: Migration, newest: str | None
) -> None:
    def add(name: str, start: float, end: float) -> None:
        times = {"startDate": NOW + timedelta(seconds=start), "stopDate": NOW + timedelta(seconds=end)}
        states.add_map_run(states.add(name, "SUCCEEDED", INPUT, **times), running=False)

    left = replace(SNAPSHOT, at=NOW.timestamp() - 1000, left=NOW.timestamp() - 800)
    claim: Any = SimpleNamespace(base=left)
    migration = replace(migration, claim=claim)
    if newest:
        add(NAME, 0, 10)
    add("before it", -1100, -1001)
    add(left.execution, -950, -850)
    add("since", -500, -400)
    add("redriven since", -9000, -300)
    add(f"{left.execution}-2", -950, -100)
    add("after the check", 21, 22)

    assert set(migration.overlapping(NOW.timestamp() + 20)) == {"since", "redriven since", f"{left.execution}-2"}
    assert replace(migration, claim=None).overlapping(NOW.timestamp() + 20) == ()


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_the_turn_is_given_back_at_the_end_unless_the_execution_goes_on(
    states: FakeStepFunctions, migration: Migration, status: str
) -> None:
    migration.start()
    states.add(NAME, status, INPUT)

    migration.end()

    assert migration.turn.belongs_to(NAME) == (status == "RUNNING")


def test_the_turn_is_given_back_on_the_word_of_wait_whatever_an_old_answer_says(
    states: FakeStepFunctions, migration: Migration
) -> None:
    migration.start()

    migration.end(Ended(NAME, 0))

    assert not migration.turn.belongs_to(NAME)


class Claims:
    """Notes when a run says that it writes."""

    base = None

    def __init__(self, states: FakeStepFunctions, error: Exception | None = None) -> None:
        self.states, self.error = states, error

    def make(self, others: Any, _now: float) -> None:
        self.states.calls.append(f"claim beside {sorted(one.name for one in others.overlapping(0.0, NOW.timestamp()))}")
        if self.error:
            raise self.error


def claiming(migration: Migration, states: FakeStepFunctions, error: Exception | None = None) -> Migration:
    claim: Any = Claims(states, error)
    return replace(migration, claim=claim)


def test_a_run_says_that_it_writes_before_its_execution_is_started_or_redriven(
    states: FakeStepFunctions, migration: Migration
) -> None:
    migration = claiming(migration, states)
    migration.start()
    migration.start()
    assert changes(states) == ["claim beside []", f"start {NAME}"]
    states.calls.clear()

    states.add(NAME, "FAILED", INPUT, redriveStatus="REDRIVABLE")
    migration.take_up()

    assert changes(states) == ["claim beside []", f"redrive {NAME}"]


def test_a_start_that_is_refused_says_nothing(states: FakeStepFunctions, migration: Migration) -> None:
    """It would speak against the snapshot of the later run, though it writes nothing."""
    states.add_map_run(states.add(NAME, "SUCCEEDED", INPUT, stopped_hours_ago=3), running=False)
    states.add_map_run(states.add("later", "SUCCEEDED", "{}", stopped_hours_ago=1), running=False)

    with pytest.raises(MigrationError, match="later has succeeded since"):
        claiming(migration, states).start(lambda _: True)

    assert changes(states) == []


def test_a_run_whose_claim_is_refused_starts_nothing_and_gives_its_turn_back(
    states: FakeStepFunctions, migration: Migration
) -> None:
    states.add_map_run(states.add("by-hand", "SUCCEEDED", "{}"), running=False)

    with pytest.raises(SnapshotGoneError):
        claiming(migration, states, SnapshotGoneError("cars-0", "by-hand has written")).start()

    assert changes(states) == ["claim beside ['by-hand']"]
    assert not migration.turn.belongs_to(NAME)
