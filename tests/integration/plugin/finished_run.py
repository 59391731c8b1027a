"""A run that went its whole way, for tests to change what it left and to look at it again."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.records.rejects import reject_id
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.execution import Ended
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared, prepared_key
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.stack import Stack
from csvdynamo_airflow.tasks import error_files_operator, green_run, report_step, steps, told_assets
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    given_migration,
    map_run_states,
    put_error_file,
    put_results,
    reject,
)
from tests.integration.plugin.moto_bucket import bucket, copied_objects, put_copied_objects
from tests.integration.plugin.moto_table import TABLE, copied_items, put_copied_items, put_items, table
from tests.unit.plugin.run_findings import LANDED, RULES, execution, prepared_file

STACK = Stack(
    dataset="cars",
    bucket=BUCKET,
    state_machine_arn="machine",
    topic_arn="topic",
    table=TABLE,
    error_buffer_seconds=60,
    rules="hash",
    settings="settings",
)

CARS = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "id"

[columns."Car ID"]
rename = "id"
transform = [{ prefix = "A_" }]

[columns."Year"]
type = "number"

[gates]
max_reject_percent = 20
"""

HEADER = ("Car ID", "Year", "Note")
SOURCE_ROWS = 12
BEFORE_UPLOAD, IN_THE_LAMBDA = 2, 3
"""The rows that were rejected; all others were written."""

WRITTEN = [number for number in range(1, SOURCE_ROWS + 1) if number not in (BEFORE_UPLOAD, IN_THE_LAMBDA)]


def source_row(number: int) -> dict[str, str]:
    year = "no number" if number == IN_THE_LAMBDA else f"{2000 + number}.0"
    return {"Car ID": str(number), "Year": year, "Note": f'back\\slash, "{number}"\n'}


@dataclass(frozen=True)
class _Left:
    """What the run left, in moto's own form where it is AWS's."""

    prepared: Prepared
    error_file: str
    outcome: Outcome
    objects: bytes
    items: bytes


# Once a process: each test gets a copy, for the way there takes some fifty calls of AWS.
_left: list[_Left] = []


class FinishedRun:
    """A run that went its whole way: what it left in the bucket and in the table, and the tasks that look at it."""

    def __init__(self, s3: Any, dynamodb: Any, dataset: Dataset) -> None:
        self.s3, self.dynamodb, self.dataset = s3, dynamodb, dataset
        assert dataset.rules.digest == RULES
        self.executions = [execution()]
        self.ended: dict[str, Any] | None = {"name": "cars-1", "redrives": 0}
        self.tasks: tuple[EndedTask, ...] = ()
        self.states: Any = map_run_states({"succeeded": SOURCE_ROWS - 1})
        if not _left:
            _left.append(self._go_its_way())
        [left] = _left
        put_copied_objects(BUCKET, left.objects)
        put_copied_items(left.items)
        self.prepared, self.error_file, self.outcome = left.prepared, left.error_file, left.outcome

    def _go_its_way(self) -> "_Left":
        self.prepared = self._put_prepared_file()
        error_file = put_error_file(self.s3, [reject(reject_id("cars-1", IN_THE_LAMBDA), row=IN_THE_LAMBDA)])
        put_results(self.s3, "cars-1", {"SUCCEEDED": [answer(len(WRITTEN), [reject_id("cars-1", IN_THE_LAMBDA)])]})
        converter = RowConverter(self.dataset.rules)
        put_items(self.dynamodb, [self.item(converter, number) for number in WRITTEN])
        self.fetch()
        return _Left(self.prepared, error_file, self.outcome, copied_objects(BUCKET), copied_items())

    def _put_prepared_file(self) -> Prepared:
        rows = [source_row(number) for number in range(1, SOURCE_ROWS + 1)]
        body = format_rows(
            [
                ["_row", *HEADER],
                *([number, *row.values()] for number, row in enumerate(rows, 1) if number != BEFORE_UPLOAD),
            ]
        ).encode()
        sha256 = hashlib.sha256(body).hexdigest()
        key = prepared_key("cars", sha256, "cars.csv")
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        prepared = prepared_file(
            SOURCE_ROWS, 1, bucket=BUCKET, file_key=key, sha256=sha256, bytes=len(body), header=HEADER
        )
        before = reject("before", code="BAD_WIDTH", row=BEFORE_UPLOAD, stage=Stage.PREPARE)
        self.s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before.to_json().encode() + b"\n")
        return prepared

    @staticmethod
    def item(converter: RowConverter, number: int) -> dict[str, Any]:
        item = converter.convert(source_row(number))
        assert isinstance(item, dict)
        return item

    def end_badly(self, status: str = "FAILED") -> None:
        """Let the execution have ended so, and the task wait have failed for it."""
        self.executions, self.ended = [execution(status)], None
        self.tasks = (EndedTask("wait", "failed", 1.0),)
        self.states.status = status

    def fetch(self) -> None:
        """Do what the task fetch_error_files does."""
        self.outcome = gather(self.s3, "cars", self.prepared, self.executions[-1])

    def verify(self) -> CheckedTable | None:
        """Do what the task verify does."""
        told = steps.check_table("cars", self.prepared.to_json(), self.ended, self.outcome.to_json(), "run")
        return CheckedTable.from_json(json.loads(json.dumps(told))) if told else None

    def findings(self) -> Findings:
        """What the tasks before reconcile left, once verify was cleared."""
        return Findings(
            dataset="cars",
            run_id="run",
            landed=LANDED.to_json(),
            prepared=self.prepared,
            ended=Ended.from_xcom(self.ended),
            outcome=self.outcome,
            checked=self.verify(),
            tasks=self.tasks,
        )

    def look_again(self) -> dict[str, Any]:
        """Do what verify, reconcile and report do when they are cleared; gives the report."""
        findings = self.findings()
        told = report_step.publish_report(findings, json.loads(json.dumps(steps.reconcile(findings))))
        document: dict[str, Any] = json.loads(self.s3.get_object(Bucket=BUCKET, Key=told["key"])["Body"].read())
        return document

    def differences(self, report: dict[str, Any]) -> list[dict[str, Any]]:
        """The list of all differences that the report names."""
        body = self.s3.get_object(Bucket=BUCKET, Key=report["verification"]["key"])["Body"].read()
        return [json.loads(line) for line in body.splitlines()]

    # what others do to it afterwards

    def drop_item(self, key: str = "A_5") -> None:
        self.dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": key}})

    def change_item(self, key: str = "A_6") -> None:
        self.dynamodb.update_item(
            TableName=TABLE,
            Key={"id": {"S": key}},
            UpdateExpression="SET #year = :year",
            ExpressionAttributeNames={"#year": "Year"},
            ExpressionAttributeValues={":year": {"N": "1999"}},
        )

    def add_item(self, key: str = "Z_1") -> None:
        put_items(self.dynamodb, [{"id": {"S": key}, "Year": {"N": "2024"}}])

    def remove_error_file(self) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=self.error_file)

    def add_superseded_reject(self) -> None:
        put_error_file(self.s3, [reject("of an attempt that was repeated")], "b")


@contextmanager
def finished_run(client: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    """A finished run, which the tasks see when they look for their data set, their stack and their migration.

    Args:
        client: S3 without a bucket.
        folder: Where the data set file goes.
        monkeypatch: Takes the tasks' clients away again.
    """
    path = folder / "cars.toml"
    path.write_text(CARS, encoding="utf-8")
    with bucket(client, BUCKET), table() as dynamodb:
        run = FinishedRun(client, dynamodb, load_dataset(path))
        clients = {"s3": client, "dynamodb": dynamodb, "sns": SimpleNamespace(publish=lambda **_: None)}
        migration = given_migration(client, run.states, lambda: run.executions)
        for module in (steps, report_step, error_files_operator):
            monkeypatch.setattr(module, "open_dataset", lambda name: run.dataset)
            monkeypatch.setattr(module, "open_stack", lambda *_: STACK)
            monkeypatch.setattr(module, "make_migration", lambda *_: migration)
            monkeypatch.setattr(module, "client", clients.__getitem__)
        monkeypatch.setattr(green_run, "open_dataset", lambda name: run.dataset)
        monkeypatch.setattr(green_run, "client", clients.__getitem__)
        monkeypatch.setattr(told_assets, "client", clients.__getitem__)
        yield run
