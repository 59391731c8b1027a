"""Of the runs of one data set one migrates at a time, however their calls are interleaved."""

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import botocore.exceptions
import pytest

from csvdynamo.aws.stored_object import SIX_TRIES
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.execution import STOPPED_IN_AIRFLOW
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.workflow import turn as turn_module
from csvdynamo_airflow.workflow.turn import CHECK_SECONDS, UNUSED_SECONDS, Intent, Turn, TurnTakenError
from tests.unit.plugin.fake_bucket import ClientError, FakeBucket
from tests.unit.plugin.fake_step_functions import NOW, FakeStepFunctions
from tests.unit.plugin.test_migration import INPUT, migration_of


class Killed(BaseException):
    """The process is gone."""


class Steps:
    """Lets two threads go on one call at a time, in a given order; a thread whose turn has passed runs freely."""

    def __init__(self, order: str) -> None:
        self.order = list(order)
        self.changed = threading.Condition()

    def step(self, who: str) -> None:
        with self.changed:
            self.changed.wait_for(lambda: who not in self.order or self.order[0] == who)
            if self.order:
                self.order.pop(0)
            self.changed.notify_all()

    def done(self, who: str) -> None:
        with self.changed:
            self.order = [other for other in self.order if other != who]
            self.changed.notify_all()


class Interleaved:
    """A client whose every call is a step of one thread."""

    def __init__(self, client: Any, steps: Steps, who: str) -> None:
        self._client, self._steps, self._who = client, steps, who

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in {"exceptions", "seconds"}:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._steps.step(self._who)
            return found(*arguments, **named)

        return call


@pytest.mark.parametrize("order", ["".join(order) for order in itertools.product("ab", repeat=8)])
def test_of_two_runs_that_start_at_once_one_runs_in_every_interleaving(order: str) -> None:
    states, bucket, steps = FakeStepFunctions(), FakeBucket(), Steps(order)

    def start(who: str) -> bool:
        mine: Any = Interleaved(bucket, steps, who)
        try:
            return migration_of(who, Interleaved(states, steps, who), mine).start().alive
        except MigrationPostponedError:
            return False
        finally:
            steps.done(who)

    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(start, "ab"))

    alive = [one["name"] for one in states.executions.values() if one["status"] == "RUNNING"]
    assert len(alive) == 1
    assert started.count(True) == 1
    assert not any(call.startswith("stop") for call in states.calls), "nothing was written that had to be stopped"


def test_a_run_killed_before_it_started_finds_its_turn_again_and_keeps_others_away_only_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states, bucket = FakeStepFunctions(), FakeBucket()

    def start_and_be_killed(who: str) -> None:
        def kill(**_: Any) -> Any:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(states, "start_execution", kill)
            with pytest.raises(Killed):
                migration_of(who, states, bucket).start()

    start_and_be_killed("a")
    with pytest.raises(MigrationPostponedError, match="about to migrate, as execution a"):
        migration_of("b", states, bucket).start()
    assert migration_of("a", states, bucket).start().name == "a"

    states.add("a", "SUCCEEDED", INPUT)
    migration_of("a", states, bucket).end()
    start_and_be_killed("c")
    bucket.seconds += UNUSED_SECONDS
    assert migration_of("b", states, bucket).start().name == "b"


def test_a_turn_is_free_once_the_run_has_checked_what_it_did_and_not_before() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket(seconds=NOW.timestamp())
    migration_of("a", states, bucket).start()
    states.list_executions = lambda **_: {"executions": []}  # type: ignore[method-assign] - it shows what was, seconds ago

    with pytest.raises(TurnTakenError, match="execution a is RUNNING"):
        migration_of("b", states, bucket).start()

    states.add("a", "SUCCEEDED", INPUT, stopDate=NOW)
    with pytest.raises(TurnTakenError, match="has not checked the table yet"):
        migration_of("b", states, bucket).start()

    migration_of("a", states, bucket).end()
    assert migration_of("b", states, bucket).start().name == "b"


def test_a_run_that_died_before_its_check_keeps_others_away_only_for_a_while() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket(seconds=NOW.timestamp())
    migration_of("a", states, bucket).start()
    states.add("a", "SUCCEEDED", INPUT, stopDate=NOW)
    bucket.seconds += CHECK_SECONDS - 1
    migration_of("a", states, bucket).turn.renew("a")
    bucket.seconds += CHECK_SECONDS - 1
    with pytest.raises(TurnTakenError, match="its turn ends in 1 s"):
        migration_of("b", states, bucket).start()

    bucket.seconds += 1
    assert migration_of("b", states, bucket).start().name == "b"


def test_a_run_that_was_stopped_in_airflow_keeps_nobody_away() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket(seconds=NOW.timestamp())
    migration_of("a", states, bucket).start()
    states.add("a", "ABORTED", INPUT, error=STOPPED_IN_AIRFLOW, stopDate=NOW)

    assert migration_of("b", states, bucket).start().name == "b"


def test_a_turn_that_another_run_took_is_neither_renewed_nor_given_back() -> None:
    bucket = FakeBucket()
    turn = Turn(bucket, "bucket", turn_key("cars"), lambda: bucket.seconds)
    turn.take(Intent("another", "another"), lambda name: None)

    turn.renew("mine")
    turn.give_back("mine")
    turn.give_back("another", "another-2")

    assert turn.belongs_to("another")
    assert not turn.belongs_to("mine")


def test_a_turn_is_kept_while_something_long_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "_RENEWED_SECONDS", 0.01)
    bucket = FakeBucket()
    turn = Turn(bucket, "bucket", turn_key("cars"), lambda: bucket.seconds)
    turn.take(Intent("mine", "mine"), lambda name: None)
    renewed = threading.Event()
    put = bucket.put_object

    def noticed(**call: Any) -> None:
        put(**call)
        if bucket.seconds in {json.loads(call["Body"])["taken"]} and bucket.seconds > 2000:
            renewed.set()

    monkeypatch.setattr(bucket, "put_object", noticed)
    with turn.kept("mine"):
        bucket.seconds = 3000.0
        assert renewed.wait(30)


def test_a_turn_is_given_back_though_s3_refuses_it_at_first() -> None:
    bucket = FakeBucket()
    turn, put, refused = Turn(bucket, "bucket", turn_key("cars")), bucket.put_object, [1, 2]
    turn.take(Intent("mine", "mine"), lambda _: None)

    def busy(**call: Any) -> None:
        if refused:
            refused.pop()
            raise botocore.exceptions.ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
        put(**call)

    bucket.put_object = busy  # type: ignore[method-assign]
    bucket.exceptions.ClientError = botocore.exceptions.ClientError

    turn.give_back("mine")

    assert not turn.belongs_to("mine")
    assert refused == []


@pytest.mark.parametrize(("code", "tries"), [("SlowDown", 6), ("AccessDenied", 1)])
def test_a_turn_that_s3_never_takes_back_is_told_after_six_tries_or_at_once(
    monkeypatch: pytest.MonkeyPatch, code: str, tries: int
) -> None:
    bucket, sleeps, asked = FakeBucket(), list[float](), list[str]()
    monkeypatch.setattr(turn_module, "SIX_TRIES", replace(SIX_TRIES, sleep=sleeps.append))
    turn = Turn(bucket, "bucket", turn_key("cars"))
    turn.take(Intent("mine", "mine"), lambda _: None)

    def refuse(**named: Any) -> None:
        asked.append(named["Key"])
        assert len(asked) < 10, "it never ends"
        raise botocore.exceptions.ClientError({"Error": {"Code": code}}, "PutObject")

    bucket.put_object = refuse  # type: ignore[method-assign]
    bucket.exceptions.ClientError = botocore.exceptions.ClientError
    with pytest.raises(botocore.exceptions.ClientError, match=code):
        turn.give_back("mine")

    assert len(asked) == tries
    assert len(sleeps) == tries - 1


def test_what_s3_refuses_for_good_is_told_as_that() -> None:
    bucket = FakeBucket()
    turn = Turn(bucket, "bucket", turn_key("cars"))

    def refuse(**_: Any) -> None:
        raise botocore.exceptions.ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    bucket.exceptions.ClientError = botocore.exceptions.ClientError
    put, bucket.put_object = bucket.put_object, refuse  # type: ignore[method-assign]
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        turn.take(Intent("mine", "mine"), lambda _: None)

    bucket.put_object = put  # type: ignore[method-assign]
    turn.take(Intent("mine", "mine"), lambda _: None)
    bucket.put_object = refuse  # type: ignore[method-assign]
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        turn.give_back("mine")


def test_a_run_that_is_about_to_redrive_keeps_others_away() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket()
    states.add("a", "FAILED", INPUT, redriveStatus="REDRIVABLE")
    redrive = states.redrive_execution

    def meanwhile(*, executionArn: str) -> Any:  # noqa: N803
        with pytest.raises(MigrationPostponedError, match="about to migrate"):
            migration_of("b", states, bucket).start()
        return redrive(executionArn=executionArn)

    states.redrive_execution = meanwhile  # type: ignore[method-assign]

    assert migration_of("a", states, bucket).take_up().redrives == 1


@pytest.mark.parametrize("redrivable", ["REDRIVABLE", "NOT_REDRIVABLE"])
def test_a_run_stops_its_execution_where_one_was_started_by_hand_at_the_same_moment(redrivable: str) -> None:
    states, bucket = FakeStepFunctions(), FakeBucket()
    states.add("a", "FAILED", INPUT, redriveStatus=redrivable)
    for name in ("redrive_execution", "start_execution"):
        before = getattr(states, name)

        def meanwhile(before: Any = before, **named: Any) -> Any:
            states.add("by-hand", "RUNNING", "{}")
            return before(**named)

        setattr(states, name, meanwhile)

    with pytest.raises(MigrationPostponedError, match="stopped again: execution by-hand"):
        migration_of("a", states, bucket).take_up()

    assert [one["name"] for one in states.executions.values() if one["status"] == "RUNNING"] == ["by-hand"]


def test_a_run_that_slept_until_its_turn_had_passed_stops_what_it_starts() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket()
    start = states.start_execution

    def late(**named: Any) -> Any:
        states.start_execution = start  # type: ignore[method-assign]
        bucket.seconds += UNUSED_SECONDS
        migration_of("b", states, bucket).start()
        return start(**named)

    states.start_execution = late  # type: ignore[method-assign]

    with pytest.raises(MigrationPostponedError, match="stopped again"):
        migration_of("a", states, bucket).start()

    assert [one["name"] for one in states.executions.values() if one["status"] == "RUNNING"] == ["b"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"run": "a"}'])
def test_an_object_that_says_nothing_of_a_turn_is_named(body: bytes) -> None:
    bucket = FakeBucket()
    bucket.put_object(Bucket="bucket", Key=turn_key("cars"), Body=body)

    with pytest.raises(MigrationError, match=rf"s3://bucket/{turn_key('cars')} .* Delete it"):
        migration_of("a", FakeStepFunctions(), bucket).start()


def test_a_writing_whose_answer_was_lost_is_known_again_and_not_taken_for_another_runs() -> None:
    """boto3 repeats the call, and S3 refuses the repetition, since the first one took effect."""

    class AnswerLost(FakeBucket):
        def put_object(self, **call: Any) -> Any:
            super().put_object(**call)
            return super().put_object(**call)

    bucket = AnswerLost()
    turn = Turn(bucket, "bucket", turn_key("cars"), lambda: bucket.seconds)

    turn.take(Intent("mine", "mine"), lambda name: None)

    assert turn.belongs_to("mine")
    with pytest.raises(MigrationPostponedError, match="about to migrate"):
        turn.take(Intent("another", "another"), lambda name: None)


def test_a_run_whose_start_is_refused_for_good_gives_its_turn_back() -> None:
    states, bucket = FakeStepFunctions(), FakeBucket()

    class Refusing(FakeStepFunctions):
        def start_execution(self, **_: Any) -> Any:
            raise ClientError("AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDenied"):
        migration_of("cars-refused", Refusing(), bucket).start()

    assert migration_of("cars-next", states, bucket).start().name == "cars-next"
