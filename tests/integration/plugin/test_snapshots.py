"""What the tasks do with a data set's snapshot: they trust it, speak against it, and leave another."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import Vanished, Write, WriteMode
from csvdynamo.records.rejects import reject_id
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.file_header import DELETIONS
from csvdynamo_airflow.documents.rolled_back import RolledBack
from csvdynamo_airflow.documents.snapshot import Base, Snapshot, Trace
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepared_rows import format_rows, read_rows
from csvdynamo_airflow.schema.schema_memory import remember_run
from csvdynamo_airflow.snapshots.pointer import Pointer, SnapshotGoneError, StoredPointer
from csvdynamo_airflow.storage.workspace import NoSpaceError
from csvdynamo_airflow.table import new_snapshot
from csvdynamo_airflow.tasks import green_run, report_step, steps, task_shell
from tests.integration.plugin.finished_run import IN_THE_LAMBDA, STACK, WRITTEN, FinishedRun, finished_run
from tests.integration.plugin.migration_objects import (
    BUCKET,
    GivenMigration,
    answer,
    answer_of_deletions,
    batch_that_failed,
    given_migration,
    put_results,
    reject,
)
from tests.unit.plugin.fake_step_functions import MACHINE, NOW, FakeStepFunctions
from tests.unit.plugin.run_findings import RULES, SNAPSHOT, difference, execution


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    """A run that went its whole way, of a data set that writes only what changed."""
    with finished_run(client, tmp_path, monkeypatch) as run:
        run.prepared = replace(run.prepared, difference=difference(new=11, base=None, why_all="it is the first"))
        pointer(run).claim("cars-1", None, make=True)
        monkeypatch.setattr(green_run, "remember_run", lambda *_: None)  # its columns are no matter here
        yield run


def pointer(run: FinishedRun) -> StoredPointer:
    return StoredPointer(run.s3, BUCKET, "cars")


def given(run: FinishedRun) -> GivenMigration:
    return given_migration(run.s3, run.states, lambda: run.executions)


def remember(run: FinishedRun) -> None:
    """Do what the task accounted does of a green run."""
    green_run.remember_green_run("cars", run.prepared.to_json(), "run", run.outcome.to_json())


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
            at=40.0,
            left=told.snapshot.left,
        )
    )
    assert abs(told.snapshot.left - NOW.timestamp()) < 3600
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


def test_columns_that_cannot_be_remembered_do_not_cost_it_the_snapshot(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(green_run, "remember_run", remember_run)  # whose columns nobody kept

    remember(run)

    assert "The columns of this run could not be remembered" in caplog.text
    assert pointer(run).read().snapshot is not None


@pytest.mark.parametrize("error", [NoSpaceError("no room"), MigrationError("DuckDB could not")])
def test_nor_does_a_worker_that_cannot_make_it(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(new_snapshot, "read_row_outcomes", fail)

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
    assert "after the run of cars-1 found 1 items missing or changed" in pointer(run).read().doubt


def test_items_of_others_do_not_speak_against_it(run: FinishedRun) -> None:
    run.add_item()
    before = pointer(run).read()

    run.verify()

    assert pointer(run).read() == before


def test_a_file_of_what_changed_that_is_not_as_it_was_made_fails_the_check(run: FinishedRun) -> None:
    """The check reads the whole file, and the execution read this one."""
    body = b"what was written"
    some = difference(new=10, unchanged=1, sha256=hashlib.sha256(body).hexdigest())
    run.prepared = replace(run.prepared, difference=some)
    run.s3.put_object(Bucket=BUCKET, Key=some.file_key, Body=body)
    assert run.verify() is not None

    run.s3.put_object(Bucket=BUCKET, Key=some.file_key, Body=b"what else was")

    with pytest.raises(AirflowFailException, match=r"changed_cars\.csv has SHA-256 .* it was changed after its upload"):
        run.verify()


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


def found(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, states: FakeStepFunctions | None = None, *, force: bool = False
) -> Base:
    """Find what the next run may rest on, as the task prepare does."""
    clients = {"s3": run.s3, "dynamodb": run.dynamodb, "stepfunctions": states or executed("cars-1")}
    for module in (steps, task_shell):
        monkeypatch.setattr(module, "client", clients.__getitem__)
    return steps.find_base_of(run.dataset, force=force)


def executed(name: str, hours_ago: float = 0.0, **more: Any) -> FakeStepFunctions:
    """Step Functions with one execution that made a Map Run."""
    states = FakeStepFunctions()
    states.add_map_run(states.add(name, "SUCCEEDED", "{}", stopped_hours_ago=hours_ago, **more), running=False)
    return states


def make_table_anew(run: FinishedRun) -> None:
    definition = run.dynamodb.describe_table(TableName=STACK.table)["Table"]
    run.dynamodb.delete_table(TableName=STACK.table)
    names = ("TableName", "KeySchema", "AttributeDefinitions")
    run.dynamodb.create_table(**{name: definition[name] for name in names}, BillingMode="PAY_PER_REQUEST")


def resting(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """Let the run have been green an hour ago, in this table; return what it left."""
    assert run.prepared.difference is not None
    at = NOW.timestamp() - 3600
    table = found(run, monkeypatch).table
    run.prepared = replace(run.prepared, difference=replace(run.prepared.difference, table=table, at=at))
    remember(run)
    snapshot = pointer(run).read().snapshot
    assert snapshot is not None
    return snapshot


def test_the_next_run_rests_on_what_was_left_in_this_table_by_these_rules(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    resting(run, monkeypatch)

    base = found(run, monkeypatch)

    assert (base.snapshot is not None, base.why_all) == (True, "")
    assert abs(base.at - time.time()) < 600
    assert found(run, monkeypatch, executed("by-hand", hours_ago=2)).why_all == ""
    assert found(run, monkeypatch, force=True).why_all == "the run was triggered with force"


def test_nobody_may_write_from_before_the_first_look(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    found(run, monkeypatch)
    looked: list[float] = []
    monkeypatch.setattr(steps, "find_table", lambda *_: looked.append(time.time()) or "table")

    base = steps.find_base_of(run.dataset, force=False)

    assert base.at < looked[0]


def test_it_does_not_where_somebody_has_written_or_nobody_knows_who_has(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    resting(run, monkeypatch)
    redriven = executed("by-hand", hours_ago=0.5, startDate=NOW - timedelta(hours=50), redriveCount=1)
    anew = FakeStepFunctions(made=NOW - timedelta(minutes=30))

    assert "execution by-hand has written" in found(run, monkeypatch, executed("by-hand", hours_ago=0.5)).why_all
    assert "execution by-hand has written" in found(run, monkeypatch, redriven).why_all
    assert "the state machine was made anew" in found(run, monkeypatch, anew).why_all
    make_table_anew(run)
    assert "the table is another one than then, was made anew" in found(run, monkeypatch).why_all


def test_nor_where_items_expired_by_another_attribute(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rows are unchanged, and nothing excuses them any more."""
    resting(run, monkeypatch)
    run.dataset = replace(run.dataset, table=Table("tb_cars", "id", ttl="Year"))

    assert "or its items expire by another attribute" in found(run, monkeypatch).why_all


def test_what_changed_is_neither_written_to_nor_checked_in_another_table_of_its_name(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = resting(run, monkeypatch)
    migration = task_shell.make_migration(
        STACK, run.dataset, replace(run.prepared, difference=difference(unchanged=11, base=base, table=base.table))
    )
    assert migration.claim is not None
    assert migration.file_key == "source/cars/0c/changed_cars.csv"
    migration.claim.make(migration.others([]), NOW.timestamp())
    assert pointer(run).read() == Pointer(base, writer="cars-1")
    monkeypatch.setattr(steps, "make_migration", lambda *_: replace(given(run), claim=migration.claim))
    assert run.verify() is not None

    make_table_anew(run)

    with pytest.raises(SnapshotGoneError, match="the table is another one than then"):
        migration.claim.make(migration.others([]), NOW.timestamp())
    with pytest.raises(AirflowFailException, match="the table is another one than then"):
        run.verify()


def test_a_run_that_had_nothing_to_write_is_red_where_somebody_wrote_beside_it(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_nothing_new(run)
    claim: Any = SimpleNamespace(base=SNAPSHOT, refuse_other_table=lambda: None)
    beside = replace(given(run), claim=claim, states=executed("by-hand"), state_machine_arn=MACHINE)
    for module in (steps, report_step):
        monkeypatch.setattr(module, "make_migration", lambda *_: beside)

    report = run.look_again()

    assert (report["verification"]["missing"], report["accounted"]) == (0, False)
    assert "by-hand" in report["problems"][0]


def test_a_dry_run_writes_over_nobody(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = replace(with_nothing_new(run).findings(), dry_run=True, checked=None)
    claim: Any = SimpleNamespace(base=SNAPSHOT)
    migration = replace(given(run), claim=claim, states=executed("by-hand"))
    monkeypatch.setattr(steps, "make_migration", lambda *_: migration)

    told = steps.reconcile(findings)

    assert told is not None
    assert told["counts"]["overlapping"] == []


# deletions


def deleting(run: FinishedRun, **changes: Any) -> FinishedRun:
    """The same run of a file that also deletes three items: one was left alone, one is unfinished."""
    run.dataset = replace(run.dataset, write=Write(WriteMode.CHANGED, Vanished.DELETE))
    run.prepared = replace(
        run.prepared,
        difference=difference(new=11, vanished=3, deletions=3, base=None, why_all="there is none", **changes),
    )
    failed = {"_row": "-3", "Car ID": '{"key":"V_3","digests":["0a"]}', "Year": "", "Note": ""}
    rejected = [reject_id("cars-1", IN_THE_LAMBDA)]
    put_results(
        run.s3,
        "cars-1",
        {
            "SUCCEEDED": [answer(len(WRITTEN), rejected), answer_of_deletions(1, [2])],
            "FAILED": [batch_that_failed([failed])],
        },
    )
    run.outcome = gather(run.s3, "cars", run.prepared, execution())
    return run


def test_a_green_run_leaves_word_of_the_deletions_that_are_unfinished(run: FinishedRun) -> None:
    remember(deleting(run))

    snapshot = pointer(run).read().snapshot
    assert snapshot is not None
    body = run.s3.get_object(Bucket=BUCKET, Key=snapshot.unwritten_key)["Body"].read()
    assert body == b"2,true\n3,true\n-3,false\n"


def test_it_takes_its_own_trace_away_and_those_that_it_was_told_of(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(run, monkeypatch)
    known, unknown = (Trace(key, "0a", "tb_cars") for key in ("known", "unknown"))
    pointer(run).claim("cars-0", None, make=True, trace=known)
    pointer(run).claim("cars-9", None, make=True, trace=unknown)
    deleting(run, traces=(known,))
    migration = task_shell.make_migration(STACK, run.dataset, run.prepared)
    assert migration.claim is not None
    assert migration.claim.trace is not None
    pointer(run).claim("cars-1", None, make=True, trace=migration.claim.trace)
    assert pointer(run).read().traces == (
        known,
        unknown,
        Trace("reports/cars/cars-1/row_digests-0f.parquet", "0f", "tb_cars"),
    )

    remember(run)

    told = pointer(run).read()
    assert (told.snapshot is not None, told.traces) == (True, (unknown,))


def test_only_a_run_that_deletes_or_takes_one_back_leaves_a_trace(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(run, monkeypatch)
    deletes = task_shell.make_migration(STACK, run.dataset, deleting(run).prepared)
    assert deletes.rules == DELETIONS + RULES

    run.prepared = replace(run.prepared, difference=difference(new=11, base=None, digests_key=None))
    nothing = task_shell.make_migration(STACK, run.dataset, run.prepared)
    assert (nothing.rules, nothing.claim and nothing.claim.trace) == (RULES, None)

    run.dataset = replace(run.dataset, write=Write(WriteMode.CHANGED))
    run.prepared = replace(run.prepared, difference=difference(new=11, base=None))
    keeps = task_shell.make_migration(STACK, run.dataset, run.prepared)
    assert (keeps.rules, keeps.claim and keeps.claim.trace) == (RULES, None)

    told = replace(run.prepared, rollback=RolledBack("monday", "cars-0", "cars-9"))
    back = task_shell.make_migration(STACK, run.dataset, told)
    assert back.claim is not None
    assert back.claim.trace is not None, "and so is not started once another one has written"


def test_a_forced_run_is_told_what_may_be_in_its_table(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = resting(run, monkeypatch)

    base = found(run, monkeypatch, force=True)

    assert (base.snapshot, base.last) == (None, snapshot)
