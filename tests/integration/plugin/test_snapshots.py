"""What the tasks do with a data set's snapshot: they trust it, speak against it, and leave another."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.rules.codes import Stage
from csvdynamo_airflow.documents.snapshot import Base, Snapshot
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepared_rows import format_rows, read_rows
from csvdynamo_airflow.snapshots.pointer import Pointer, StoredPointer
from csvdynamo_airflow.tasks import steps, task_shell
from tests.integration.plugin.finished_run import IN_THE_LAMBDA, STACK, FinishedRun, finished_run
from tests.integration.plugin.migration_objects import BUCKET, reject
from tests.unit.plugin.run_findings import RULES, SNAPSHOT, difference

NOW = datetime.now(UTC)


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    """A run that went its whole way, of a data set that writes only what changed."""
    with finished_run(client, tmp_path, monkeypatch) as run:
        run.prepared = replace(run.prepared, difference=difference(new=11, base=None, why_all="it is the first"))
        pointer(run).claim("cars-1", None, make=True)
        monkeypatch.setattr(steps, "remember_run", lambda *_: None)  # its columns are no matter here
        yield run


def pointer(run: FinishedRun) -> StoredPointer:
    return StoredPointer(run.s3, BUCKET, "cars")


def remember(run: FinishedRun) -> None:
    """Do what the task accounted does of a green run."""
    steps.remember_green_run("cars", run.prepared.to_json(), "run", run.outcome.to_json())


def with_nothing_new(run: FinishedRun) -> FinishedRun:
    """A run of a file whose rows are in the table: two of its source were rejected before."""
    body = run.s3.get_object(Bucket=BUCKET, Key=run.prepared.file_key)["Body"].read()
    body = format_rows([row for row in read_rows(body.decode()) if row[0] != str(IN_THE_LAMBDA)]).encode()
    rejected = run.s3.get_object(Bucket=BUCKET, Key=run.prepared.rejects_key)["Body"].read()
    more = reject("another", code="BAD_WIDTH", row=IN_THE_LAMBDA, stage=Stage.PREPARE).to_json().encode()
    run.s3.put_object(Bucket=BUCKET, Key=run.prepared.rejects_key, Body=rejected + more + b"\n")
    run.s3.put_object(Bucket=BUCKET, Key="source/cars/of-ten.csv", Body=body)
    run.prepared = replace(
        run.prepared,
        file_key="source/cars/of-ten.csv",
        sha256=hashlib.sha256(body).hexdigest(),
        prepared_rows=10,
        rejected=2,
        rejects_by_code={"BAD_WIDTH": 2},
        difference=difference(unchanged=10, base=SNAPSHOT),
    )
    run.executions, run.ended = [], None
    run.outcome = gather(run.s3, "cars", run.prepared, None)
    pointer(run).claim("cars-0", None, make=True)
    pointer(run).remember(SNAPSHOT)
    return run


def test_a_green_run_leaves_the_digests_of_its_rows_and_the_list_of_those_that_it_did_not_write(
    run: FinishedRun,
) -> None:
    remember(run)

    told = pointer(run).read()
    assert told.snapshot is not None
    assert told == Pointer(
        Snapshot(
            key="reports/cars/cars-1/row_digests-0f.parquet",
            sha256="0f",
            unwritten_key=told.snapshot.unwritten_key,
            unwritten_sha256=told.snapshot.unwritten_sha256,
            rules=RULES,
            table="tb_cars",
            execution="cars-1",
            at=50.0,
        )
    )
    assert run.s3.get_object(Bucket=BUCKET, Key=told.snapshot.unwritten_key)["Body"].read() == b"2,true\n3,true\n"


def test_a_run_of_all_rows_leaves_none(run: FinishedRun) -> None:
    run.prepared = replace(run.prepared, difference=None)

    remember(run)

    assert pointer(run).read().snapshot is None


def test_a_run_whose_rows_nobody_knows_of_leaves_none(run: FinishedRun) -> None:
    run.outcome = replace(run.outcome, answered=False)

    remember(run)

    assert pointer(run).read().writer == "cars-1"


def test_a_bucket_that_does_not_take_the_snapshot_costs_nobody_the_green_run(
    run: FinishedRun, caplog: pytest.LogCaptureFixture
) -> None:
    run.s3.delete_object(Bucket=BUCKET, Key=run.outcome.rows_key)

    remember(run)

    assert "could not be remembered" in caplog.text
    assert pointer(run).read().snapshot is None


@pytest.mark.parametrize("harm", [FinishedRun.drop_item, FinishedRun.change_item])
def test_a_check_that_finds_items_missing_or_changed_speaks_against_the_snapshot(run: FinishedRun, harm: Any) -> None:
    harm(run)

    run.verify()

    assert (
        pointer(run).read().doubt == "the check of the table after the run of cars-1 found 1 items missing or changed"
    )


def test_a_check_speaks_against_the_snapshot_of_a_run_that_was_green_by_then(run: FinishedRun) -> None:
    remember(run)
    run.drop_item()

    report = run.look_again()

    assert not report["accounted"]
    assert pointer(run).read().doubt == "the check of the table after the run of cars-1 found 1 items missing or changed"


def test_items_of_others_do_not_speak_against_it(run: FinishedRun) -> None:
    run.add_item()
    before = pointer(run).read()

    run.verify()

    assert pointer(run).read() == before


def test_a_table_that_nothing_had_to_be_written_to_is_checked_all_the_same(run: FinishedRun) -> None:
    report = with_nothing_new(run).look_again()

    assert (report["verification"]["keys_checked"], report["verification"]["missing"]) == (10, 0)
    assert (report["ledger"]["unchanged"], report["accounted"]) == (10, True)
    remember(run)
    assert pointer(run).read() == Pointer(SNAPSHOT)


def test_an_item_that_no_run_would_write_again_makes_the_next_one_write_all(run: FinishedRun) -> None:
    with_nothing_new(run).drop_item()

    report = run.look_again()

    assert (report["verification"]["missing"], report["accounted"]) == (1, False)
    told = pointer(run).read()
    assert (told.snapshot, "found 1 items" in told.doubt) == (SNAPSHOT, True)


class States:
    """Step Functions with one execution that made a Map Run."""

    def __init__(self, name: str, started: datetime) -> None:
        self.item = {"executionArn": name, "name": name, "status": "SUCCEEDED", "startDate": started, "stopDate": NOW}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"executions": [self.item]}]

    def list_map_runs(self, **_: str) -> dict[str, Any]:
        return {"mapRuns": [{}]}


def found(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, states: States | None = None, *, force: bool = False
) -> Base:
    """Find what the next run may rest on, as the task prepare does."""
    clients = {"s3": run.s3, "dynamodb": run.dynamodb, "stepfunctions": states or States("cars-1", NOW)}
    monkeypatch.setattr(steps, "client", clients.__getitem__)
    return steps._find_base(run.dataset, force=force)


def test_the_next_run_rests_on_what_was_left_in_this_table_by_these_rules(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = found(run, monkeypatch).table
    assert run.prepared.difference is not None
    run.prepared = replace(run.prepared, difference=replace(run.prepared.difference, table=table))
    remember(run)

    base = found(run, monkeypatch)
    assert (base.snapshot is not None, base.why_all) == (True, "")
    assert found(run, monkeypatch, force=True).why_all == "the run was triggered with force"
    assert "execution by-hand has written" in found(run, monkeypatch, States("by-hand", NOW)).why_all
    long_ago = datetime.fromtimestamp(50.0, UTC) - timedelta(seconds=1)
    assert found(run, monkeypatch, States("by-hand", long_ago)).why_all == ""

    definition = run.dynamodb.describe_table(TableName=STACK.table)["Table"]
    run.dynamodb.delete_table(TableName=STACK.table)
    names = ("TableName", "KeySchema", "AttributeDefinitions")
    run.dynamodb.create_table(**{name: definition[name] for name in names}, BillingMode="PAY_PER_REQUEST")
    assert found(run, monkeypatch).why_all == "the table is another one than then, or was made anew"


def test_the_execution_reads_the_rows_that_changed_and_says_first_that_it_writes(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_nothing_new(run)
    monkeypatch.setattr(task_shell, "client", {"s3": run.s3, "stepfunctions": run.states}.__getitem__)

    migration = task_shell.make_migration(STACK, run.prepared)

    assert migration.file_key == "source/cars/0c/changed_cars.csv"
    assert migration.claim is not None
    migration.claim.make(migration.others([]))
    assert pointer(run).read().writer == "cars-1"
    document = json.loads(run.s3.get_object(Bucket=BUCKET, Key="reports/cars/snapshot.json")["Body"].read())
    assert document["snapshot"]["execution"] == "cars-0"
