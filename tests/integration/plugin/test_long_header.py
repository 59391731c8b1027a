"""A header longer than Step Functions reads, from the source to the check of the table: nobody sees its short names."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import migrate_batch
from csvdynamo.aws.backoff import Backoff
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo.errors import BatchError, OtherRulesError
from csvdynamo.folders import names_key, names_prefix
from csvdynamo.records.rejects import MAX_RECORD_BYTES, Reject
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.fence import Fence
from csvdynamo.writing.names import Names
from csvdynamo.writing.turn import Holder
from csvdynamo_airflow.documents.checked_table import DifferenceKind
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepare import prepare
from csvdynamo_airflow.storage.stored_file import ObjectError, file_sha256
from csvdynamo_airflow.table.table_reader import TableReader
from csvdynamo_airflow.table.verification import TableCheck
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from tests.integration.plugin.migration_objects import BUCKET, answer, batch_that_failed, put_error_file, put_results
from tests.integration.plugin.moto_table import TABLE, table
from tests.support.write_door import Door
from tests.unit.plugin.run_findings import execution, without_snapshot

CARS = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "id"

[computed."all"]
digest = "*"

[columns."Car ID"]
rename = "id"

[columns."Year"]
type = "number"

[gates]
max_reject_percent = 100
"""

INDICATOR = (
    "Indicator {:03} of the county, seasonally adjusted, in 1,000 €, as of the revision of the accounts " + "x" * 40
)
NAMES = ("Car ID", "Year", *map(INDICATOR.format, range(80)))
HEADER = FileHeader(NAMES)
ROWS = (
    ("1", "2020", "a", *[""] * 78, "z"),
    ("2", "soon", *[""] * 80),
    ("3", "2021", "too narrow"),
    ("4", "2022", "back\\slash", *[""] * 79),
    ("", "2023", *[""] * 80),
    ("6", "2024", "first", *[""] * 79),
    ("6", "2025", "last", *[""] * 79),
    ("8", "2026", *[""] * 80),
)
"""Rows 2 and 5 are the function's rejects, rows 3 and 6 those of prepare."""


class Stream:
    """Firehose: what it was sent."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, bytes]]) -> dict[str, Any]:  # noqa: N803
        self.records += [record["Data"] for record in Records]
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "x"}] * len(Records)}


class Cars:
    """A data set's way to its table, each step called as its task or the function calls it."""

    def __init__(self, s3: Any, dynamodb: Any, dataset: Dataset, folder: Path) -> None:
        self.s3, self.dynamodb, self.dataset, self.folder = s3, dynamodb, dataset, folder
        self.stream = Stream()
        self.names = Names(s3, BUCKET, "cars")
        s3.put_object(Bucket=BUCKET, Key="turn", Body=Holder("cars-1", "cars-1").to_json().encode())

    def prepare(self, content: bytes) -> Prepared:
        source = self.folder / "source.csv"
        source.write_bytes(content)
        digest = file_sha256(source)
        key = f"landing/cars/{digest}/cars.csv"
        self.s3.upload_file(str(source), BUCKET, key)
        landed = Landed(BUCKET, key, "https://example.org/cars.csv", "cars.csv", len(content), digest, None, None)
        return prepare(
            landed,
            self.dataset,
            s3=self.s3,
            run_id="run",
            name_execution=lambda _: "cars-1",
            find_base=without_snapshot,
        )

    def body(self, key: str | None) -> bytes:
        assert key is not None
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def items(self, prepared: Prepared) -> list[dict[str, str]]:
        """What Step Functions' reader makes of the prepared file."""
        return list(read_items(self.body(prepared.file_key), CsvFormat()))

    def migrate(self, prepared: Prepared, rows: Sequence[Mapping[str, str]], **told: str) -> Any:
        """Call the function on a batch."""
        rules = prepared.file_header.told_rules(prepared.rules)
        event = {"BatchInput": {"execution_name": "cars-1", "rules": rules, **told}, "Items": list(rows)}
        environment = migrate_batch.Environment(
            RowConverter(self.dataset.rules),
            Door(self.dynamodb),
            TABLE,
            self.stream,
            "errors",
            Fence(self.s3, BUCKET, "turn"),
            self.names,
        )
        return migrate_batch.migrate_batch(event, environment, Backoff(remaining_seconds=lambda: 60.0))

    @property
    def rejects(self) -> list[Reject]:
        return [*map(Reject.from_json, self.stream.records)]

    def table(self) -> dict[str, dict[str, Any]]:
        return {item["id"]["S"]: item for item in self.dynamodb.scan(TableName=TABLE)["Items"]}

    def check(self, prepared: Prepared, outcome: Any, mode: VerifyMode) -> Any:
        policies = replace(self.dataset.policies, verify=Verification(mode=mode))
        dataset = replace(self.dataset, policies=policies)
        reader = TableReader(self.dynamodb, TABLE, dataset.rules.key)
        return TableCheck(self.s3, reader, dataset, prepared, outcome).run("run")

    def stored_names(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=names_prefix("cars"))
        return [one["Key"] for one in listed.get("Contents", [])]


def written(*rows: Sequence[str], names: Sequence[str] = NAMES) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([names, *rows])
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def dynamodb(client: Any) -> Iterator[Any]:
    with table() as one:
        yield one


@pytest.fixture
def cars(s3: Any, dynamodb: Any, tmp_path: Path) -> Iterator[Cars]:
    path = tmp_path / "cars.toml"
    path.write_text(CARS, encoding="utf-8")
    cars = Cars(s3, dynamodb, load_dataset(path), tmp_path)
    yield cars
    for key in cars.table():
        dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": key}})


@pytest.fixture
def prepared(cars: Cars) -> Prepared:
    return cars.prepare(written(*ROWS))


def test_the_file_has_short_names_and_the_sources_are_beside_it(cars: Cars, prepared: Prepared) -> None:
    header, first, *_ = cars.body(prepared.file_key).decode().split("\n")

    assert len(",".join(NAMES)) > 10_240 > len(header)
    assert header.startswith(f"_row:{HEADER.digest},1,2,3,")
    assert first == "1,1,2020,a" + "," * 79 + "z"
    assert prepared.header == NAMES
    assert cars.stored_names() == [names_key("cars", HEADER.digest)]
    assert json.loads(cars.body(names_key("cars", HEADER.digest))) == [*NAMES]
    assert prepared.rejects_by_code == {"BAD_WIDTH": 1, "DUPLICATE_KEY": 1}
    profile = json.loads(cars.body(prepared.profile_key))
    assert (list(profile["columns"]), profile["columns"]["Year"]["distinct"]) == ([*NAMES], 6)


def test_items_and_rejects_have_the_sources_names(cars: Cars, prepared: Prepared) -> None:
    answered = cars.migrate(prepared, cars.items(prepared))

    assert (answered["NUMBER_OF_ITEMS_WRITTEN"], answered["RULES"]) == (4, cars.dataset.rules.digest)
    by_names = RowConverter(cars.dataset.rules)
    rows = [dict(zip(NAMES, ROWS[number - 1], strict=True)) for number in (1, 4, 7, 8)]
    assert cars.table() == {row["Car ID"]: by_names.convert(row) for row in rows}
    assert cars.table()["1"][NAMES[-1]] == {"S": "z"}
    assert [(one.row, one.code, one.column, one.item) for one in cars.rejects] == [
        (2, "BAD_TYPE", "Year", dict(zip(NAMES, ROWS[1], strict=True))),
        (5, "MISSING_KEY", "Car ID", dict(zip(NAMES, ROWS[4], strict=True))),
    ]


@pytest.mark.parametrize("mode", [VerifyMode.FULL, VerifyMode.SAMPLE])
def test_error_files_and_the_check_of_the_table_have_them_too(cars: Cars, prepared: Prepared, mode: VerifyMode) -> None:
    if mode is VerifyMode.SAMPLE:
        policies = replace(cars.dataset.policies, verify=Verification(mode=mode))
        cars.dataset = replace(cars.dataset, policies=policies)
        prepared = cars.prepare(written(*ROWS))
        assert prepared.sample_key
    items = cars.items(prepared)
    answered = cars.migrate(prepared, items[:4])
    put_error_file(cars.s3, [record.decode().rstrip("\n") for record in cars.stream.records])
    results = {
        "SUCCEEDED": [answer(answered["NUMBER_OF_ITEMS_WRITTEN"], answered["REJECT_IDS"], answered["RULES"])],
        "FAILED": [batch_that_failed(items[4:5], error="States.Timeout")],
        "PENDING": [batch_that_failed(items[5:], status="PENDING")],
    }
    put_results(cars.s3, "cars-1", results)

    outcome = gather(cars.s3, "cars", prepared, execution("FAILED"))
    checked = cars.check(prepared, outcome, mode)

    header, *rows = csv.reader(io.StringIO(cars.body(outcome.csv_key).decode("utf-8-sig"), newline=""))
    told = ("_row", "_code", "_column", "_message")
    assert header == [*NAMES, *told]
    of = dict(zip(header, zip(*rows, strict=True), strict=True))
    assert [*zip(of["_row"], of["_code"], of["_column"], of["Car ID"], of[NAMES[2]], strict=True)] == [
        ("3", "BAD_WIDTH", "", "3", "too narrow"),
        ("6", "DUPLICATE_KEY", "Car ID", "6", "first"),
        ("2", "BAD_TYPE", "Year", "2", ""),
        ("5", "MISSING_KEY", "Car ID", "", ""),
        ("7", "BATCH_FAILED", "", "6", "last"),
        ("8", "BATCH_NOT_STARTED", "", "8", ""),
    ]
    assert (checked.keys_checked, checked.counts) == (4, {DifferenceKind.UNFINISHED: 2})

    cars.dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": "4"}})
    lost = cars.check(prepared, outcome, mode)
    assert lost.counts == {DifferenceKind.UNFINISHED: 2, DifferenceKind.MISSING: 1}

    again = cars.prepare(written(*rows, names=header))
    assert again.header == NAMES
    assert cars.stored_names() == [names_key("cars", HEADER.digest)]


def test_a_batch_without_its_names_or_with_others_writes_nothing(cars: Cars, prepared: Prepared) -> None:
    items, key = cars.items(prepared), names_key("cars", HEADER.digest)
    other = json.dumps([*NAMES[:-2], NAMES[-1], NAMES[-2]], ensure_ascii=False, separators=(",", ":")).encode()
    marked = f"_row:{FileHeader(tuple(json.loads(other))).digest}"

    cars.s3.put_object(Bucket=BUCKET, Key=key, Body=other)
    with pytest.raises(BatchError, match=f"{key}: .* not the one that belongs to the file.*prepare"):
        cars.migrate(prepared, items)
    with pytest.raises(ObjectError, match="it was changed after its upload"):
        cars.prepare(written(*ROWS))
    cars.s3.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(BatchError, match=f"{key}: .* is gone.*prepare"):
        cars.migrate(prepared, items)
    cars.prepare(written(*ROWS))
    cell, *cells = items[0].items()
    for wrong, told in (
        (dict(cells), "several files"),
        ({marked: cell[1], **dict(cells)}, "several files"),
        (dict([cell, *cells[:-1]]), "not of the file"),
    ):
        with pytest.raises(BatchError, match=told):
            cars.migrate(prepared, [items[1], wrong])

    assert (cars.table(), cars.stream.records) == ({}, [])
    assert cars.migrate(prepared, items)["NUMBER_OF_ITEMS_WRITTEN"] == 4


def test_no_file_is_stored_whose_names_are_not(cars: Cars) -> None:
    cars.s3.put_object(Bucket=BUCKET, Key=names_key("cars", HEADER.digest), Body=HEADER.document + b" ")

    with pytest.raises(ObjectError, match="Delete the object and clear this task"):
        cars.prepare(written(*ROWS))

    listed = cars.s3.list_objects_v2(Bucket=BUCKET, Prefix="source/")["Contents"]
    assert [one["Key"] for one in listed] == cars.stored_names()


def test_the_names_are_read_once_for_all_batches_of_a_file(cars: Cars, prepared: Prepared) -> None:
    read: list[str] = []
    cars.s3.meta.events.register(
        "provide-client-params.s3.GetObject", note := lambda params, **_: read.append(params["Key"])
    )
    items = cars.items(prepared)
    for item in items:
        cars.migrate(prepared, [item])
    cars.s3.meta.events.unregister("provide-client-params.s3.GetObject", note)

    assert read.count(names_key("cars", HEADER.digest)) == 1


def test_a_person_may_start_an_execution_on_the_file_and_nobody_by_other_rules(cars: Cars, prepared: Prepared) -> None:
    items = cars.items(prepared)

    with pytest.raises(OtherRulesError, match="clear the task prepare"):
        cars.migrate(prepared, items, rules=HEADER.told_rules("0" * 64))
    assert cars.table() == {}
    assert cars.migrate(prepared, items, rules="")["NUMBER_OF_ITEMS_WRITTEN"] == 4


WIDE = ("Car ID", "Year", *(f"{number:04}" + "x" * 10_496 for number in range(98)))
"""A megabyte of names, which no record of a reject has room for."""


def cell_in_each(cells: int) -> tuple[str, ...]:
    return (*["y"] * cells, *[""] * (98 - cells))


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (("1", "2020", *cell_in_each(0)), "written"),
        (("1", "2020", *cell_in_each(38)), "written"),
        (("1", "2020", *cell_in_each(41)), ("validate", "TOO_LARGE")),
        (("1", "soon", *cell_in_each(0)), ("validate", "BAD_TYPE")),
        (("1", "soon", *cell_in_each(93)), ("validate", "BAD_TYPE")),
        (("1", "2020", *cell_in_each(98)), ("prepare", "TOO_LARGE")),
    ],
    ids=["no cell", "as many as fit", "too many for an item", "no number", "no number, and hardly room", "no room"],
)
def test_of_a_header_of_a_megabyte_every_row_is_an_item_or_a_reject(
    cars: Cars, row: tuple[str, ...], outcome: Any
) -> None:
    prepared = cars.prepare(written(row, names=WIDE))
    assert prepared.header == WIDE
    found: list[Any] = []
    if prepared.prepared_rows:
        answered = cars.migrate(prepared, cars.items(prepared))
        found += ["written"] * answered["NUMBER_OF_ITEMS_WRITTEN"]
        assert len(found) == len(cars.table())
    rejects = [*cars.rejects]
    if prepared.rejects_key:
        rejects += map(Reject.from_json, cars.body(prepared.rejects_key).splitlines())
    assert all(len(record) <= MAX_RECORD_BYTES for record in cars.stream.records)
    filled = {name: cell for name, cell in zip(WIDE, row, strict=True) if cell}
    for reject in rejects:
        assert {name: cell for name, cell in reject.item.items() if cell} == filled

    assert [*found, *((reject.stage, reject.code) for reject in rejects)] == [outcome]
