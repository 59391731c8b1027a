"""The list of a data set's runs, in the bucket beside their reports."""

import json
from dataclasses import replace
from typing import Any

import pytest

from csvdynamo_airflow.accounting import run_list
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import Changes
from csvdynamo_airflow.accounting.run_list import list_run, run_line
from csvdynamo_airflow.documents.run_line import RunLine, read_runs, runs_key
from csvdynamo_airflow.storage import stored_document
from tests.integration.plugin.migration_objects import BUCKET
from tests.unit.plugin.run_findings import migrated

LINE = run_line(make_report(migrated(10, before=1, rejected=1), ["Rows are missing.", "More."]), "reports/a.json", 5.0)


def listed(s3: Any) -> tuple[RunLine, ...]:
    return read_runs(s3.get_object(Bucket=BUCKET, Key=runs_key("cars"))["Body"].read())


def put(s3: Any, *lines: RunLine) -> None:
    for line in lines:
        list_run(s3, BUCKET, "cars", line)


def run(number: int, **changes: Any) -> RunLine:
    return replace(LINE, run_id=f"run-{number}", at=float(number), **changes)


def test_a_line_says_of_a_run_what_its_report_says() -> None:
    assert (LINE.accounted, LINE.problem, LINE.report, LINE.at) == (False, "Rows are missing.", "reports/a.json", 5.0)
    assert (LINE.ledger["source_rows"], LINE.ledger["rejected"]) == (10, 1)
    assert RunLine.from_json({**LINE.to_json(), "of a later version": 1}) == LINE


def test_a_line_tells_files_deletions_and_what_was_left_alone_and_one_of_before_it_did_tells_none() -> None:
    made = replace(
        make_report(migrated(10, rejected=1), ()),
        error_files=("s3://b/reports/cars/1/rejects.csv",),
        rejects_by_code={"LEFT_ALONE": 3, "BAD_TYPE": 1},
        changes=Changes(0, 1, 9, 7, "", "cars-1", None, to_delete=7, deleted=5, left_alone=2),
    )
    line = run_line(made, "reports/a.json", 5.0)
    told = json.loads(json.dumps(line.to_json()))

    assert RunLine.from_json(told) == line
    assert (line.files, line.deleted, line.left_alone) == (("rejects.csv",), 5, 5)
    younger = ("files", "kind", "deleted", "left_alone")
    old = RunLine.from_json({name: value for name, value in told.items() if name not in younger})
    assert (old.files, old.kind, old.deleted, old.left_alone) == ((), "", 0, 0)


def test_runs_are_listed_in_the_order_of_their_reports(s3: Any) -> None:
    put(s3, run(1), run(3), run(2))

    assert listed(s3) == (run(1), run(2), run(3))


def test_a_run_that_is_cleared_is_told_once_as_it_is_now(s3: Any) -> None:
    put(s3, run(1), run(2), replace(run(1), at=7.0, accounted=True))

    assert [(one.run_id, one.accounted) for one in listed(s3)] == [("run-2", False), ("run-1", True)]


def test_the_oldest_runs_fall_off(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_list, "RUNS", 3)

    put(s3, *map(run, range(5)))

    assert [one.run_id for one in listed(s3)] == ["run-2", "run-3", "run-4"]


def test_of_two_that_write_at_once_both_are_listed(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = stored_document.read_versioned

    def read_then_lose(*asked: Any) -> Any:
        monkeypatch.setattr(stored_document, "read_versioned", reads)
        found = reads(*asked)
        put(s3, run(2))
        return found

    put(s3, run(1))
    monkeypatch.setattr(stored_document, "read_versioned", read_then_lose)
    put(s3, run(3))

    assert [one.run_id for one in listed(s3)] == ["run-1", "run-2", "run-3"]


@pytest.mark.parametrize("damaged", [b"", b"{", b"[1]", b"{}", b'[{"run_id": 1}]', b"\xff"])
def test_a_damaged_list_begins_anew(s3: Any, damaged: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=runs_key("cars"), Body=damaged)

    put(s3, run(1))

    assert listed(s3) == (run(1),)


def test_half_a_surrogate_pair_in_a_run_id_is_kept(s3: Any) -> None:
    put(s3, replace(LINE, run_id="a\ud800"))

    assert [one.run_id for one in listed(s3)] == ["a\ud800"]
    assert json.loads(s3.get_object(Bucket=BUCKET, Key=runs_key("cars"))["Body"].read())
