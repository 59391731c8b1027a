"""What each task tells OpenLineage once it has ended, in the classes of OpenLineage's own client."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.tasks import error_files_operator, lineage, report_step, steps
from tests.integration.plugin.finished_run import CARS, HEADER, STACK
from tests.integration.plugin.task_calls import TaskInstance, call
from tests.unit.plugin.run_findings import LANDED, checked_table, difference, execution, outcome_of_run, prepared_file

METHOD = "get_openlineage_facets_on_complete"
SOURCE = {"namespace": "https://example.org", "name": "cars.csv"}
LANDING = {"namespace": "s3://bucket", "name": "landing/cars"}
FILE = {"namespace": "s3://bucket", "name": "source/cars"}
ERROR_FILES = {"namespace": "s3://bucket", "name": "reports/cars"}
TABLE = {"namespace": "arn:aws:dynamodb:us-east-1:1", "name": "table/tb_cars"}
PREPARED = prepared_file(12, 1, header=HEADER, bytes=500)
KEYS = {"key": "reports/cars/cars-1/rejects.jsonl", "csv_key": "reports/cars/cars-1/rejects.csv"}
OUTCOME = outcome_of_run(**KEYS, before=1, before_by_code={"BAD_WIDTH": 1}, rejects=1, by_code={"BAD_TYPE": 1})


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    (tmp_path / "cars.toml").write_text(CARS, encoding="utf-8")
    dataset = load_dataset(tmp_path / "cars.toml")
    monkeypatch.setattr(lineage, "open_dataset", lambda name: {"cars": dataset}[name])
    return dataset


@pytest.fixture
def dag(dataset: Dataset) -> DAG:
    return make_dag(dataset)


LEDGER = {"source_rows": 12, "rejected_before_upload": 1, "written": 10, "rejected": 1, "unaccounted": 0}
REPORT = {
    "key": "reports/cars/cars-1/report.json",
    "problems": [],
    "ledger": LEDGER,
    "rejects_by_code": {},
    "error_files": {},
    "execution": [execution().arn, 0],
}


class Ran:
    """The tasks of a run, as far as a test lets them run, with what the steps would do as a test gives it."""

    def __init__(self, dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dag, self.monkeypatch = dag, monkeypatch
        self.instance = TaskInstance(verify=checked_table(keys_checked=10).to_json())

    def download(self) -> dict[str, Any]:
        self.monkeypatch.setattr(steps, "download_source", lambda *_, **__: LANDED.to_json())
        call(self.dag, "download", self.instance, "cars")
        return self.told("download")

    def prepare(self, prepared: Prepared = PREPARED) -> dict[str, Any]:
        self.monkeypatch.setattr(steps, "prepare_source", lambda *_, **__: json.loads(json.dumps(prepared.to_json())))
        call(self.dag, "prepare", self.instance, "cars", None)
        return self.told("prepare")

    def wait(self, prepared: Prepared = PREPARED, **event: Any) -> dict[str, Any]:
        task: Any = self.dag.get_task("wait")
        task.prepared = json.loads(json.dumps(prepared.to_json()))
        ended = {"arn": execution().arn, "name": "cars-1", "status": "SUCCEEDED", "redrives": 0, "cause": "", **event}
        with suppress(AirflowException):
            task.execute_complete({}, ended)
        return self.told("wait")

    def fetch_error_files(self, outcome: Outcome = OUTCOME) -> dict[str, Any] | None:
        task: Any = self.dag.get_task("fetch_error_files")
        self.monkeypatch.setattr(task, "_run", lambda _: (STACK, PREPARED, execution()))
        self.monkeypatch.setattr(error_files_operator, "gather", lambda *_: outcome)
        self.monkeypatch.setattr(error_files_operator, "client", lambda _: None)
        task.execute({})
        return self.told("fetch_error_files")

    def report(self, **changes: Any) -> dict[str, Any]:
        self.monkeypatch.setattr(report_step, "publish_report", lambda *_: {**REPORT, **changes})
        call(self.dag, "report", self.instance, "cars")
        return self.told("report")

    def told(self, task_id: str) -> Any:
        """Ask a task as the provider does; give what it read and wrote as the event has it, None for nothing."""
        task = self.dag.get_task(task_id)
        found = getattr(task, METHOD)(SimpleNamespace(task=task))
        if found is None:
            return None
        assert (found.run_facets, found.job_facets) == ({}, {})
        event = RunEvent(
            eventTime="2026-01-01T00:00:00Z",
            run=Run("01020304-0506-7008-890a-0b0c0d0e0f00"),
            job=Job("airflow", task_id),
            eventType=RunState.COMPLETE,
            inputs=found.inputs,
            outputs=found.outputs,
        )
        document = json.loads(Serde.to_json(event))
        return {side: [_without_origin(one) for one in document[side]] for side in ("inputs", "outputs")}


@pytest.fixture
def ran(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> Ran:
    return Ran(dag, monkeypatch)


def _without_origin(document: Any) -> Any:
    """Leave out who made each facet, and by which schema: those are OpenLineage's."""
    if isinstance(document, list):
        return list(map(_without_origin, document))
    if not isinstance(document, Mapping):
        return document
    return {name: _without_origin(one) for name, one in document.items() if name not in {"_producer", "_schemaURL"}}


def version(sha256: str) -> dict[str, Any]:
    return {"version": {"datasetVersion": sha256}}


def subset(side: str, *keys: str) -> dict[str, Any]:
    condition = {"type": "location", "locations": [f"s3://bucket/{key}" for key in keys]}
    return {"subset": {f"{side}Condition": condition}}


def test_download_tells_where_the_source_is_and_where_it_landed(ran: Ran) -> None:
    found = ran.download()

    amount = {"size": 1234, "fileCount": 1}
    assert found["inputs"] == [{**SOURCE, "facets": version("0a"), "inputFacets": {"inputStatistics": amount}}]
    facets = {"outputStatistics": amount, **subset("output", LANDED.key)}
    assert found["outputs"] == [{**LANDING, "facets": version("0a"), "outputFacets": facets}]


def test_prepare_tells_that_each_column_is_that_of_the_source(ran: Ran) -> None:
    [source], [file] = ran.prepare().values()

    texts = [{"name": name, "type": "text", "fields": []} for name in HEADER]
    assert source["facets"] == {**version("0a"), "schema": {"fields": texts}}
    assert source["inputFacets"]["inputStatistics"] == {"rowCount": 12, "size": 1234, "fileCount": 1}
    assert {name: file[name] for name in FILE} == FILE
    row_number = {"name": "_row", "type": "integer", "description": "the row's number in the source", "fields": []}
    assert file["facets"]["schema"]["fields"] == [row_number, *texts]
    assert file["facets"]["columnLineage"]["fields"] == {
        name: {"inputFields": [from_column(LANDING, name, subtype="IDENTITY")]} for name in HEADER
    }
    assert file["outputFacets"]["outputStatistics"] == {"rowCount": 11, "size": 500, "fileCount": 1}


def from_column(place: dict[str, str], column: str, **how: str) -> dict[str, Any]:
    return {**place, "field": column, "transformations": [{"type": "DIRECT", "masking": False, **how}]}


def test_wait_tells_of_what_the_tables_attributes_are_made_and_how_many_items_were_written(ran: Ran) -> None:
    [file], [table] = ran.wait(written=10).values()

    assert file == {
        **FILE,
        "facets": version("0b"),
        "inputFacets": {
            "inputStatistics": {"rowCount": 11, "size": 500, "fileCount": 1},
            **subset("input", PREPARED.file_key),
        },
    }
    assert {name: table[name] for name in TABLE} == TABLE
    assert table["facets"]["schema"]["fields"] == [
        {"name": "id", "type": "S", "description": "partition key", "fields": []},
        {"name": "Year", "type": "N", "fields": []},
        {"name": "Note", "type": "S", "fields": []},
    ]
    made = {"subtype": "TRANSFORMATION"}
    assert table["facets"]["columnLineage"]["fields"] == {
        "id": {
            "inputFields": [from_column(FILE, "Car ID", **made, description='{"transform": [{"prefix": "A_"}]}')],
        },
        "Year": {"inputFields": [from_column(FILE, "Year", **made, description='{"type": "number"}')]},
        "Note": {"inputFields": [from_column(FILE, "Note", subtype="IDENTITY")]},
    }
    assert table["outputFacets"] == {"outputStatistics": {"rowCount": 10}}


def test_a_file_of_what_changed_has_the_deletions_among_its_rows(ran: Ran) -> None:
    prepared = replace(PREPARED, difference=difference(new=4, unchanged=7, vanished=3, deletions=2))

    [_], [_, changed] = ran.prepare(prepared).values()
    [read], _ = ran.wait(prepared, written=4).values()

    amount = {"rowCount": 6, "size": 80, "fileCount": 1}
    assert (changed["outputFacets"]["outputStatistics"], read["inputFacets"]["inputStatistics"]) == (amount, amount)


def test_a_wait_that_failed_tells_of_the_table_and_of_no_number(ran: Ran) -> None:
    [table] = ran.wait(status="FAILED")["outputs"]

    assert {name: table[name] for name in TABLE} == TABLE
    assert "outputStatistics" not in table.get("outputFacets", {})


def test_a_long_header_is_told_by_the_short_names_that_the_file_has(ran: Ran) -> None:
    names = ("Car ID", "x" * 12_000)
    prepared = prepared_file(12, header=names)

    [_], [file] = ran.prepare(prepared).values()
    [_], [table] = ran.wait(prepared).values()

    short = [one["name"] for one in file["facets"]["schema"]["fields"]]
    assert short[1:] == ["1", "2"]
    lineage_of_file = file["facets"]["columnLineage"]["fields"]
    assert [lineage_of_file[name]["inputFields"][0]["field"] for name in short[1:]] == list(names)
    lineage_of_table = table["facets"]["columnLineage"]["fields"]
    assert [one["inputFields"][0]["field"] for one in lineage_of_table.values()] == short[1:]


def test_the_error_files_are_made_of_the_source_and_of_the_prepared_file(ran: Ran) -> None:
    found = ran.fetch_error_files()

    assert [(one["name"], one["facets"]) for one in found["inputs"]] == [
        (LANDING["name"], version("0a")),
        (FILE["name"], version("0b")),
    ]
    facets = {"outputStatistics": {"rowCount": 2, "fileCount": 2}, **subset("output", KEYS["csv_key"], KEYS["key"])}
    assert found["outputs"] == [{**ERROR_FILES, "outputFacets": facets, "facets": {}}]


def test_a_run_without_error_files_tells_of_none(ran: Ran) -> None:
    assert ran.fetch_error_files(outcome_of_run()) is None


@pytest.mark.parametrize("problems", [[], ["A row is missing."]])
def test_report_tells_what_was_checked_of_the_table(ran: Ran, problems: list[str]) -> None:
    [table], outputs = ran.report(problems=problems).values()

    assert ({name: table[name] for name in TABLE}, outputs) == (TABLE, [])
    passed = {one["assertion"]: one["success"] for one in table["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert passed == {
        "ledger_balanced": True,
        "table_as_written": True,
        "rejects_within_limit": True,  # 2 of 12 rows, and 20 % are let pass
        "failures_within_limit": True,
        "every_row_accounted_for": not problems,
    }


@pytest.mark.parametrize("task_id", ["download", "prepare", "wait", "fetch_error_files", "report"])
def test_a_task_that_did_not_come_so_far_tells_nothing(ran: Ran, task_id: str) -> None:
    assert ran.told(task_id) is None


def test_the_report_of_a_run_that_migrated_nothing_tells_of_no_table(ran: Ran) -> None:
    assert ran.report(execution=[None, None]) is None


def test_the_other_tasks_are_not_asked(dag: DAG) -> None:
    assert [task.task_id for task in dag.tasks if not hasattr(task, METHOD)] == [
        "start",
        "verify",
        "reconcile",
        "accounted",
    ]
