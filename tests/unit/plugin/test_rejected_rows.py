"""Rejects that are known before the upload: where the data set wants it, and in a dry run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.policies import GateAction
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.questions import body
from csvdynamo_airflow.preparation.prepare import GateError
from tests.hostile.in_process import MemoryBucket, prepare_bytes
from tests.support.quick_prepare import quick_prepare

# Row 2 is too wide, which prepare sees; rows 3 and 5 are for the function to reject.
CONTENT = b"id,Year\n1,1999\n2,1999,more\n3,soon\n4,2000\n,2001\n"
OPEN = Gates(max_reject_percent=100.0)
CARS = Dataset(
    "cars",
    Source("https://example.org/cars.csv", "cars.csv"),
    Table("tb_cars", "id"),
    columns=(Column("Year", type=ColumnType.NUMBER),),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_prepare() as folder:
        yield folder


def prepare(folder: Path, gates: Gates, *, dry_run: bool = False) -> tuple[Prepared, dict[str, bytes]]:
    """What prepare returned, and what it stored by file name."""
    bucket = MemoryBucket()
    prepared = prepare_bytes(CONTENT, replace(CARS, gates=gates), folder, bucket, dry_run=dry_run)
    return prepared, by_name(bucket)


def by_name(bucket: MemoryBucket) -> dict[str, bytes]:
    return {key.rpartition("/")[2]: body for key, body in bucket.objects.items() if not key.startswith("landing/")}


def told(records: bytes) -> list[tuple[int | None, str, str]]:
    return [(one.row, one.code, one.stage) for one in map(Reject.from_json, records.splitlines())]


def test_by_default_no_row_is_held_against_the_functions_rules(folder: Path) -> None:
    prepared, stored = prepare(folder, OPEN)

    assert prepared.forecast is None
    assert told(stored["rejected_before_upload.jsonl"]) == [(2, "BAD_WIDTH", "prepare")]
    assert "foreseen_rejects.jsonl" not in stored


@pytest.mark.parametrize(
    ("gates", "dry_run"),
    [(Gates(max_reject_percent=60.0, all_rules=True), False), (Gates(max_reject_percent=60.0), True)],
)
def test_what_the_function_will_reject_is_foreseen_and_left_to_it(gates: Gates, dry_run: bool, folder: Path) -> None:
    prepared, stored = prepare(folder, gates, dry_run=dry_run)

    assert prepared.forecast is not None
    assert prepared.forecast.by_code == {"BAD_TYPE": 1, "MISSING_KEY": 1}
    assert (prepared.forecast.written, prepared.forecast.write_units) == (2, 2)
    assert (prepared.rejected, prepared.prepared_rows) == (1, 4)
    assert told(stored["rejected_before_upload.jsonl"]) == [(2, "BAD_WIDTH", "prepare")]
    assert b"soon" in stored["cars.csv"]
    assert Prepared.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared


def test_a_dry_run_keeps_the_rows_that_the_function_will_reject_whole(folder: Path) -> None:
    prepared, stored = prepare(folder, OPEN, dry_run=True)

    assert prepared.forecast is not None
    assert (prepared.forecast.rejects_key or "").endswith("/foreseen_rejects.jsonl")
    assert told(stored["foreseen_rejects.jsonl"]) == [(3, "BAD_TYPE", "validate"), (5, "MISSING_KEY", "validate")]
    first = Reject.from_json(stored["foreseen_rejects.jsonl"].splitlines()[0])
    assert (first.item, first.column) == ({"id": "3", "Year": "soon"}, "Year")


@pytest.mark.parametrize(
    ("gates", "dry_run"),
    [(Gates(max_reject_percent=59.0, all_rules=True), False), (Gates(max_reject_percent=59.0), True)],
)
def test_too_many_rejects_of_the_function_stop_the_run_before_the_upload(
    gates: Gates, dry_run: bool, folder: Path
) -> None:
    bucket = MemoryBucket()

    with pytest.raises(GateError) as refused:
        prepare_bytes(CONTENT, replace(CARS, gates=gates), folder, bucket, dry_run=dry_run)

    stored, prepared = by_name(bucket), refused.value.prepared
    assert "3 of 5 rows (60.00 %) were rejected, more than gates.max_reject_percent = 59" in str(refused.value)
    assert "They are known beforehand, so nothing was uploaded and no row was migrated." in str(refused.value)
    assert "cars.csv" not in stored
    assert told(stored["rejected_before_upload.jsonl"]) == [
        (2, "BAD_WIDTH", "prepare"),
        (3, "BAD_TYPE", "prepare"),
        (5, "MISSING_KEY", "prepare"),
    ]
    assert (prepared.rejected, prepared.prepared_rows) == (3, 2)
    assert prepared.rejects_by_code == {"BAD_TYPE": 1, "BAD_WIDTH": 1, "MISSING_KEY": 1}
    assert prepared.forecast is not None
    assert (prepared.forecast.rejected, prepared.forecast.written) == (0, 2)


def test_a_person_is_asked_about_the_functions_rejects_which_stay_the_functions(folder: Path) -> None:
    asking = Gates(max_reject_percent=59.0, all_rules=True, gate=GateAction.APPROVE)

    prepared, stored = prepare(folder, asking)

    [question] = prepared.questions
    assert question.numbers == {"rejected": 3, "percent": 60.0, "BAD_TYPE": 1, "BAD_WIDTH": 1, "MISSING_KEY": 1}
    # Whoever lets them pass has the file migrated, and the function rejects them: nobody else has before.
    assert (prepared.rejected, prepared.prepared_rows, prepared.rejects_by_code) == (1, 4, {"BAD_WIDTH": 1})
    assert "cars.csv" in stored
    assert told(stored["foreseen_rejects.jsonl"]) == [(3, "BAD_TYPE", "validate"), (5, "MISSING_KEY", "validate")]
    assert "| BAD_TYPE, foreseen for the function | 1 |" in body(prepared, 24)
    assert "foreseen_rejects.jsonl" in body(prepared, 24)
    passed = Approval(prepared.asked, approved=True, by="alice", at=1.0)
    assert Findings("run", "cars", prepared=prepared, approval=passed).approved_rejects == 3


def test_rejects_of_the_function_stop_no_run_whose_rows_nobody_held_against_the_rules(folder: Path) -> None:
    prepared, stored = prepare(folder, Gates(max_reject_percent=20.0))

    assert prepared.rejected == 1
    assert "cars.csv" in stored


def test_a_document_of_a_version_that_foresaw_nothing_is_read(folder: Path) -> None:
    prepared, _ = prepare(folder, OPEN)
    document: dict[str, Any] = prepared.to_json()
    del document["forecast"]

    assert Prepared.from_json(document) == prepared
