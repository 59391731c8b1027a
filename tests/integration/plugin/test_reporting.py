"""The tasks reconcile, report and accounted, from whatever a run left."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from botocore.exceptions import ClientError, EndpointConnectionError

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.run_line import read_runs, runs_key
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.stack import Stack
from csvdynamo_airflow.tasks import report_step, steps, told_assets
from csvdynamo_airflow.tasks.task_error import error_text
from tests.hostile.texts import FORGED, HOSTILE, LONG, hold_shown
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    failed,
    given_migration,
    map_run_states,
    put_error_file,
    put_results,
    reject,
)
from tests.integration.plugin.moto_bucket import bucket
from tests.integration.plugin.task_calls import TaskInstance, call
from tests.unit.plugin.run_findings import (
    LANDED,
    LOST,
    checked_table,
    execution,
    migrated,
    prepared_file,
)

PREPARED = prepared_file(100, 1, bucket=BUCKET)
LEFT = Findings(
    dataset="cars",
    run_id="run",
    landed=LANDED.to_json(),
    prepared=PREPARED,
    ended=Ended("cars-1", 0),
    checked=checked_table(),
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml")


@pytest.fixture(scope="module")
def dag(dataset: Dataset) -> DAG:
    return make_dag(dataset)


class Cloud:
    """The stack's services: S3 and SNS as moto plays them, and the executions that a test gives."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3
        self.sns: Any = boto3.client("sns", region_name="us-east-1")
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        self.topic = self.sns.create_topic(Name="results")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="results")["QueueUrl"]
        queue_arn = "arn:aws:sqs:us-east-1:123456789012:results"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue_arn)
        self.executions = [execution()]
        self.states: Any = map_run_states({"succeeded": 99})

    def report(self) -> dict[str, Any]:
        keys = [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/")["Contents"]]
        [key] = [key for key in keys if key.endswith("report.json")]
        document: dict[str, Any] = json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return document

    def announced(self) -> list[dict[str, str]]:
        messages = self.sqs.receive_message(QueueUrl=self.queue).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def left(self) -> Findings:
        """What the tasks before reconcile left."""
        return replace(LEFT, outcome=gather(self.s3, "cars", PREPARED, self.executions[-1]))


@pytest.fixture
def cloud(client: Any, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with bucket(client, BUCKET):
        cloud = Cloud(client)
        stack = Stack(
            dataset="cars",
            bucket=BUCKET,
            state_machine_arn="machine",
            topic_arn=cloud.topic,
            table="table",
            error_buffer_seconds=60,
            rules="hash",
            settings="settings",
        )
        client.put_object(
            Bucket=BUCKET, Key=PREPARED.rejects_key, Body=reject("before", code="BAD_WIDTH").to_json().encode()
        )
        put_error_file(client, [reject("a")])
        migration = given_migration(client, cloud.states, lambda: cloud.executions)
        for module in (steps, report_step):
            monkeypatch.setattr(module, "open_dataset", lambda name: dataset)
            monkeypatch.setattr(module, "open_stack", lambda *_: stack)
            monkeypatch.setattr(module, "make_migration", lambda *_: migration)
            monkeypatch.setattr(module, "client", lambda service: getattr(cloud, service))
        monkeypatch.setattr(told_assets, "client", lambda service: getattr(cloud, service))
        yield cloud


def test_a_whole_run_is_reported_announced_and_green(cloud: Cloud) -> None:
    put_results(cloud.s3, "cars-1", {"SUCCEEDED": [answer(90), answer(8, ["a"])]})
    left, handed = cloud.left(), list[Any]()

    told = report_step.publish_report(
        left, json.loads(json.dumps(steps.reconcile(left))), lambda *one: handed.extend(one)
    )

    assert told["problems"] == []
    assert [handed[0].name, handed[1]] == ["ev_population", told]
    assert told["sentence"].startswith("All 100 rows are accounted for: 98 written")
    report = cloud.report()
    assert (report["ledger"]["written"], report["ledger"]["unaccounted"], report["accounted"]) == (98, 0, True)
    page = cloud.s3.get_object(Bucket=BUCKET, Key=told["key"].removesuffix("json") + "html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert "All 100 rows are accounted for: 98 written" in page["Body"].read().decode()
    [line] = read_runs(cloud.s3.get_object(Bucket=BUCKET, Key=runs_key("cars"))["Body"].read())
    assert (line.report, line.accounted, line.ledger["written"]) == (told["key"], True, 98)
    assert report["execution_status"] == "SUCCEEDED"
    [message] = cloud.announced()
    assert message["Subject"] == "csvdynamo ev_population: accounted for"
    page = told["key"].removesuffix("json") + "html"
    assert message["Message"] == f"{told['summary']}\n\nThe report as a page: s3://{BUCKET}/{page}"
    assert told["page"] == f"s3://{BUCKET}/{page}"


def test_a_page_or_a_list_that_cannot_be_written_costs_nobody_the_report(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    monkeypatch.setattr(report_step, "html_report", fail)
    monkeypatch.setattr(report_step, "list_run", fail)
    put_results(cloud.s3, "cars-1", {"SUCCEEDED": [answer(90), answer(8, ["a"])]})
    left = cloud.left()

    told = report_step.publish_report(left, json.loads(json.dumps(steps.reconcile(left))))

    assert (told["problems"], cloud.report()["accounted"], len(cloud.announced())) == ([], True, 1)
    assert "could not be written as a page" in caplog.text
    assert "could not be put into the list of runs" in caplog.text


def test_the_report_and_the_verdict_name_the_same_problems(cloud: Cloud) -> None:
    cloud.executions = [execution("FAILED", cause="States.Timeout")]
    left = cloud.left()

    told = report_step.publish_report(left, steps.reconcile(left))

    assert told["problems"]
    assert cloud.report()["problems"] == told["problems"]
    assert all(problem in told["summary"] for problem in told["problems"])
    [message] = cloud.announced()
    assert message["Subject"] == "csvdynamo ev_population: NOT accounted for"


def test_without_reconcile_the_report_is_written_and_says_so(cloud: Cloud) -> None:
    left = replace(cloud.left(), tasks=(EndedTask("reconcile", "failed", 1.0),))

    told = report_step.publish_report(left, None)

    report = cloud.report()
    assert report["source"]["rows"] == 100
    assert (report["ledger"]["rejected_before_upload"], report["ledger"]["unaccounted"]) == (1, 99)
    assert report["problems"] == told["problems"]
    assert told["problems"][0] == f"Task reconcile ended as failed: {LOST}"


def test_a_run_that_left_nothing_has_a_report(cloud: Cloud) -> None:
    nothing = Findings(dataset="cars", run_id="run", tasks=(EndedTask("download", "failed", 2.0),))

    assert steps.reconcile(nothing) is None
    told = report_step.publish_report(nothing, None)

    assert cloud.report()["seconds"] == {"download": 2.0}
    assert told["problems"][0] == f"Task download ended as failed: {LOST}"


def test_a_run_that_prepare_stopped_at_its_rejects_has_them_in_a_ledger_that_balances(cloud: Cloud) -> None:
    cloud.executions = []
    refused = prepared_file(20, 1, bucket=BUCKET, header=("id", "note"))
    error = "1 of 20 rows (5.00 %) were rejected, more than gates.max_reject_percent = 4"
    outcome = gather(cloud.s3, "ev_population", refused, None)
    left = Findings(
        dataset="cars",
        run_id="run",
        prepared=refused,
        refused=True,
        outcome=outcome,
        tasks=(EndedTask("prepare", "failed", 1.0, error),),
    )

    told = report_step.publish_report(left, json.loads(json.dumps(steps.reconcile(left))))

    report = json.loads(cloud.s3.get_object(Bucket=BUCKET, Key=told["key"])["Body"].read())
    assert report["ledger"] == Ledger(source_rows=20, rejected_before_upload=1, unstarted=19).to_json()
    assert report["rejects_by_code"] == {"BAD_WIDTH": 1}
    assert [location.rpartition("/")[2] for location in report["error_files"]] == ["rejects.jsonl", "rejects.csv"]
    assert told["problems"] == [f"Task prepare ended as failed: {error}"]


def test_no_rows_are_green(cloud: Cloud) -> None:
    cloud.executions = []
    left = Findings(dataset="cars", run_id="run", prepared=prepared_file(0, bucket=BUCKET), outcome=Outcome())

    assert report_step.publish_report(left, steps.reconcile(left))["problems"] == []


def test_a_topic_that_cannot_be_reached_costs_nobody_the_report(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    put_results(cloud.s3, "cars-1", {"SUCCEEDED": [answer(98, ["a"])]})

    def publish(**_: str) -> None:
        raise EndpointConnectionError(endpoint_url="https://sns")

    cloud.sns = SimpleNamespace(publish=publish)
    left = cloud.left()

    told = report_step.publish_report(left, steps.reconcile(left))

    assert told["problems"] == []
    assert cloud.report()["accounted"] is True
    assert "could not be announced" in caplog.text


def test_hostile_codes_errors_and_causes_reach_log_mail_and_report_as_text_alone(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    while cloud.announced():
        pass  # other tests' messages
    description = {"executionArn": HOSTILE, "name": "cars-1", "status": "FAILED", "error": HOSTILE, "cause": LONG}
    cloud.executions = [Execution.from_description(description)]
    put_error_file(cloud.s3, [reject("b", code=LONG), reject("c", code=HOSTILE, message=HOSTILE)], name="b")
    files = {"SUCCEEDED": [answer(80, ["a", "b", "c", HOSTILE])], "FAILED": [failed(9, error=HOSTILE)]}
    put_results(cloud.s3, "cars-1", files)
    tasks = (EndedTask("wait", "failed", 1.0, error_text(OSError(HOSTILE))),)
    landed = {**LANDED.to_json(), "url": HOSTILE, "etag": HOSTILE}
    left = replace(cloud.left(), run_id=HOSTILE, tasks=tasks, landed=landed)

    told = report_step.publish_report(left, json.loads(json.dumps(steps.reconcile(left))))

    [message] = cloud.announced()
    page = told["key"].removesuffix("json") + "html"
    assert message["Message"] == f"{told['summary']}\n\nThe report as a page: s3://{BUCKET}/{page}"
    assert message["Subject"].isprintable()
    hold_shown(message["Message"])
    assert message["Message"].count(FORGED) >= 4, "it is told, within lines of ours"
    for record in caplog.records:
        if record.name.startswith("csvdynamo"):
            hold_shown(record.getMessage())
    hold_shown(cloud.s3.get_object(Bucket=BUCKET, Key=told["key"])["Body"].read().decode(), 5_000)
    assert cloud.report()["run_id"] == HOSTILE


# the tasks' own functions

NOTHING_TOLD: dict[str, Any] = {"key": "", "problems": [], "ledger": {}, "rejects_by_code": {}, "error_files": {}}


@pytest.mark.parametrize("task_id", ["reconcile", "report"])
def test_the_tasks_see_all_that_those_before_them_left(dag: DAG, monkeypatch: pytest.MonkeyPatch, task_id: str) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(steps, "reconcile", seen.append)
    monkeypatch.setattr(report_step, "publish_report", lambda *given: seen.extend(given[:2]) or NOTHING_TOLD)
    whole = migrated(100, rejected=1)
    assert whole.prepared is not None
    left = {
        "download": whole.landed,
        "prepare": whole.prepared.to_json(),
        "wait": {"arn": "arn", "name": "cars-1", "status": "SUCCEEDED", "redrives": 2},
        "reconcile": {"counts": 1},
    }
    checked = CheckedTable(VerifyMode.FULL, 99, {DifferenceKind.FOREIGN: 1})
    incomplete = Outcome(missing=1)

    instance = TaskInstance(**left, verify=checked.to_json(), fetch_error_files_incomplete=incomplete.to_json())
    call(dag, task_id, instance, "cars", dry_run=True)

    assert seen[0] == Findings(
        dataset="cars",
        run_id="run",
        dry_run=True,
        landed=whole.landed,
        prepared=whole.prepared,
        ended=Ended("cars-1", 2),
        outcome=incomplete,
        checked=checked,
        tasks=(EndedTask("download", "success", 1.235), EndedTask("start", "skipped", 0.0)),
    )
    assert seen[1:] == ([{"counts": 1}] if task_id == "report" else [])


@pytest.mark.parametrize("task_id", ["reconcile", "report"])
@pytest.mark.parametrize("prepared_later", [True, False])
def test_the_tasks_see_what_prepare_refused_unless_a_later_attempt_prepared(
    dag: DAG, monkeypatch: pytest.MonkeyPatch, task_id: str, prepared_later: bool
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(steps, "reconcile", seen.append)
    monkeypatch.setattr(report_step, "publish_report", lambda findings, *_: seen.append(findings) or NOTHING_TOLD)
    refused, prepared = prepared_file(100, 95), prepared_file(100, 5)

    left = {"prepare_refused": refused.to_json(), **({"prepare": prepared.to_json()} if prepared_later else {})}
    call(dag, task_id, TaskInstance(**left), "cars")

    assert [(one.prepared, one.refused) for one in seen] == [(prepared, False) if prepared_later else (refused, True)]


def test_prepare_leaves_what_it_refuses_for_the_tasks_after_it(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = TaskInstance()

    def refuse(_name: str, _landed: Any, _run_id: str, keep_refused: Callable[[Any], None], **_: Any) -> None:
        keep_refused({"rejected": 95})
        raise AirflowFailException("too many")

    monkeypatch.setattr(steps, "prepare_source", refuse)

    with pytest.raises(AirflowFailException):
        call(dag, "prepare", instance, "cars", {})

    assert instance.xcoms == {"prepare_refused": {"rejected": 95}}


@pytest.mark.parametrize(("rows", "dry_run"), [(0, False), (10, True)])
def test_a_dry_run_and_an_empty_file_start_nothing(
    dag: DAG, monkeypatch: pytest.MonkeyPatch, rows: int, dry_run: bool
) -> None:
    monkeypatch.setattr(steps, "open_stack", lambda *_: pytest.fail("it started"))

    with pytest.raises(AirflowSkipException):
        call(dag, "start", TaskInstance(), "cars", prepared_file(rows).to_json(), dry_run=dry_run)


def test_verify_hands_on_what_it_found_and_is_skipped_where_nothing_is_to_be_checked(
    dag: DAG, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(steps, "check_table", lambda *given: asked.append(given) or {"mode": "full"})
    instance = TaskInstance(prepare={"file_key": "k"}, wait={"name": "cars-1"}, fetch_error_files={"written": 3})
    assert call(dag, "verify", instance, "cars") == {"mode": "full"}
    assert asked == [("cars", {"file_key": "k"}, {"name": "cars-1"}, {"written": 3}, "run")]

    monkeypatch.setattr(steps, "check_table", lambda *_: None)
    with pytest.raises(AirflowSkipException):
        call(dag, "verify", instance, "cars")


@pytest.mark.parametrize("force", [True, False])
def test_start_is_told_whether_to_repeat(dag: DAG, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    told: list[bool] = []
    monkeypatch.setattr(steps, "start_migration", lambda *_, force: told.append(force) or {"name": "cars-1"})

    call(dag, "start", TaskInstance(), "cars", PREPARED.to_json(), force=force)

    assert told == [force]
