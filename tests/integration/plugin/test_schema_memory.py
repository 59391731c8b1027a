"""The schema gate over S3: what a run is remembered by, and what stops the next one before anything is uploaded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.policies import OnChange, Policies, SchemaPolicy
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.schema_change import SchemaError
from csvdynamo_airflow.preparation.prepare import prepare
from csvdynamo_airflow.schema.schema_memory import memory_key, recall_run, remember_run
from csvdynamo_airflow.storage.stored_file import file_sha256
from tests.integration.plugin.migration_objects import BUCKET
from tests.unit.plugin.run_findings import without_snapshot

CARS = Dataset(
    name="cars",
    source=Source("https://example.org/cars.csv", "cars.csv"),
    table=Table("tb_cars", "ID"),
    columns=(Column("ID", required=True),),
    gates=Gates(max_reject_percent=100),
    policies=Policies(schema=SchemaPolicy(renamed=OnChange.FAIL)),
)
ROWS = "".join(f"{n},{n % 3 * 1000},Kent\n" for n in range(30))
FIRST = "ID,MSRP,City\n" + ROWS
RENAMED = "ID,Price,City\n" + ROWS


class Runs:
    """prepare of one run after another."""

    def __init__(self, s3: Any, folder: Path) -> None:
        self.s3, self.folder, self.count = s3, folder, 0

    def prepare(self, text: str, dataset: Dataset = CARS) -> Prepared:
        self.count += 1
        source = self.folder / "source.csv"
        source.write_text(text, encoding="utf-8")
        digest = file_sha256(source)
        key = f"landing/cars/{digest}/cars.csv"
        self.s3.upload_file(str(source), BUCKET, key)
        size = source.stat().st_size
        landed = Landed(BUCKET, key, "https://example.org/cars.csv", "cars.csv", size, digest, None, None)
        name = f"cars-{self.count}"
        return prepare(
            landed,
            dataset,
            s3=self.s3,
            run_id=f"run {self.count}",
            name_execution=lambda _: name,
            find_base=without_snapshot,
        )

    def succeed(self, text: str, dataset: Dataset = CARS) -> Prepared:
        prepared = self.prepare(text, dataset)
        remember_run(self.s3, "cars", prepared)
        return prepared

    def keys(self, prefix: str) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


@pytest.fixture
def runs(s3: Any, tmp_path: Path) -> Runs:
    return Runs(s3, tmp_path)


def test_a_run_that_succeeded_is_remembered_by_its_columns(runs: Runs) -> None:
    prepared = runs.succeed(FIRST)

    remembered = recall_run(runs.s3, BUCKET, "cars")

    assert remembered is not None
    assert remembered.columns.header == ("ID", "MSRP", "City")
    assert set(remembered.columns.sketches["MSRP"].shapes) == {"9", "9999"}
    assert (remembered.rows, remembered.run_id, remembered.execution) == (30, "run 1", "cars-1")
    assert remembered.source_sha256 == prepared.source.sha256


def test_a_run_that_did_not_succeed_is_not_remembered(runs: Runs) -> None:
    runs.succeed(FIRST)

    runs.prepare("ID,Other\n1,2\n")

    remembered = recall_run(runs.s3, BUCKET, "cars")
    assert remembered is not None
    assert remembered.execution == "cars-1"


def test_a_change_that_fails_stops_the_run_before_the_upload(runs: Runs) -> None:
    runs.succeed(FIRST)
    uploaded = runs.keys("source/")

    with pytest.raises(SchemaError, match=r"renamed = fail.*'MSRP' is now 'Price'") as refusal:
        runs.prepare(RENAMED)

    assert "It was read as UTF-8 and with ',' between two fields, as was found by a rule." in str(refusal.value)
    assert runs.keys("source/") == uploaded
    assert runs.keys("reports/cars/cars-2/") == []


def test_a_data_set_file_that_was_corrected_lets_the_same_source_pass(runs: Runs) -> None:
    runs.succeed(FIRST)
    corrected = replace(CARS, policies=Policies(schema=SchemaPolicy(("ID", "Price", "City"), renamed=OnChange.FAIL)))

    prepared = runs.succeed(RENAMED, corrected)

    assert [(change.columns, change.action) for change in prepared.schema_changes] == [(("MSRP", "Price"), "accept")]
    assert runs.prepare(RENAMED, corrected).schema_changes == ()


def test_a_rename_is_remembered_beyond_the_run_that_found_it(runs: Runs) -> None:
    lenient = replace(CARS, policies=Policies(schema=SchemaPolicy(("ID", "MSRP", "City"))))
    runs.succeed(FIRST, lenient)
    runs.succeed(RENAMED, lenient)

    for _ in range(2):
        [change] = runs.succeed(RENAMED, lenient).schema_changes
        assert (change.kind, change.columns, change.against) == ("renamed", ("MSRP", "Price"), "data set file")


def test_what_changed_travels_with_the_prepared_file(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    runs.succeed(FIRST)

    prepared = runs.prepare("ID,City\n1,Kent\n")

    [change] = Prepared.from_json(prepared.to_json()).schema_changes
    assert (change.kind, change.columns, change.against, change.action) == (
        "missing",
        ("MSRP",),
        "last successful run",
        "warn",
    )
    assert change.message in caplog.text


def test_the_rows_that_prepare_refuses_have_no_part_in_what_is_remembered(runs: Runs) -> None:
    runs.succeed("ID,City\n2,Kent,Seattle\n1,Kent\n")

    remembered = recall_run(runs.s3, BUCKET, "cars")

    assert remembered is not None
    assert remembered.columns.sketches["City"].shapes == {"A": 1}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"header": null}'])
def test_a_memory_that_cannot_be_read_stops_the_run_and_says_what_to_do(runs: Runs, content: bytes) -> None:
    runs.s3.put_object(Bucket=BUCKET, Key=memory_key("cars"), Body=content)

    with pytest.raises(SchemaError, match=r"reports/cars/last_successful\.json.*Delete it"):
        runs.prepare(FIRST)


def test_the_first_run_of_a_data_set_is_compared_with_its_file_alone(runs: Runs) -> None:
    assert runs.prepare(FIRST).schema_changes == ()
