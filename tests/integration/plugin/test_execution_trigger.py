"""The trigger that waits for an execution: every way that it ends, and how seldom it asks."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import TriggerEvent
from asgiref.sync import sync_to_async
from botocore.exceptions import ClientError, EndpointConnectionError
from structlog.testing import capture_logs

from csvdynamo_airflow.tasks import execution_trigger
from csvdynamo_airflow.tasks.execution_trigger import MAP_RUN_SECONDS, ExecutionTrigger
from csvdynamo_airflow.workflow.map_run import Progress

ARN = "arn:aws:states:us-east-1:1:execution:m:cars-1"
COUNTS = {"pending": 10, "running": 0, "succeeded": 0, "failed": 0, "timedOut": 0, "aborted": 0, "total": 10}
OUTPUT = {f"TOTAL_NUMBER_OF_ITEMS_{name}": number for name, number in (("WRITTEN", 98), ("IN_ERROR", 2), ("FAILED", 0))}
BATCHES = {**COUNTS, "pending": 2, "total": 2}
BOUNDS = {"least": 1, "most": 8, "units_per_second": None}
CHILD = "arn:aws:states:us-east-1:1:express:m/migrate-rows:child:1"
THROTTLED = {
    **{"NUMBER_OF_ITEMS_WRITTEN": 100, "NUMBER_OF_ITEMS_IN_ERROR": 0, "REJECT_IDS": [], "RULES": "0c"},
    **{"WRITE_UNITS": 100.0, "BEGAN": 1.0, "SECONDS": 10.0, "WAITED": 7.5},
    "THROTTLED": {"TableWriteKeyRangeThroughputExceeded": 25},
}


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "operation")


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        assert len(self.pauses) < 10_000, "it never ends"


class States:
    """An aiobotocore client that gives out DescribeExecution's answers one by one, the last one for ever."""

    def __init__(self, clock: Clock, *answers: str | dict[str, Any] | Exception) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.map_run: dict[str, Any] | Exception = {"itemCounts": COUNTS, "executionCounts": BATCHES}
        self.map_runs: list[dict[str, str]] = [{"mapRunArn": "arn:map-run"}]
        self.looks: dict[str, list[float]] = {"list": [], "describe": []}
        self.stopped: list[str] = []

    async def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        assert executionArn == ARN
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        more = {"status": answer} if isinstance(answer, str) else answer
        return {"executionArn": ARN, "name": "cars-1", "redriveCount": 0, **more}

    async def list_map_runs(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.looks["list"].append(self.clock.now)
        return {"mapRuns": self.map_runs}

    async def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        self.looks["describe"].append(self.clock.now)
        if isinstance(self.map_run, Exception):
            raise self.map_run
        return self.map_run

    async def stop_execution(self, *, executionArn: str, **_: str) -> None:  # noqa: N803
        self.stopped.append(executionArn)


class Paced(States):
    """One whose Map Run has eight batches at once, eight more of which have ended at each look."""

    def __init__(self, clock: Clock, *answers: str | dict[str, Any] | Exception, batch: Any = THROTTLED) -> None:
        super().__init__(clock, *answers)
        self.batch = batch
        self.ended, self.concurrency = 0, 8
        self.asked: list[Any] = []
        self.refusal: Exception | None = None

    async def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        self.ended += 8
        counts = {**BATCHES, "succeeded": self.ended}
        run = {"mapRunArn": mapRunArn, "status": "RUNNING", "maxConcurrency": self.concurrency}
        return {**await super().describe_map_run(mapRunArn=mapRunArn), **run, "executionCounts": counts}

    async def list_executions(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"executions": [{"executionArn": CHILD}] * asked["maxResults"]}

    async def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn == CHILD:
            return {"output": json.dumps(self.batch)}
        return await super().describe_execution(executionArn=executionArn)

    async def update_map_run(self, *, mapRunArn: str, maxConcurrency: int) -> None:  # noqa: N803
        assert mapRunArn == "arn:map-run"
        if self.refusal:
            raise self.refusal
        self.concurrency = maxConcurrency


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(execution_trigger.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(execution_trigger.asyncio, "sleep", clock.sleep)
    return clock


@pytest.fixture
def run(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives a function that runs a trigger on a client and returns its events' payloads."""

    def run(states: States, trigger: ExecutionTrigger | None = None) -> list[Any]:
        @asynccontextmanager
        async def context() -> AsyncIterator[States]:
            yield states

        async def async_client(service: str) -> Any:
            assert service == "stepfunctions"
            return context()

        async def collect() -> list[TriggerEvent]:
            return [event async for event in (trigger or ExecutionTrigger(ARN)).run()]

        monkeypatch.setattr(execution_trigger, "async_client", async_client)
        loop = asyncio.new_event_loop()
        try:
            return [event.payload for event in loop.run_until_complete(collect())]
        finally:
            loop.close()

    return run


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"])
def test_it_yields_once_when_the_execution_has_ended(run: Any, clock: Clock, status: str) -> None:
    ended = {"status": status, "error": "E", "cause": "because"}

    assert run(States(clock, "RUNNING", "PENDING_REDRIVE", "RUNNING", ended)) == [
        {
            **{"arn": ARN, "name": "cars-1", "status": status, "redrives": 0, "cause": "E: because"},
            **{"written": None, "changes": []},
        }
    ]


def test_it_hands_on_what_the_execution_says_that_it_wrote(run: Any, clock: Clock) -> None:
    [event] = run(States(clock, {"status": "SUCCEEDED", "output": json.dumps(OUTPUT)}))

    assert event["written"] == 98


def test_an_execution_that_was_deleted_ends_the_wait(run: Any, clock: Clock) -> None:
    states = States(clock, "RUNNING", refused("ExecutionDoesNotExist"))

    [event] = run(states)

    assert (event["status"], "no longer exists" in event["cause"]) == ("DELETED", True)


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("InternalFailure", 500),
        EndpointConnectionError(endpoint_url="https://states"),
    ],
)
def test_a_call_that_may_succeed_later_does_not_end_the_wait(run: Any, clock: Clock, error: Exception) -> None:
    [event] = run(States(clock, "RUNNING", error, error, "SUCCEEDED"))

    assert event["status"] == "SUCCEEDED"


def test_a_call_that_is_denied_ends_the_wait_at_once_and_is_told(run: Any, clock: Clock) -> None:
    [event] = run(States(clock, refused("AccessDeniedException")))

    assert event["status"] == "UNSEEN"
    assert "AccessDeniedException" in event["cause"]
    assert clock.pauses == []


def test_an_end_from_before_the_redrive_is_not_believed(run: Any, clock: Clock) -> None:
    stale, redriven = {"status": "FAILED", "redriveCount": 1}, {"status": "SUCCEEDED", "redriveCount": 2}

    [event] = run(States(clock, stale, stale, redriven), ExecutionTrigger(ARN, redrives=2))

    assert event["status"] == "SUCCEEDED"


def test_a_map_run_is_looked_at_no_oftener_than_the_accounts_tokens_allow(run: Any, clock: Clock) -> None:
    states = States(clock, *["RUNNING"] * 62, "SUCCEEDED")  # it ends between two looks

    run(states, ExecutionTrigger(ARN, longest_poll_seconds=1.0))

    *looks, _last = states.looks["describe"]
    assert len(looks) > 10
    assert all(after - before >= MAP_RUN_SECONDS for before, after in itertools.pairwise(looks))
    assert len(states.looks["list"]) == 1


@pytest.mark.parametrize("hidden", [{"map_runs": []}, {"map_run": refused("ThrottlingException")}])
def test_a_map_run_that_cannot_be_seen_is_asked_for_as_seldom(run: Any, clock: Clock, hidden: dict[str, Any]) -> None:
    states = States(clock, *["RUNNING"] * 60, "SUCCEEDED")
    vars(states).update(hidden)

    [event] = run(states, ExecutionTrigger(ARN, longest_poll_seconds=1.0))

    assert event["status"] == "SUCCEEDED"
    for looks in (one[:-1] for one in states.looks.values()):
        assert all(after - before >= MAP_RUN_SECONDS for before, after in itertools.pairwise(looks))


@pytest.mark.parametrize("error", [refused("AccessDeniedException"), KeyError("itemCounts")])
def test_progress_that_cannot_be_told_never_ends_the_wait(run: Any, clock: Clock, error: Exception) -> None:
    states = States(clock, "RUNNING", "RUNNING", "SUCCEEDED")
    states.map_run = error

    [event] = run(states)

    assert event["status"] == "SUCCEEDED"


def test_the_last_progress_is_the_finished_one(run: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[Progress] = []

    async def publish(_: ExecutionTrigger, progress: Progress) -> None:
        published.append(progress)

    monkeypatch.setattr(ExecutionTrigger, "_publish", publish)
    states = States(clock, "RUNNING", "SUCCEEDED")
    describe = states.describe_execution

    async def finish_with_the_execution(*, executionArn: str) -> dict[str, Any]:  # noqa: N803
        answer = await describe(executionArn=executionArn)
        if answer["status"] == "SUCCEEDED":
            states.map_run |= {"itemCounts": {**COUNTS, "pending": 0, "succeeded": 10}}
        return answer

    monkeypatch.setattr(states, "describe_execution", finish_with_the_execution)
    run(states)

    assert [progress.percent for progress in published] == [0.0, 100.0]
    assert [progress.batches["pending"] for progress in published] == [2, 2]


def test_the_look_at_a_map_run_that_has_ended_keeps_nobody_waiting(run: Any, clock: Clock) -> None:
    states = States(clock, "RUNNING", "SUCCEEDED")

    run(states)

    before, after = states.looks["describe"]
    assert after - before == sum(clock.pauses) < MAP_RUN_SECONDS


def test_a_map_run_that_is_throttled_has_fewer_batches_at_once_and_the_event_tells_why(
    run: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Any] = []

    async def publish(trigger: ExecutionTrigger, _: Progress) -> None:
        published.append(list(trigger._told))

    monkeypatch.setattr(ExecutionTrigger, "_publish", publish)
    states = Paced(clock, *["RUNNING"] * 20, "SUCCEEDED")

    [event] = run(states, ExecutionTrigger(ARN, concurrency=BOUNDS))

    assert states.concurrency == 1
    assert [(one["before"], one["after"]) for one in event["changes"]] == [(8, 2), (2, 1)]
    assert "waited 75% of their time for the table: TableWrite" in event["changes"][0]["why"]
    assert published[-1] == event["changes"]
    assert states.asked[0] == {"mapRunArn": "arn:map-run", "statusFilter": "SUCCEEDED", "maxResults": 8}
    assert all(one["maxResults"] <= 10 for one in states.asked)


def test_a_map_run_of_a_data_set_that_does_not_let_it_is_left_as_it_is(run: Any, clock: Clock) -> None:
    states = Paced(clock, *["RUNNING"] * 20, "SUCCEEDED")

    [event] = run(states)

    assert (states.concurrency, states.asked, event["changes"]) == (8, [], [])


def test_a_map_run_that_has_ended_is_left_alone(run: Any, clock: Clock) -> None:
    states = Paced(clock, *["RUNNING"] * 20, "SUCCEEDED")
    describe = states.describe_map_run

    async def ended(*, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        return {**await describe(mapRunArn=mapRunArn), "status": "SUCCEEDED"}

    states.describe_map_run = ended  # type: ignore[method-assign]
    [event] = run(states, ExecutionTrigger(ARN, concurrency=BOUNDS))

    assert (states.concurrency, states.asked, event["changes"]) == (8, [], [])


@pytest.mark.parametrize("refusal", [refused("AccessDeniedException"), refused("ThrottlingException")])
def test_concurrency_that_cannot_be_changed_neither_ends_the_wait_nor_hides_the_progress(
    run: Any, clock: Clock, refusal: Exception
) -> None:
    states = Paced(clock, *["RUNNING"] * 20, "SUCCEEDED")
    states.refusal = refusal

    with capture_logs() as logs:
        [event] = run(states, ExecutionTrigger(ARN, concurrency=BOUNDS))

    assert (event["status"], event["changes"]) == ("SUCCEEDED", [])
    assert f"could not be changed: {refusal}" in str(logs)
    assert "rows settled" in str(logs)


@pytest.mark.parametrize("batch", [None, "text", {**THROTTLED, "THROTTLED": 7}])
def test_a_batch_that_answers_otherwise_changes_nothing(run: Any, clock: Clock, batch: Any) -> None:
    states = Paced(clock, *["RUNNING"] * 20, "SUCCEEDED", batch=batch)

    [event] = run(states, ExecutionTrigger(ARN, concurrency=BOUNDS))

    assert (event["status"], states.concurrency) == ("SUCCEEDED", 8)


EARLIER = {"at": 1.0, "before": 20, "after": 8, "why": "earlier"}


@pytest.mark.parametrize(
    ("kept", "batch", "told"),
    [
        ({"settled": 1, "changes": [EARLIER]}, THROTTLED, [8, 2, 1]),
        ({"settled": 1, "changes": [EARLIER]}, {**THROTTLED, "WAITED": 1.0}, [8]),
        ({"settled": 1}, THROTTLED, [2, 1]),
        (None, THROTTLED, [2, 1]),
        (RuntimeError("no api"), THROTTLED, [2, 1]),
    ],
)
def test_what_a_triggerer_that_was_stopped_had_changed_is_told_with_the_rest(
    run: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, kept: Any, batch: Any, told: list[int]
) -> None:
    left: dict[str, Any] = {"progress": kept}

    class Kept:
        @staticmethod
        def get_one(*, key: str, **_: Any) -> Any:
            if isinstance(left[key], Exception):
                raise left[key]
            return left[key]

        @staticmethod
        def set(*, key: str, value: Any, **_: Any) -> None:
            left[key] = value

    monkeypatch.setattr("airflow.sdk.execution_time.xcom.XCom", Kept)
    trigger = ExecutionTrigger(ARN, concurrency=BOUNDS)
    trigger._task_instance = SimpleNamespace(dag_id="dag", task_id="wait", run_id="run", map_index=-1)

    [event] = run(Paced(clock, *["RUNNING"] * 20, "SUCCEEDED", batch=batch), trigger)

    assert [one["after"] for one in event["changes"]] == told
    assert left["progress"]["changes"] == event["changes"]


def test_the_pause_grows_to_the_longest(run: Any, clock: Clock) -> None:
    run(States(clock, *["RUNNING"] * 50, "SUCCEEDED"), ExecutionTrigger(ARN, longest_poll_seconds=7.0))

    pauses = clock.pauses[:50]
    assert pauses[0] == 1.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 7.0


@pytest.fixture
def kill(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives a function that kills a trigger whose task has a state, None for one that is not asked for."""

    def kill(states: States, task_state: str | Exception | None) -> None:
        @asynccontextmanager
        async def context() -> AsyncIterator[States]:
            yield states

        async def async_client(service: str) -> Any:
            return context()

        def get_task_states(*, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, Any]:
            if isinstance(task_state, Exception):
                raise task_state
            return {run_ids[0]: {task_ids[0]: task_state}} if task_state else {}

        monkeypatch.setattr(execution_trigger, "async_client", async_client)
        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", get_task_states)
        trigger = ExecutionTrigger(ARN)
        trigger._task_instance = SimpleNamespace(dag_id="dag", task_id="wait", run_id="run", map_index=-1)
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(trigger.on_kill())
        finally:
            loop.close()

    return kill


@pytest.mark.parametrize("state", ["failed", "success", "scheduled", "queued", "running", None, RuntimeError("no api")])
def test_a_kill_stops_the_execution_of_a_task_that_a_person_marked_or_cleared(
    kill: Any, clock: Clock, state: str | Exception | None
) -> None:
    states = States(clock, "RUNNING")

    kill(states, state)

    assert states.stopped == [ARN]


def test_a_kill_in_a_triggerer_that_was_taken_for_dead_leaves_the_execution_alone(kill: Any, clock: Clock) -> None:
    states = States(clock, "RUNNING")

    kill(states, "deferred")

    assert states.stopped == []


def test_a_throttled_stop_is_repeated_and_one_that_is_refused_is_not(kill: Any, clock: Clock) -> None:
    states, answers = States(clock, "RUNNING"), [refused("ThrottlingException"), refused("InternalFailure", 500)]
    stop = states.stop_execution

    async def stop_later(**named: str) -> None:
        if answers:
            raise answers.pop(0)
        await stop(**named)

    states.stop_execution = stop_later  # type: ignore[method-assign]
    kill(states, "failed")
    assert states.stopped == [ARN]

    answers += [refused("ExecutionDoesNotExist"), refused("AccessDeniedException")]
    kill(states, "failed")
    kill(states, "failed")
    assert states.stopped == [ARN]
    assert answers == []
    assert sum(clock.pauses) < 30, "a triggerer gives on_kill half a minute"


def test_a_stop_that_is_throttled_for_ever_is_tried_five_times_and_told(kill: Any, clock: Clock) -> None:
    states, asked = States(clock, "RUNNING"), []

    async def throttled(**named: str) -> None:
        asked.append(named)
        raise refused("ThrottlingException")

    states.stop_execution = throttled  # type: ignore[assignment]
    with capture_logs() as logs:
        kill(states, "failed")

    assert len(asked) == 5
    assert clock.pauses == [1.0, 2.0, 4.0, 8.0]
    assert "stop it by hand" in str(logs)


def test_a_kill_that_is_cancelled_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels it again each second, as long as it has not ended."""
    states, ended = States(Clock(), "RUNNING"), asyncio.Event()

    class Slow:
        async def __aenter__(self) -> States:
            await asyncio.to_thread(int)
            return states

        async def __aexit__(self, *_: object) -> None:
            ended.set()

    async def async_client(service: str) -> Any:
        return Slow()

    async def cancelled() -> None:
        kill = asyncio.ensure_future(ExecutionTrigger(ARN).on_kill())
        await asyncio.to_thread(int)
        kill.cancel()
        with pytest.raises(asyncio.CancelledError):
            await kill
        assert states.stopped == []
        await ended.wait()

    monkeypatch.setattr(execution_trigger, "async_client", async_client)
    asyncio.run(asyncio.wait_for(cancelled(), 10))

    assert states.stopped == [ARN]


@pytest.mark.parametrize("asked", ["client", "get_one", "set"])
def test_a_cancellation_keeps_its_message_while_airflow_is_asked(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    """Airflow kills a trigger whose cancellation says that a person did it, and no other."""
    begun, goes_on = threading.Event(), threading.Event()

    def answer(operation: str) -> None:
        if operation == asked:
            begun.set()
            goes_on.wait(10)

    @asynccontextmanager
    async def context() -> AsyncIterator[States]:
        yield Paced(Clock(), "RUNNING")

    async def async_client(service: str) -> Any:
        await sync_to_async(answer)("client")  # as Airflow's hook does
        return context()

    class Asked:
        @staticmethod
        def get_one(**_: Any) -> None:
            answer("get_one")

        @staticmethod
        def set(**_: Any) -> None:
            answer("set")

    async def cancelled() -> tuple[Any, ...]:
        task = asyncio.ensure_future(anext(trigger.run()))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel("a person did it")
        try:
            await task
        except asyncio.CancelledError as error:
            return error.args
        finally:
            goes_on.set()
        raise AssertionError("it goes on")

    monkeypatch.setattr(execution_trigger, "async_client", async_client)
    monkeypatch.setattr("airflow.sdk.execution_time.xcom.XCom", Asked)
    trigger = ExecutionTrigger(ARN, concurrency=BOUNDS)
    trigger._task_instance = SimpleNamespace(dag_id="dag", task_id="wait", run_id="run", map_index=-1)

    assert asyncio.run(cancelled()) == ("a person did it",)


def test_the_triggerer_can_make_it_again() -> None:
    trigger = ExecutionTrigger(ARN, 3, 7.0)

    path, fields = trigger.serialize()

    assert path == "csvdynamo_airflow.tasks.execution_trigger.ExecutionTrigger"
    assert ExecutionTrigger(**fields).serialize() == (path, fields)
    assert fields == {"execution_arn": ARN, "redrives": 3, "longest_poll_seconds": 7.0, "concurrency": None}
    pacing = ExecutionTrigger(ARN, concurrency=BOUNDS).serialize()
    assert ExecutionTrigger(**pacing[1]).serialize() == pacing
