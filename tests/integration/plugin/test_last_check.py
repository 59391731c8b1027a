"""What the last check of the table found decides whether a run that is cleared migrates its file again."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.table.last_check import LastCheck
from csvdynamo_airflow.tasks import steps
from csvdynamo_airflow.workflow.migration import Migration
from tests.integration.plugin.finished_run import FinishedRun, finished_run
from tests.integration.plugin.migration_objects import BUCKET
from tests.unit.plugin.run_findings import execution

KEY = "reports/cars/cars-1/last_check.json"
FIRST = execution()


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    with finished_run(client, tmp_path, monkeypatch) as run:
        monkeypatch.setattr(steps, "refuse_other_table", lambda *_: None)
        yield run


def migrates_again(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, newest: Execution = FIRST, *, force: bool = False
) -> bool:
    """Tell whether the task start, when it is cleared, would have its newest execution followed by another."""
    asked: list[bool] = []

    def start(_: Migration, repeats: Any) -> Execution:
        asked.append(repeats(newest))
        return newest

    monkeypatch.setattr(Migration, "start", start)
    steps.start_migration("cars", run.prepared.to_json(), force=force)
    return asked == [True]


def test_a_run_that_was_never_checked_or_found_all_in_order_attaches(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not migrates_again(run, monkeypatch)

    run.verify()

    assert not migrates_again(run, monkeypatch)
    assert json.loads(stored(run)) == {"execution": "cars-1", "redrives": 0, "missing": 0, "changed": 0, "undeleted": 0}


@pytest.mark.parametrize("harm", [FinishedRun.drop_item, FinishedRun.change_item])
def test_a_run_whose_items_are_not_there_any_more_migrates_again_until_a_check_finds_them(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, harm: Any
) -> None:
    whole = {key: run.dynamodb.get_item(TableName="tb_cars", Key={"id": {"S": key}})["Item"] for key in ("A_5", "A_6")}
    harm(run)
    assert not migrates_again(run, monkeypatch), "nobody has looked since"

    run.verify()
    assert migrates_again(run, monkeypatch)
    assert migrates_again(run, monkeypatch), "the file is there at every attempt"

    for item in whole.values():
        run.dynamodb.put_item(TableName="tb_cars", Item=item)
    run.verify()
    assert not migrates_again(run, monkeypatch)


def test_what_was_found_of_another_execution_or_before_a_redrive_counts_no_more(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.drop_item()
    run.verify()

    assert not migrates_again(run, monkeypatch, replace(FIRST, name="cars-1-2"))
    assert not migrates_again(run, monkeypatch, replace(FIRST, redrives=1))


def test_items_that_the_file_does_not_make_are_no_reason_to_migrate_it_again(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.add_item()
    run.verify()

    assert not migrates_again(run, monkeypatch)


def test_a_run_that_was_triggered_to_be_forced_migrates_again_whatever_was_found(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.verify()

    assert migrates_again(run, monkeypatch, force=True)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b"[]", b"{}", b'{"execution": "cars-1", "redrives": 0}'])
def test_a_word_that_cannot_be_read_writes_nothing(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    run.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)

    assert not migrates_again(run, monkeypatch)


@pytest.mark.parametrize("operation", ["put_object", "get_object"])
def test_a_check_that_cannot_be_kept_or_read_fails_its_task_which_is_retried(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    works = getattr(run.s3, operation)

    def refused(**asked: Any) -> Any:
        if asked["Key"] == KEY:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)
        return works(**asked)

    monkeypatch.setattr(run.s3, operation, refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        migrates_again(run, monkeypatch) if operation == "get_object" else run.verify()


def stored(run: FinishedRun) -> bytes:
    body: bytes = run.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


@pytest.mark.parametrize(("found", "again"), [({"undeleted": 1}, True), ({"undeleted": 0}, False), ({}, False)])
def test_an_item_that_is_there_though_it_was_deleted_is_deleted_again(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, found: dict[str, int], again: bool
) -> None:
    if found.get("undeleted"):
        checked = CheckedTable(counts={DifferenceKind.UNDELETED: 1}, execution="cars-1")
        LastCheck.of(run.s3, "cars", run.prepared).keep(checked)
    else:  # as an earlier version wrote it, too
        body = json.dumps({"execution": "cars-1", "redrives": 0, "missing": 0, "changed": 0, **found})
        run.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body.encode())

    assert migrates_again(run, monkeypatch) is again
