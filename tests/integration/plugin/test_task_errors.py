"""Which errors a task is retried after, and which fail it at once."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskDeferred
from botocore.exceptions import ClientError

from csvdynamo.datasets.dataset import Limits
from csvdynamo.datasets.policies import Policies
from csvdynamo.errors import DatasetError, RejectError, ResultFileError
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import REFUSED_XCOM
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.preparation.prepare import GateError
from csvdynamo_airflow.reading.source_file import SourceFileError
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.storage.stored_file import ObjectError, ObjectPostponedError
from csvdynamo_airflow.storage.workspace import NoSpaceError
from csvdynamo_airflow.tasks import error_files_operator, execution_sensor, steps, task_shell
from csvdynamo_airflow.tasks.error_files_operator import FetchErrorFilesOperator
from csvdynamo_airflow.tasks.error_files_trigger import ErrorFilesTrigger
from csvdynamo_airflow.tasks.execution_sensor import CHANGES_XCOM, ExecutionSensor
from csvdynamo_airflow.tasks.execution_trigger import ExecutionTrigger
from tests.unit.plugin.run_findings import LANDED, RULES, execution, outcome_of_run, prepared_file

PERMANENT = [
    MigrationError,
    DatasetError,
    RejectError,
    ResultFileError,
    DownloadError,
    SourceFileError,
    ObjectError,
]
PASSING = [MigrationPostponedError, DownloadPostponedError, ObjectPostponedError, NoSpaceError, OSError]
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeExecution")

STACK = Stack(
    dataset="cars",
    bucket="bucket",
    state_machine_arn="machine",
    topic_arn="topic",
    table="table",
    error_buffer_seconds=60,
    rules="another",
    settings="settings",
)
PREPARED = prepared_file(10)


def raising(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


class Run:
    """A migration whose executions are given, and every client a stand-in."""

    def __init__(self) -> None:
        self.executions: Any = lambda: [execution()]
        self.renewed: list[str] = []
        self.turn = SimpleNamespace(renew=self.renewed.append, kept=nullcontext)
        self.take_up: Any = execution
        self.start: Any = lambda repeats: execution("RUNNING")
        self.look_at_table: Any = lambda: None
        self.states = None
        self.opened_to: list[Use] = []
        self.dataset: Any = None

    name = "cars-1"
    claim = None

    def newest(self, ended: Ended | None) -> Execution | None:
        return next(reversed(self.executions()), None)

    def overlapping(self, checked_at: float) -> tuple[str, ...]:
        return ()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    run = Run()

    def open_stack(_: Any, use: Use) -> Stack:
        run.opened_to.append(use)
        return STACK

    rules = SimpleNamespace(digest=RULES, key=TableKey(KeyAttribute("id")))
    run.dataset = SimpleNamespace(name="cars", policies=Policies(), rules=rules, limits=Limits())
    for module in (steps, execution_sensor, error_files_operator):
        monkeypatch.setattr(module, "open_dataset", lambda name: run.dataset)
        monkeypatch.setattr(module, "open_stack", open_stack)
        monkeypatch.setattr(module, "make_migration", lambda *_: run)
    for module in (steps, error_files_operator):
        monkeypatch.setattr(module, "client", lambda service: None)
    monkeypatch.setattr(task_shell, "client", lambda service: service)
    monkeypatch.setattr(task_shell, "check_table", lambda *_: run.look_at_table())
    return run


@pytest.mark.parametrize("error", PERMANENT)
def test_what_another_attempt_cannot_mend_fails_at_once(error: type[Exception]) -> None:
    with pytest.raises(AirflowFailException, match="what to do"), task_shell.permanent_errors_fail_at_once():
        raise error("what to do")


@pytest.mark.parametrize("error", PASSING)
def test_what_may_pass_is_left_to_airflows_retries(error: type[Exception]) -> None:
    with pytest.raises(error) as raised, task_shell.permanent_errors_fail_at_once():
        raise error("later")

    assert not isinstance(raised.value, AirflowFailException)


def call_download(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(steps, "download", raising(error))
    steps.download_source("cars", "file:///cars.csv", "run")


def call_prepare(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(steps, "prepare", raising(error))
    steps.prepare_source("cars", LANDED.to_json(), "run")


def call_start(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    run.start = raising(error)
    steps.start_migration("cars", PREPARED.to_json(), force=False)


def call_wait(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    run.take_up = raising(error)
    sensor().execute({})


def call_download_with_the_table(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    run.look_at_table = raising(error)
    monkeypatch.setattr(steps, "download", lambda *_, **__: pytest.fail("it downloaded"))
    steps.download_source("cars", "file:///cars.csv", "run")


def call_start_with_the_table(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    run.look_at_table = raising(error)
    run.start = lambda repeats: pytest.fail("it started")
    steps.start_migration("cars", PREPARED.to_json(), force=False)


def call_fetch(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(error_files_operator, "gather", raising(error))
    operator().execute(context(PREPARED.to_json()))


def call_fetch_complete(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(error_files_operator, "gather", raising(error))
    operator().execute_complete(context(PREPARED.to_json()), {"changed": True}, 0.0, AWAITING.to_json())


def call_check_table(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(steps.TableCheck, "run", raising(error))
    steps.check_table("cars", PREPARED.to_json(), None, outcome_of_run().to_json(), "run")


def call_reconcile(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(steps, "count_migration", raising(error))
    steps.reconcile(Findings(dataset="cars", run_id="run", prepared=PREPARED))


TASKS = [
    call_download,
    call_prepare,
    call_start,
    call_wait,
    call_fetch,
    call_fetch_complete,
    call_check_table,
    call_reconcile,
]


@pytest.mark.parametrize("call", [*TASKS, call_download_with_the_table, call_start_with_the_table])
def test_every_task_tells_the_two_apart(run: Run, monkeypatch: pytest.MonkeyPatch, call: Any) -> None:
    for error in (MigrationError("x"), ResultFileError("x"), RejectError("x")):
        with pytest.raises(AirflowFailException):
            call(run, monkeypatch, error)
    for passing in (MigrationPostponedError("x"), THROTTLED):
        with pytest.raises(type(passing)):
            call(run, monkeypatch, passing)


def test_only_tasks_that_write_need_a_stack_of_the_same_data_set_file(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in TASKS:
        with pytest.raises(AirflowFailException):
            call(run, monkeypatch, MigrationError("x"))

    # download, start, wait; fetch twice; the check of the table, by the Lambda function's rules; reconcile. prepare
    # needs no stack.
    assert run.opened_to == [Use.WRITE, Use.WRITE, Use.WRITE, Use.LOOK, Use.LOOK, Use.CHECK, Use.LOOK]


def test_a_file_that_prepare_refuses_is_handed_on_and_fails_the_task_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(steps, "prepare", raising(GateError(["95 of 100 rows"], PREPARED)))

    with pytest.raises(AirflowFailException, match="95 of 100 rows"):
        steps.prepare_source("cars", LANDED.to_json(), "run", kept.append)

    assert kept == [PREPARED.to_json()]


# wait


def sensor() -> ExecutionSensor:
    return ExecutionSensor(task_id="wait", dataset_name="cars", prepared=PREPARED.to_json())


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_an_execution_is_waited_for_with_the_redrives_that_it_has(run: Run, status: str) -> None:
    run.take_up = lambda: execution(status, redrives=2)

    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute({})

    trigger = deferred.value.trigger
    assert isinstance(trigger, ExecutionTrigger)
    assert (trigger.execution_arn, trigger.redrives) == (execution().arn, 2)


@pytest.mark.parametrize(
    ("limits", "bounds"),
    [
        (Limits(), None),
        (Limits(min_concurrency=2), {"least": 2, "most": 8, "units_per_second": None}),
        (Limits(write_units_per_second=500), {"least": 1, "most": 8, "units_per_second": 500}),
    ],
)
def test_what_waits_may_change_how_many_batches_run_at_once_where_the_file_lets_it(
    run: Run, limits: Limits, bounds: Any
) -> None:
    run.dataset.limits = limits

    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute({})

    trigger = deferred.value.trigger
    assert isinstance(trigger, ExecutionTrigger)
    assert trigger.concurrency == bounds


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
@pytest.mark.parametrize("changes", [[], [{"at": 1.0, "before": 8, "after": 4, "why": "why"}]])
def test_what_was_changed_is_left_for_the_report_however_the_execution_ended(
    run: Run, status: str, changes: list[Any]
) -> None:
    event = {"arn": "arn", "name": "cars-1", "status": status, "redrives": 0, "cause": "", "changes": changes}
    instance = TaskInstance(PREPARED.to_json())

    with nullcontext() if status == "SUCCEEDED" else pytest.raises(AirflowException):
        sensor().execute_complete({"ti": instance}, event)

    assert instance.pushed == ({CHANGES_XCOM: changes} if changes else {})


def test_a_success_is_handed_on(run: Run) -> None:
    event = {"arn": "arn", "name": "cars-1", "status": "SUCCEEDED", "redrives": 2, "cause": ""}

    told = sensor().execute_complete({}, event)

    assert told == {"arn": "arn", "name": "cars-1", "status": "SUCCEEDED", "redrives": 2}
    assert Ended.from_xcom(told) == Ended("cars-1", 2)


@pytest.mark.parametrize(
    ("status", "to_do"),
    [
        ("FAILED", "next attempt of this task redrives it"),
        ("ABORTED", "It was stopped, .*redrives it"),
        ("TIMED_OUT", "TimeoutSeconds.*redrives it"),
        ("DELETED", "Clear the task start, too"),
    ],
)
def test_a_failure_is_told_with_its_cause_and_left_to_the_next_attempt(run: Run, status: str, to_do: str) -> None:
    event = {"arn": "arn", "name": "cars-1", "status": status, "cause": "States.Timeout"}

    with pytest.raises(AirflowException, match=rf"cars-1 .*{status}: States\.Timeout\. .*{to_do}") as raised:
        sensor().execute_complete({}, event)
    assert not isinstance(raised.value, AirflowFailException)


def test_an_execution_that_could_not_be_looked_at_is_told_with_the_error(run: Run) -> None:
    event = {"arn": "arn", "name": "cars-1", "status": "UNSEEN", "cause": "AccessDeniedException"}

    with pytest.raises(AirflowException, match=r"cars-1 .*could not be looked at: AccessDeniedException") as raised:
        sensor().execute_complete({}, event)
    assert not isinstance(raised.value, AirflowFailException)


# fetch_error_files


class TaskInstance:
    """XCom of a task instance."""

    def __init__(self, prepared: Any, refused: Any = None, waited: Any = None) -> None:
        self.prepared, self.refused, self.waited = prepared, refused, waited
        self.pushed: dict[str, Any] = {}

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        if task_ids == "wait":
            return self.waited
        assert task_ids == "prepare"
        return {"return_value": self.prepared, REFUSED_XCOM: self.refused}[key]

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.pushed[key] = value


def context(prepared: Any) -> Any:
    return {"ti": TaskInstance(prepared)}


def operator() -> FetchErrorFilesOperator:
    return FetchErrorFilesOperator(
        task_id="fetch_error_files", dataset_name="cars", prepare_task="prepare", wait_task="wait"
    )


AWAITING = outcome_of_run(missing=2, error_objects="seen")


def test_the_rejects_that_prepare_refused_to_go_on_with_are_fetched_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.executions = list
    asked: list[Any] = []
    monkeypatch.setattr(error_files_operator, "gather", lambda *given: asked.append(given[2]) or Outcome())

    operator().execute({"ti": TaskInstance(None, refused=PREPARED.to_json())})

    assert asked == [PREPARED]


def test_without_a_prepared_file_there_is_nothing_to_fetch(run: Run) -> None:
    with pytest.raises(AirflowSkipException):
        operator().execute(context(None))


@pytest.mark.parametrize("executions", [[], [execution("FAILED")]])
def test_what_is_all_there_is_told_at_once(run: Run, monkeypatch: pytest.MonkeyPatch, executions: list[Any]) -> None:
    run.executions = lambda: executions
    asked = []
    monkeypatch.setattr(error_files_operator, "gather", lambda *given: asked.append(given[3:]) or Outcome())

    assert operator().execute(context(PREPARED.to_json())) == Outcome().to_json()
    assert asked == [(executions[0] if executions else None, None)]


def test_the_deadline_counts_from_the_executions_end_so_that_a_retry_does_not_move_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_files_operator, "gather", lambda *_: AWAITING)
    run.executions = lambda: [execution(stopped=1_000_000.0)]

    for now in (1_000_010.0, 1_000_400.0):
        monkeypatch.setattr(error_files_operator.time, "time", lambda now=now: now)
        with pytest.raises(TaskDeferred) as deferred:
            operator().execute(context(PREPARED.to_json()))
        trigger = deferred.value.trigger
        assert isinstance(trigger, ErrorFilesTrigger)
        assert trigger.deadline == 1_000_000.0 + 3 * 60 + 300
        assert trigger.seen == "seen"


def test_what_has_come_is_read_and_the_rest_is_waited_for_until_the_deadline(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.executions = lambda: [execution(stopped=1_000_000.0)]
    asked, now = [], [1_000_010.0]
    monkeypatch.setattr(error_files_operator, "gather", lambda *given: asked.append(given[-1]) or AWAITING)
    monkeypatch.setattr(error_files_operator.time, "time", lambda: now[0])
    event = {"changed": True}

    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(context(PREPARED.to_json()))
    given = json.loads(json.dumps(deferred.value.kwargs))
    with pytest.raises(TaskDeferred) as again:
        operator().execute_complete(context(PREPARED.to_json()), event, **given)
    now[0] = 1_000_000.0 + 3 * 60 + 300
    with pytest.raises(AirflowFailException, match="2 rejects"):
        operator().execute_complete(context(PREPARED.to_json()), event, **again.value.kwargs)

    assert asked == [None, AWAITING, AWAITING]


def test_what_was_read_of_an_execution_that_was_redriven_meanwhile_is_read_anew(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.executions = lambda: [execution(redrives=1)]
    asked: list[Any] = []
    monkeypatch.setattr(error_files_operator, "gather", lambda *given: asked.append(given[-1]) or Outcome())

    operator().execute_complete(context(PREPARED.to_json()), {"changed": True}, 0.0, AWAITING.to_json())

    assert asked == [None]


def test_the_newest_execution_is_the_one_whose_rejects_are_fetched(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_files_operator, "gather", lambda *_: AWAITING)
    newest = execution("RUNNING", stopped=None)
    run.executions = lambda: [execution("FAILED"), newest.__class__(**{**vars(newest), "name": "cars-1-2"})]

    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(context(PREPARED.to_json()))
    assert deferred.value.trigger.execution == "cars-1-2"


def test_rejects_missing_after_the_deadline_fail_the_task_and_what_arrived_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = Outcome(key="k", rejects=3, missing=2)
    monkeypatch.setattr(error_files_operator, "gather", lambda *_: outcome)
    given = context(PREPARED.to_json())

    with pytest.raises(AirflowFailException, match="2 rejects"):
        operator().execute_complete(given, {"changed": False}, 0.0, AWAITING.to_json())

    assert given["ti"].pushed == {error_files_operator.INCOMPLETE_XCOM: outcome.to_json()}


def test_error_files_that_could_not_be_looked_at_are_told_with_the_error_and_looked_at_again(run: Run) -> None:
    with pytest.raises(AirflowException, match="SlowDown") as raised:
        operator().execute_complete(context(PREPARED.to_json()), {"error": "SlowDown"}, 0.0, AWAITING.to_json())
    assert not isinstance(raised.value, AirflowFailException)


# the data set and its stack


def test_a_data_set_file_that_is_gone_fails_the_task_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_DATASETS", str(tmp_path))

    with pytest.raises(AirflowFailException, match=r"cars\.toml"):
        task_shell.open_dataset("cars")


def test_a_stack_of_another_version_may_be_looked_at_and_not_written_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_shell, "client", lambda service: None)
    monkeypatch.setattr(task_shell, "read_stack", lambda *_: STACK)
    rules = SimpleNamespace(digest="own")
    dataset: Any = SimpleNamespace(
        rules=rules, settings_digest="", name="cars", stack_name="csvdynamo-cars", table=SimpleNamespace(ttl=None)
    )

    assert task_shell.open_stack(dataset, Use.LOOK) is STACK
    with pytest.raises(AirflowFailException, match="with other rules than"):
        task_shell.open_stack(dataset, Use.WRITE)
