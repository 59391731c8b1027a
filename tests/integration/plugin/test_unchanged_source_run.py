"""A run of a source that the run before migrated: from prepare to its report, over moto."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.policies import Policies, Verification, VerifyMode
from csvdynamo.datasets.write_rules import Write, WriteMode
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation import prepare
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import file_sha256
from csvdynamo_airflow.table.expected_items import RowOutcomes
from csvdynamo_airflow.table.new_snapshot import keep_snapshot
from csvdynamo_airflow.tasks import green_run, steps
from tests.integration.plugin.finished_run import HEADER, WRITTEN, FinishedRun, finished_run, source_row
from tests.integration.plugin.migration_objects import BUCKET

TABLE = "tb_cars"


@pytest.fixture
def run(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[FinishedRun]:
    """A green run of a data set that writes only what changed, and has put every row but one into the table."""
    with finished_run(client, tmp_path, monkeypatch) as run:
        verify = Policies(verify=Verification(mode=getattr(request, "param", VerifyMode.FULL), sample_size=4))
        run.dataset = replace(run.dataset, write=Write(WriteMode.CHANGED), policies=verify)
        monkeypatch.setattr(steps, "find_base_of", lambda *_, **__: base(run))
        run.prepared = prepared = prepare_as(run, "first", tmp_path)
        pointer(run).claim(prepared.execution_name, None, make=True)
        marks = bytes(2 * (number == 1) for number in range(prepared.source_rows + 1))
        space = DiskSpace(tmp_path, "test")
        keep_snapshot(run.s3, "cars", prepared, RowOutcomes(prepared.execution_name, marks), space)
        yield run


def pointer(run: FinishedRun) -> StoredPointer:
    return StoredPointer(run.s3, BUCKET, "cars")


def base(run: FinishedRun) -> Base:
    snapshot = pointer(run).read().snapshot
    return Base(snapshot, "" if snapshot else "it is the first run", TABLE, 60.0)


def prepare_as(run: FinishedRun, run_id: str, folder: Path, *, dry_run: bool = False) -> Prepared:
    """Do what the task prepare does of the source; its first record is no row."""
    source = folder / "cars.csv"
    rows = [list(source_row(number).values()) for number in WRITTEN]
    with source.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, ["13", "2013", "", "more"], *rows])
    run.s3.upload_file(str(source), BUCKET, "landing/cars.csv")
    sha256, size = file_sha256(source), source.stat().st_size
    landed = Landed(BUCKET, "landing/cars.csv", run.dataset.source.url, "cars.csv", size, sha256, None, None)
    told = steps.prepare_source("cars", landed.to_json(), run_id, source_url=run.dataset.source.url, dry_run=dry_run)
    return Prepared.from_json(told)


@pytest.mark.parametrize("run", [VerifyMode.FULL, VerifyMode.SAMPLE], indirect=True)
def test_it_is_green_and_writes_nothing_and_is_checked(
    run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "prepare_file", lambda *_, **__: pytest.fail("it was read"))
    before = pointer(run).read()
    run.prepared = prepare_as(run, "second", tmp_path)
    assert steps.start_migration("cars", run.prepared.to_json(), force=False) is None
    run.executions, run.ended = [], None
    run.outcome = gather(run.s3, "cars", run.prepared, None)

    report = run.look_again()

    assert (report["accounted"], report["problems"], report["write_units"]) == (True, [], None)
    ledger = report["ledger"]
    assert {name: number for name, number in ledger.items() if number} == {
        "source_rows": 11,
        "unchanged": 10,
        "rejected_before_upload": 1,
    }
    checked = report["verification"]
    is_full = run.dataset.policies.verify.mode is VerifyMode.FULL
    assert (checked["mode"], checked["keys_checked"], checked["missing"]) == (
        run.dataset.policies.verify.mode,
        10 if is_full else 4,
        0,
    )
    drawn = f"reports/cars/{run.prepared.execution_name}/sample"
    assert is_full or (run.prepared.sample_key or "").startswith(drawn)
    assert report["changes"]["same_source"] == "first"
    assert f"reports/cars/{run.prepared.execution_name}/rejects.csv" in " ".join(report["error_files"])
    green_run.remember_green_run("cars", run.prepared.to_json(), "second", run.outcome.to_json())
    assert pointer(run).read() == before


def test_an_item_that_somebody_took_away_makes_the_next_one_write_all(run: FinishedRun, tmp_path: Path) -> None:
    for key in [f"A_{number}" for number in WRITTEN]:
        run.drop_item(key)
    run.prepared = prepare_as(run, "second", tmp_path)
    run.executions, run.ended = [], None
    run.outcome = gather(run.s3, "cars", run.prepared, None)

    report = run.look_again()

    assert not report["accounted"]
    assert "items missing" in pointer(run).read().doubt


def test_a_dry_run_says_so(run: FinishedRun, tmp_path: Path) -> None:
    prepared = prepare_as(run, "dry", tmp_path, dry_run=True)

    assert prepared.difference is not None
    assert prepared.forecast is not None
    assert (prepared.difference.same_source, prepared.forecast.written) == ("first", 0)
