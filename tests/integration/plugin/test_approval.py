"""The task approve: whom it asks, what an answer does, and for what it holds."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.execution_api.datamodels.hitl import HITLDetailRequest
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput
from airflow.sdk.execution_time import task_runner
from botocore.exceptions import ClientError

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.policies import GateAction
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.approval import REFUSAL_XCOM, Approval, Question
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.approval_memory import approval_key, keep_approval, recall_approval
from csvdynamo_airflow.gates.questions import REJECT, approve_option
from csvdynamo_airflow.tasks import approval_operator
from csvdynamo_airflow.tasks.run_documents import RunDocuments
from csvdynamo_airflow.tasks.task_shell import refuse_unapproved
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.task_calls import TaskInstance
from tests.unit.plugin.run_findings import prepared_file

QUESTION = Question("gates.max_reject_percent", "9 of 100 rows were rejected: see the error files.", {"rejected": 9})
ASKED = prepared_file(100, 9, bucket=BUCKET, questions=(QUESTION,))
OTHER = replace(ASKED, sha256="0c")
CARS = Dataset("cars", Source("https://example.org/cars.csv", "cars.csv"), Table("tb_cars", "ID"))
ASKS = replace(CARS, gates=Gates(gate=GateAction.APPROVE, approval_hours=48))
AT = datetime(2026, 11, 27, 3, 40, tzinfo=UTC)


@dataclass
class Airflow:
    """What the task has of Airflow: the question that it keeps for a task, whatever the task asks later."""

    kept: Any = None
    asked: int = 0
    pushed: dict[str, Any] = field(default_factory=dict)

    def send(self, msg: Any) -> Any:
        HITLDetailRequest.model_validate(msg.model_dump(exclude={"type"}))  # as Airflow's API takes it
        self.asked += 1
        self.kept = self.kept or msg
        return self.kept


@dataclass
class Approve:
    """The task of a run whose file is asked about."""

    dag: DAG
    airflow: Airflow
    told: list[Any]

    def run(self, prepared: Prepared, *, user: str = "alice", **params: Any) -> Any:
        return self._task(prepared).execute(self._context(user, params))

    def resume(self, prepared: Prepared, *chosen: str, by: str | None = "bob", **event: Any) -> Any:
        who = {"id": "2", "name": by} if by else None
        answer = {"chosen_options": [*chosen], "params_input": {}, "responded_at": AT, "responded_by_user": who}
        return self._task(prepared).execute_complete(self._context("alice", {}), event or answer)

    def _task(self, prepared: Prepared) -> Any:
        task = self.dag.get_task("approve").prepare_for_execution()
        task.prepared = json.loads(json.dumps(prepared.to_json()))
        return task

    def _context(self, user: str, params: Any) -> Any:
        instance = SimpleNamespace(
            id="01890000-0000-7000-8000-000000000000",
            xcom_push=lambda key, value: self.airflow.pushed.update({key: value}),
        )
        run = SimpleNamespace(triggering_user_name=user)
        return {"ti": instance, "task_instance": instance, "dag_run": run, "params": {"dry_run": False, **params}}


@pytest.fixture(scope="module")
def dag() -> DAG:
    return make_dag(ASKS)


@pytest.fixture
def approve(dag: DAG, s3: Any, monkeypatch: pytest.MonkeyPatch) -> Approve:
    airflow, told = Airflow(), list[Any]()
    monkeypatch.setattr(ExecutorSafeguard, "test_mode", True)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", airflow, raising=False)
    monkeypatch.setattr(approval_operator, "client", lambda _: s3)
    monkeypatch.setattr(approval_operator, "announce_question", lambda *call: told.append(call))
    return Approve(dag, airflow, told)


# the task in the DAG


def test_only_a_data_set_whose_gates_ask_has_the_task_between_prepare_and_start(dag: DAG) -> None:
    assert "approve" not in make_dag(CARS).task_ids
    assert dag.get_task("approve").upstream_task_ids == {"prepare"}
    assert "approve" in dag.get_task("start").upstream_task_ids
    assert "| approve | asks a person" in str(dag.doc_md)


# whom it asks


def test_a_run_at_which_no_gate_asks_passes_at_once(approve: Approve) -> None:
    assert approve.run(prepared_file(100)) is None
    assert approve.airflow.asked == 0


def test_a_person_is_asked_with_the_numbers_and_told_of_it_and_no_worker_waits(approve: Approve) -> None:
    with pytest.raises(TaskAwaitingInput) as waits:
        approve.run(ASKED)

    assert (waits.value.method_name, waits.value.timeout) == ("execute_complete", timedelta(hours=48))
    assert approve.airflow.kept.options == [approve_option(ASKED), REJECT]
    assert QUESTION.sentence in approve.airflow.kept.body
    [(dataset, prepared, _)] = approve.told
    assert (dataset, prepared) == ("cars", ASKED)


def test_airflow_dags_test_neither_waits_nor_passes(approve: Approve) -> None:
    with pytest.raises(AirflowFailException) as refusal:
        approve.run(ASKED, user="dag_test")

    assert approve.airflow.asked == 0
    why, question, what_to_do = str(refusal.value).split("\n")
    assert why == "airflow dags test asks nobody."
    assert question == f"- {QUESTION.gate}: {QUESTION.sentence}"
    assert "Trigger the DAG under Airflow's scheduler" in what_to_do
    assert "accept_source" in what_to_do


def test_airflow_dags_test_is_known_by_whom_it_names() -> None:
    assert f'triggering_user_name="{approval_operator._DAG_TEST_USER}"' in inspect.getsource(DAG.test)


def test_a_dry_run_asks_nobody(approve: Approve) -> None:
    with pytest.raises(AirflowSkipException):
        approve.run(ASKED, dry_run=True)

    assert approve.airflow.asked == 0


def test_nobody_decides_by_the_question_of_another_file(approve: Approve) -> None:
    """Airflow 3.3 keeps the first question of a task that is cleared."""
    with pytest.raises(TaskAwaitingInput):
        approve.run(ASKED)
    with pytest.raises(TaskAwaitingInput):
        approve.run(ASKED)

    with pytest.raises(AirflowFailException, match="Trigger the DAG again, as a new run"):
        approve.run(OTHER)

    assert len(approve.told) == 2


# what an answer does


def test_a_run_that_a_person_lets_pass_goes_on_and_asks_no_second_time(approve: Approve, s3: Any) -> None:
    left = approve.resume(ASKED, approve_option(ASKED))

    assert left == Approval(ASKED.asked, approved=True, by="bob", at=AT.timestamp()).to_json()
    assert approve.run(ASKED) == left
    assert approve.airflow.asked == 0
    with pytest.raises(TaskAwaitingInput):
        approve.run(OTHER)


@pytest.mark.parametrize(
    ("answer", "why", "by"),
    [
        ({"chosen": REJECT}, "bob rejected it at 2026-11-27 03:40 UTC.", "bob"),
        ({"error": "late", "error_type": "timeout"}, "Nobody answered in 48 hours.", ""),
        ({"error": "The form is wrong.", "error_type": "validation"}, "The form is wrong.", ""),
    ],
    ids=["rejected", "late", "wrong"],
)
def test_any_other_run_ends_with_the_reason_and_without_a_retry(
    approve: Approve, s3: Any, answer: dict[str, str], why: str, by: str
) -> None:
    chosen = [answer.pop("chosen")] if "chosen" in answer else []

    with pytest.raises(AirflowFailException) as refusal:
        approve.resume(ASKED, *chosen, **answer)

    first, question, last = str(refusal.value).split("\n")
    assert first == f"The run was not approved. {why}"
    assert question == f"- {QUESTION.gate}: {QUESTION.sentence}"
    assert last.startswith("No row was written to the table. Mend what the gates say")
    told = Approval.from_json(approve.airflow.pushed[REFUSAL_XCOM])
    assert (told.asked, told.approved, told.by) == (ASKED.asked, False, by)
    assert recall_approval(s3, "cars", ASKED) is None


@pytest.mark.parametrize("chosen", [approve_option(OTHER), "Approve"])
def test_an_answer_to_another_question_lets_nothing_pass(approve: Approve, s3: Any, chosen: str) -> None:
    with pytest.raises(AirflowFailException, match="is to another question than the one that is asked"):
        approve.resume(ASKED, chosen)

    assert recall_approval(s3, "cars", ASKED) is None


def test_a_bucket_that_keeps_no_approval_costs_no_run_its_answer(
    approve: Approve, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    monkeypatch.setattr(s3, "put_object", refuse)

    assert approve.resume(ASKED, approve_option(ASKED))["approved"] is True


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", json.dumps({"asked": ASKED.asked}).encode()])
def test_an_approval_that_is_damaged_is_none(s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=approval_key("cars", ASKED), Body=content)

    assert recall_approval(s3, "cars", ASKED) is None


# for what it holds


def test_start_takes_no_file_that_is_asked_about_without_an_approval_of_it(s3: Any) -> None:
    approval = Approval(ASKED.asked, approved=True, by="bob", at=1.0)
    refuse_unapproved(prepared_file(100), None)
    refuse_unapproved(ASKED, approval)

    for prepared, given in ((ASKED, None), (OTHER, approval), (ASKED, replace(approval, approved=False))):
        with pytest.raises(AirflowFailException, match="Clear the task approve"):
            refuse_unapproved(prepared, given)


@pytest.mark.parametrize(
    ("left", "refused", "by"),
    [
        ({}, True, None),
        ({"approve": Approval(ASKED.asked, True, "bob", 1.0)}, False, "bob"),
        ({"approve": Approval(OTHER.asked, True, "bob", 1.0)}, True, None),
        ({"approve_refusal": Approval(ASKED.asked, False, "bob", 1.0)}, True, "bob"),
    ],
    ids=["nobody", "approved", "of another file", "rejected"],
)
def test_what_a_person_answered_is_found_for_the_report(
    dag: DAG, left: dict[str, Approval], refused: bool, by: str | None
) -> None:
    answers = {name: answer.to_json() for name, answer in left.items()}
    instance = TaskInstance(prepare=ASKED.to_json(), **answers)

    findings = RunDocuments.before("report", {"ti": instance, "params": {"dry_run": False}}).findings("cars")

    assert findings.refused is refused
    assert (findings.approval and findings.approval.by) == by
    assert findings.rows_to_migrate == (0 if refused else 91)


def test_a_damaged_document_of_prepare_ends_the_task_in_a_sentence(approve: Approve) -> None:
    task: Callable[[], Any] = approve.dag.get_task("approve").prepare_for_execution
    instance = task()
    instance.prepared = {"questions": 1}

    with pytest.raises(AirflowFailException, match="clear the task that left it"):
        instance.execute({"params": {"dry_run": False}})


def test_an_approval_that_was_kept_is_of_its_run(s3: Any) -> None:
    approval = Approval(ASKED.asked, approved=True, by="bob", at=1.0)
    keep_approval(s3, "cars", ASKED, approval)

    assert recall_approval(s3, "cars", ASKED) == approval
    assert recall_approval(s3, "cars", replace(ASKED, execution_name="cars-2")) is None
