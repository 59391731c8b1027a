"""The task accounted: it believes a report of the documents as they are now, and tells of new rows once."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models import import_all_models
from airflow.models.asset import (
    AssetActive,
    AssetAliasModel,
    AssetDagRunQueue,
    AssetEvent,
    AssetModel,
    DagScheduleAssetReference,
)
from airflow.models.base import Base
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.taskinstance import TaskInstance as AirflowTaskInstance
from airflow.sdk import DAG, AssetAlias
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.task_runner import _build_asset_profiles
from botocore.exceptions import ClientError, EndpointConnectionError
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from csvdynamo.aws.stored_object import SIX_TRIES, object_chunks
from csvdynamo.records.rejects import reject_id
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.tasks import green_run, report_step
from tests.integration.plugin.finished_run import IN_THE_LAMBDA, SOURCE_ROWS, WRITTEN, FinishedRun, finished_run
from tests.integration.plugin.migration_objects import BUCKET, answer, put_error_file, put_results, reject
from tests.integration.plugin.task_calls import TaskInstance, asset_events, call
from tests.unit.plugin.run_findings import LANDED, execution

TOLD = "reports/cars/cars-1/told.json"


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    with finished_run(client, tmp_path, monkeypatch) as run:
        yield run


@pytest.fixture
def dag(run: FinishedRun) -> DAG:
    return make_dag(run.dataset)


def left_by(run: FinishedRun) -> TaskInstance:
    """What the tasks before verify left."""
    return TaskInstance(
        download=LANDED.to_json(),
        prepare=run.prepared.to_json(),
        wait=run.ended,
        fetch_error_files=json.loads(json.dumps(run.outcome.to_json())),
    )


def reported(dag: DAG, run: FinishedRun, **params: bool) -> TaskInstance:
    """Let verify, reconcile and report run as the DAG has them."""
    instance = left_by(run)
    for task_id in ("verify", "reconcile", "report"):
        instance.xcoms[task_id] = json.loads(json.dumps(call(dag, task_id, instance, "cars", **params)))
    return instance


def test_the_report_tells_how_the_task_wait_changed_the_number_of_batches_at_once(dag: DAG, run: FinishedRun) -> None:
    instance = left_by(run)
    instance.xcoms["wait_concurrency"] = [{"at": 1.0, "before": 8, "after": 4, "why": "the table throttled"}]
    for task_id in ("verify", "reconcile"):
        instance.xcoms[task_id] = json.loads(json.dumps(call(dag, task_id, instance, "cars")))

    assert "batches at once: 8 → 4" in call(dag, "report", instance, "cars")["summary"]


# whose report it is


def test_a_green_report_of_the_same_documents_passes_at_every_attempt(dag: DAG, run: FinishedRun) -> None:
    instance = reported(dag, run)

    for _ in range(2):
        call(dag, "accounted", instance)


@pytest.mark.parametrize(
    "left",
    [
        "download",
        "prepare",
        "prepare_refused",
        "wait",
        "fetch_error_files",
        "fetch_error_files_incomplete",
        "verify",
        "reconcile",
        "download_error",
    ],
)
def test_a_report_that_was_made_before_a_document_changed_counts_as_none(dag: DAG, run: FinishedRun, left: str) -> None:
    instance = reported(dag, run)
    before = instance.xcoms.get(left)
    instance.xcoms[left] = "it failed" if left == "download_error" else {**(before or {}), "changed": True}

    with pytest.raises(AirflowFailException, match="no report of this attempt"):
        call(dag, "accounted", instance)

    instance.xcoms[left] = before
    call(dag, "accounted", instance)


@pytest.mark.parametrize("task_id", ["download", "start", "reconcile"])
def test_a_report_that_was_made_before_a_task_ended_otherwise_counts_as_none(
    dag: DAG, run: FinishedRun, task_id: str
) -> None:
    instance = reported(dag, run)
    instance.states[task_id] = "failed"

    with pytest.raises(AirflowFailException, match="no report of this attempt"):
        call(dag, "accounted", instance)


def test_a_report_of_another_kind_of_run_counts_as_none(dag: DAG, run: FinishedRun) -> None:
    with pytest.raises(AirflowFailException, match="no report of this attempt"):
        call(dag, "accounted", reported(dag, run), dry_run=True)


def test_what_comes_after_the_report_does_not_date_it(dag: DAG, run: FinishedRun) -> None:
    instance = reported(dag, run)
    instance.states |= {"report": "failed", "accounted": "up_for_retry"}

    call(dag, "accounted", instance)


def test_a_run_without_a_report_is_red(dag: DAG, run: FinishedRun) -> None:
    instance = reported(dag, run)
    del instance.xcoms["report"]  # Airflow takes it away as soon as the task begins again

    with pytest.raises(AirflowFailException, match="no report of this attempt"):
        call(dag, "accounted", instance)


def test_problems_make_the_run_red_and_are_told(dag: DAG, run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(green_run, "remember_green_run", lambda *_: pytest.fail("it was remembered"))
    run.drop_item()

    with pytest.raises(AirflowFailException, match=r"1 of 10 keys checked are missing from the table: A_5"):
        call(dag, "accounted", reported(dag, run))


# the error files that the report names


@pytest.mark.parametrize("name", ["rejects.csv", "rejects.jsonl"])
@pytest.mark.parametrize("harm", ["emptied", "deleted", "changed"])
def test_a_run_is_red_while_an_error_file_is_not_as_it_was_written(
    dag: DAG, run: FinishedRun, name: str, harm: str
) -> None:
    key = f"reports/cars/cars-1/{name}"
    body = run.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    if harm == "deleted":
        run.s3.delete_object(Bucket=BUCKET, Key=key)
    else:
        run.s3.put_object(Bucket=BUCKET, Key=key, Body=b"" if harm == "emptied" else body.replace(b"not", b"nut"))

    red = reported(dag, run)

    assert red.xcoms["reconcile"]["counts"]["changed_files"] == [key]
    problem = f"Not as they were written are s3://{BUCKET}/{key}: clear the task fetch_error_files."
    assert red.xcoms["report"]["problems"] == [problem]
    with pytest.raises(AirflowFailException, match="Not as they were written"):
        call(dag, "accounted", red)

    run.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    green = reported(dag, run)
    assert green.xcoms["reconcile"]["counts"]["changed_files"] == []
    call(dag, "accounted", green)


# what is told


def told_of(run: FinishedRun) -> dict[str, Any]:
    """The event of the run's rows."""
    name = "x-dynamodb://tb_cars"
    return {
        "source_alias_name": "csvdynamo_cars",
        "dest_asset_key": {"name": name, "uri": name},
        "dest_asset_extra": {},
        "extra": {
            "report": "reports/cars/cars-1/report.json",
            "written": len(WRITTEN),
            "ledger": {
                "source_rows": SOURCE_ROWS,
                "rejected_before_upload": 1,
                "written": len(WRITTEN),
                "rejected": 1,
                "failed": 0,
                "unstarted": 0,
                "unaccounted": 0,
            },
        },
    }


@pytest.fixture(scope="module")
def airflow_tables() -> Engine:
    """Airflow's tables in memory."""
    import_all_models()
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    return engine


def queued_by(engine: Engine, dag: DAG, events: list[dict[str, Any]]) -> list[str]:
    """Let Airflow's API end the task with these events; give the DAGs that it queues, of one that the table starts."""
    profiles = list(_build_asset_profiles(dag.get_task("accounted").outlets))
    instance: Any = SimpleNamespace(
        dag_run=SimpleNamespace(partition_key=None, partition_date=None),
        log=logging.getLogger("airflow.task"),
        dag_id=dag.dag_id,
        task_id="accounted",
        run_id="run",
        map_index=-1,
    )
    with Session(engine) as session:
        asset = AssetModel(name="x-dynamodb://tb_cars", uri="x-dynamodb://tb_cars", group="asset")
        consumer = DagModel(dag_id="consumer", is_paused=False, is_stale=False, bundle_name="b")
        session.add_all([DagBundleModel(name="b"), consumer, asset, AssetAliasModel(name="csvdynamo_cars", group="")])
        session.flush()
        session.add_all([AssetActive.for_asset(asset), DagScheduleAssetReference(asset=asset, dag_id="consumer")])
        session.flush()
        AirflowTaskInstance.register_asset_changes_in_db(instance, profiles, events, session=session)
        session.flush()
        assert session.scalar(select(func.count(AssetEvent.id))) == len(events)
        return list(session.scalars(select(AssetDagRunQueue.target_dag_id)))  # nothing is committed


def test_airflow_starts_the_dags_of_the_tables_asset_for_rows_that_are_told_and_for_no_others(
    dag: DAG, run: FinishedRun, airflow_tables: Engine
) -> None:
    """An outlet that is an alias makes no event of its own, and the events that are added are the asset's."""
    first, again = (asset_events(dag, reported(dag, run)) for _ in range(2))

    assert queued_by(airflow_tables, dag, first) == ["consumer"]
    assert queued_by(airflow_tables, dag, again) == []


def test_a_first_green_run_is_told_once_however_often_it_is_cleared(dag: DAG, run: FinishedRun) -> None:
    assert asset_events(dag, reported(dag, run)) == [told_of(run)]
    # The alias is what Airflow lets an event be added to: it takes none of one that is no outlet.
    assert dag.get_task("accounted").outlets == [AssetAlias("csvdynamo_cars")]

    assert asset_events(dag, reported(dag, run)) == []


def test_a_worker_that_dies_before_airflow_has_its_success_loses_no_event(dag: DAG, run: FinishedRun) -> None:
    instance = reported(dag, run)
    assert asset_events(dag, instance, dies_before_its_success=True) == []

    assert asset_events(dag, instance) == [told_of(run)]


def test_a_red_run_is_not_told_and_is_when_it_was_mended(dag: DAG, run: FinishedRun) -> None:
    whole = run.dynamodb.get_item(TableName="tb_cars", Key={"id": {"S": "A_5"}})["Item"]
    run.drop_item("A_5")
    with pytest.raises(AirflowFailException):
        asset_events(dag, reported(dag, run))
    assert not stored(run, TOLD)

    run.dynamodb.put_item(TableName="tb_cars", Item=whole)
    assert asset_events(dag, reported(dag, run)) == [told_of(run)]


def test_a_redrive_is_told_again(dag: DAG, run: FinishedRun) -> None:
    asset_events(dag, reported(dag, run))
    run.executions, run.ended = [execution(redrives=1)], {"name": "cars-1", "redrives": 1}
    run.fetch()

    assert asset_events(dag, reported(dag, run)) == [told_of(run)]
    assert asset_events(dag, reported(dag, run)) == []


def test_a_forced_second_execution_is_told_again(dag: DAG, run: FinishedRun) -> None:
    asset_events(dag, reported(dag, run))
    second = replace(execution(), name="cars-1-2", arn=execution().arn + "-2")
    run.executions, run.ended = [execution(), second], {"name": "cars-1-2", "redrives": 0}
    lost = reject_id("cars-1-2", IN_THE_LAMBDA)
    put_error_file(run.s3, [reject(lost, "cars-1-2", row=IN_THE_LAMBDA)], execution="cars-1-2")
    put_results(run.s3, "cars-1-2", {"SUCCEEDED": [answer(len(WRITTEN), [lost])]})
    run.fetch()

    assert asset_events(dag, reported(dag, run)) == [told_of(run)]
    assert asset_events(dag, reported(dag, run)) == []


GREEN = {
    "key": "reports/r.json",
    "problems": [],
    "summary": "all",
    "ledger": {"written": 98},
    "execution": ["arn", 0],
    "rejects_by_code": {},
    "error_files": {},
}


def green(dag: DAG, monkeypatch: pytest.MonkeyPatch, run: FinishedRun, **changes: Any) -> TaskInstance:
    """What a green run leaves, with a report that a test gives."""
    instance = left_by(run)
    params = {"dry_run": True} if changes.pop("dry_run", False) else {}
    with monkeypatch.context() as given:
        given.setattr(report_step, "publish_report", lambda *_: {**GREEN, **changes})
        instance.xcoms["report"] = call(dag, "report", instance, "cars", **params)
    return instance


def test_a_green_run_is_remembered_and_a_dry_run_is_neither_remembered_nor_told(
    dag: DAG, run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: list[Any] = []
    monkeypatch.setattr(green_run, "remember_green_run", lambda *given: remembered.append(given))

    assert asset_events(dag, green(dag, monkeypatch, run, dry_run=True), dry_run=True) == []
    assert remembered == []
    assert not stored(run, TOLD)

    [event] = asset_events(dag, green(dag, monkeypatch, run))
    assert event["extra"] == {"report": "reports/r.json", "written": 98, "ledger": GREEN["ledger"]}
    assert remembered == [("cars", run.prepared.to_json(), "run", run.outcome.to_json())]


def test_consumers_of_the_table_are_told_what_changed(
    dag: DAG, run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"new": 90, "changed": 8, "unchanged": 900, "vanished": 1}

    [event] = asset_events(dag, green(dag, monkeypatch, run, changes=changes))

    assert event["extra"]["changes"] == changes


def test_a_run_that_wrote_nothing_is_not_told(dag: DAG, run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = green(dag, monkeypatch, run, ledger={"written": 0}, execution=[None, None])

    assert asset_events(dag, nothing) == []
    assert not stored(run, TOLD)


# the error files


def told_of_error_files(run: FinishedRun, *, accounted: bool = True) -> dict[str, Any]:
    """The event of the run's error files."""
    name = "x-error-files://cars"
    prefix = f"s3://{BUCKET}/reports/cars/cars-1/rejects"
    digests = run.outcome.digests
    return {
        "source_alias_name": "csvdynamo_cars_error_files",
        "dest_asset_key": {"name": name, "uri": name},
        "dest_asset_extra": {},
        "extra": {
            "report": "reports/cars/cars-1/report.json",
            "accounted": accounted,
            "files": {f"{prefix}.{kind}": digests[f"reports/cars/cars-1/rejects.{kind}"] for kind in ("jsonl", "csv")},
            "rejects_by_code": {"BAD_TYPE": 1, "BAD_WIDTH": 1},
            "ledger": told_of(run)["extra"]["ledger"],
        },
    }


def error_file_events(dag: DAG, run: FinishedRun, **how: bool) -> list[dict[str, Any]]:
    instance = left_by(run)
    for task_id in ("verify", "reconcile"):
        instance.xcoms[task_id] = json.loads(json.dumps(call(dag, task_id, instance, "cars")))
    return asset_events(dag, instance, "report", "cars", **how)


def test_error_files_are_told_once_however_often_the_run_is_cleared(dag: DAG, run: FinishedRun) -> None:
    assert error_file_events(dag, run) == [told_of_error_files(run)]
    assert error_file_events(dag, run) == []


def test_error_files_are_told_again_where_a_worker_died_or_they_became_others(dag: DAG, run: FinishedRun) -> None:
    assert error_file_events(dag, run, dies_before_its_success=True) == []
    assert error_file_events(dag, run) == [told_of_error_files(run)]

    csv_key = run.outcome.csv_key
    assert csv_key is not None
    run.outcome = replace(run.outcome, digests={**run.outcome.digests, csv_key: "another"})
    [event] = error_file_events(dag, run)

    assert event["extra"]["files"][f"s3://{BUCKET}/{csv_key}"] == "another"


def test_error_files_of_a_red_run_are_told_as_such(dag: DAG, run: FinishedRun) -> None:
    run.drop_item("A_5")

    assert error_file_events(dag, run) == [told_of_error_files(run, accounted=False)]


def test_a_run_without_error_files_tells_of_none(dag: DAG, run: FinishedRun) -> None:
    run.outcome = replace(run.outcome, key=None, csv_key=None, unfinished_key=None)

    assert error_file_events(dag, run) == []
    assert not stored(run, "reports/cars/cars-1/told_error_files.json")


# where S3 does not say, or does not take, what was told: twice is better than never


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, operation)


@pytest.mark.parametrize(
    "error",
    [refused("AccessDenied", "GetObject"), EndpointConnectionError(endpoint_url="https://s3")],
)
@pytest.mark.parametrize("call_of_s3", ["get_object", "put_object"])
def test_rows_are_told_and_the_run_stays_green_where_the_note_of_it_fails(
    dag: DAG,
    run: FinishedRun,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    call_of_s3: str,
    error: Exception,
) -> None:
    instance = reported(dag, run)
    works = getattr(run.s3, call_of_s3)

    def fail(**asked: Any) -> Any:
        if asked["Key"] == TOLD:
            raise error
        return works(**asked)

    monkeypatch.setitem(object_chunks.__kwdefaults__, "backoff", replace(SIX_TRIES, sleep=lambda _: None))
    with monkeypatch.context() as failing:
        failing.setattr(run.s3, call_of_s3, fail)
        assert asset_events(dag, instance) == [told_of(run)]
    assert ("could not be read" in caplog.text) is (call_of_s3 == "get_object")

    assert asset_events(dag, instance) == ([] if call_of_s3 == "get_object" else [told_of(run)])
    assert asset_events(dag, instance) == []


@pytest.mark.parametrize("note", [b"", b"{", b"\xff", b'["another", 0]', b"null"])
def test_a_note_that_cannot_be_read_or_tells_of_another_execution_keeps_nothing_back(
    dag: DAG, run: FinishedRun, note: bytes
) -> None:
    run.s3.put_object(Bucket=BUCKET, Key=TOLD, Body=note)

    assert asset_events(dag, reported(dag, run)) == [told_of(run)]


def stored(run: FinishedRun, key: str) -> bool:
    return "Contents" in run.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)
