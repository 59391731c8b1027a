import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from csvdynamo.aws.backoff import Backoff
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.time_zones import compile_zone
from csvdynamo.errors import BatchError, DeliveryDeadlineExceeded, OtherRulesError, TurnLostError
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.writing.turn import Holder, turn_key

LoadHandler = Callable[[str], ModuleType]
TABLE, STREAM, BUCKET = "tb_ev_vehicle_data", "errors", "migration-bucket"
TURN_BUCKET, TURN_KEY = "turn-bucket", turn_key("ev_population")
RULES = load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml").rules.digest
ROLE = "arn:aws:iam::123456789012:role/firehose"


@pytest.fixture
def resources(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table, the bucket and the delivery stream of a deployed stack."""
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "dol_vehicle_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "dol_vehicle_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "errors/",
        },
    )
    monkeypatch.setenv("DESTINATION_TABLE_NAME", TABLE)
    monkeypatch.setenv("ERROR_DELIVERY_STREAM_NAME", STREAM)
    monkeypatch.setenv("SOURCE_BUCKET_NAME", TURN_BUCKET)
    monkeypatch.setenv("TURN_KEY", TURN_KEY)
    boto3.client("s3").create_bucket(Bucket=TURN_BUCKET)


@pytest.fixture
def handler(resources: None, load_handler: LoadHandler) -> Any:
    return load_handler("migrate_batch").handler


def vehicle(row: int, vehicle_id: str, year: str = "2020", **more: str) -> dict[str, str]:
    numbered = {"_row": str(row), "DOL Vehicle ID": vehicle_id, "Model Year": year, "Postal Code": "00501"}
    return {**numbered, "Clean Alternative Fuel Vehicle (CAFV) Eligibility": "eligible", "County": "", **more}


def event(*rows: dict[str, str]) -> dict[str, Any]:
    return {"BatchInput": {"execution_name": "run-1"}, "Items": list(rows)}


def stored() -> dict[str, dict[str, Any]]:
    items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {item["dol_vehicle_id"]["S"]: item for item in items}


def delivered() -> list[Reject]:
    s3 = boto3.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    lines = [line for key in keys for line in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().splitlines()]
    return [Reject.from_json(line) for line in lines]


def cost_of(answer: dict[str, Any]) -> tuple[float | None, float, float]:
    """Take what the attempt cost out of an answer: units, beginning and seconds."""
    units, began, seconds = (answer.pop(name) for name in ("WRITE_UNITS", "BEGAN", "SECONDS"))
    assert (answer.pop("THROTTLED"), answer.pop("WAITED")) == ({}, 0.0)
    assert began + seconds - 0.01 <= time.time() < began + seconds + 60
    return units, began, seconds


def test_a_vehicle_is_stored_under_the_names_that_its_users_know(handler: Any, context: Any) -> None:
    answer = handler(event(vehicle(1, "249675142")), context)

    assert cost_of(answer)[0] == 1
    assert answer == {"NUMBER_OF_ITEMS_WRITTEN": 1, "NUMBER_OF_ITEMS_IN_ERROR": 0, "REJECT_IDS": [], "RULES": RULES}
    assert stored() == {
        "A_249675142": {
            "dol_vehicle_id": {"S": "A_249675142"},
            "model_year": {"N": "2020"},
            "postal_code": {"S": "00501"},
            "clean_alternative_fuel_vehicle_(cafv)_eligibility": {"S": "eligible"},
        }
    }
    assert delivered() == []


class FullOnce:
    """A door to DynamoDB whose table is full at the first call.

    Args:
        door: The door that it stands before.
    """

    def __init__(self, door: Any) -> None:
        self._door = door
        self._reasons = ["TableWriteMaxOnDemandThroughputExceeded"]

    def put(self, table: str, calls: Any) -> Any:
        if not self._reasons:
            return self._door.put(table, calls)
        told: Any = {"throttlingReasons": [{"reason": self._reasons.pop()}]}
        error = ClientError({"Error": {"Code": "ThrottlingException"}, **told}, "BatchWriteItem")
        return [error for _ in calls]


def test_an_answer_tells_what_was_throttled_and_how_long_it_waited(resources: None, load_handler: LoadHandler) -> None:
    module = load_handler("migrate_batch")
    full = replace(module.environment(), door=FullOnce(module.environment().door))
    slept: list[float] = []

    answer = module.migrate_batch(
        event(vehicle(1, "1"), vehicle(2, "2")), full, Backoff(sleep=slept.append, uniform=lambda: 1.0)
    )

    assert answer["NUMBER_OF_ITEMS_WRITTEN"] == 2
    assert answer["THROTTLED"] == {"TableWriteMaxOnDemandThroughputExceeded": 2}
    assert answer["WAITED"] == sum(slept) == 0.05


def test_a_cell_of_each_type_is_stored_as_its_column_says(
    resources: None, load_handler: LoadHandler, tmp_path: Path, context: Any
) -> None:
    rules = load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml").rules
    kinds = {kind: Column(kind.capitalize(), type=kind) for kind in (*ColumnType,) if kind is not ColumnType.TEXT}
    kinds[ColumnType.TIMESTAMP] = replace(kinds[ColumnType.TIMESTAMP], timezone=compile_zone("Asia/Tokyo"))
    path = tmp_path / "task" / "rules.json"
    path.write_bytes(replace(rules, columns=(*rules.columns, *kinds.values()), blank=frozenset({"NA"})).to_json())
    cells = {
        "Number": "1.50",
        "Boolean": "true",
        "Date": "2018-01-28",
        "Timestamp": "2018-01-28T05:03:00",
        "List": "a;b",
        "Set": "b;a",
        "Number_set": "2;1.0",
        "Json": '{"x": [1, null]}',
        "Binary": "/+8AQQ==",
        "Any": "NA",
    }

    answer = load_handler("migrate_batch").handler(
        event(vehicle(1, "7", **cells), vehicle(2, "8", **{**cells, "Set": "b;b"})), context
    )

    assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_IN_ERROR"]) == (1, 1)
    item = stored()["A_7"]
    assert item["set"].keys() == {"SS"}
    assert sorted(item["set"]["SS"]) == ["a", "b"]
    assert {name: value for name, value in item.items() if name in {one.lower() for one in cells} - {"set"}} == {
        "number": {"N": "1.5"},
        "boolean": {"BOOL": True},
        "date": {"S": "2018-01-28"},
        "timestamp": {"S": "2018-01-27T20:03:00Z"},
        "list": {"L": [{"S": "a"}, {"S": "b"}]},
        "number_set": {"NS": ["2", "1"]},
        "json": {"M": {"x": {"L": [{"N": "1"}, {"NULL": True}]}}},
        "binary": {"B": b"\xff\xef\x00A"},
    }
    [reject] = delivered()
    assert (reject.row, reject.code, reject.column) == (2, "BAD_TYPE", "Set")
    assert 'the member "b" twice' in reject.message


def test_every_row_of_a_batch_is_stored_or_delivered_as_a_reject(handler: Any, context: Any) -> None:
    rows = [vehicle(number, str(number)) for number in range(1, 251)]
    rows[9] = vehicle(10, " ")
    rows[19] = vehicle(20, "20", year="unknown")
    rows[29] = vehicle(30, "31")

    answer = handler(event(*rows), context)

    rejects = {reject.row: reject for reject in delivered()}
    assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_IN_ERROR"]) == (247, 3)
    assert len(stored()) == 247
    assert {row: reject.code for row, reject in rejects.items()} == {
        10: "MISSING_KEY",
        20: "BAD_TYPE",
        30: "DUPLICATE_KEY",
    }
    assert answer["REJECT_IDS"] == [rejects[row].reject_id for row in (10, 20, 30)]
    assert rejects[20].item == {header: value for header, value in rows[19].items() if header != "_row"}
    assert {reject.dataset for reject in rejects.values()} == {"ev_population"}
    assert {reject.execution_name for reject in rejects.values()} == {"run-1"}


def test_a_retried_batch_stores_the_same_items_and_names_the_same_rejects(handler: Any, context: Any) -> None:
    batch = event(vehicle(1, "1"), vehicle(2, ""), vehicle(3, "1", year="2021"))

    first, items = handler(batch, context), stored()
    second = handler(batch, context)

    assert cost_of(first)[0] == cost_of(second)[0] == 1
    assert second == first
    assert stored() == items
    assert items["A_1"]["model_year"] == {"N": "2021"}
    assert {reject.reject_id for reject in delivered()} == set(first["REJECT_IDS"])


def test_an_item_that_only_dynamodb_refuses_is_a_reject_with_its_message(
    handler: Any, context: Any, resources: None
) -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.delete_table(TableName=TABLE)
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "dol_vehicle_id", "KeyType": "HASH"},
            {"AttributeName": "county", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "dol_vehicle_id", "AttributeType": "S"},
            {"AttributeName": "county", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )

    answer = handler(event(vehicle(1, "1", County="King"), vehicle(2, "2"), vehicle(3, "3", County="King")), context)

    assert answer["NUMBER_OF_ITEMS_WRITTEN"] == 2
    (reject,) = delivered()
    assert (reject.row, reject.stage, reject.code) == (2, "write", "DYNAMODB_REFUSED")
    assert reject.message


def test_a_file_without_row_numbers_works_too(handler: Any, context: Any) -> None:
    rows = [{"DOL Vehicle ID": "1", "Make": "KIA"}, {"DOL Vehicle ID": "", "Make": "KIA"}]

    answer = handler(event(*rows), context)

    (reject,) = delivered()
    assert answer["NUMBER_OF_ITEMS_WRITTEN"] == 1
    assert (reject.row, answer["REJECT_IDS"]) == (None, [reject.reject_id])


def test_nothing_of_a_row_reaches_the_log(handler: Any, context: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="staged_migrate_batch")

    handler(event(vehicle(1, "s3cret"), vehicle(2, "", Make="s3cret")), context)

    own = [record.getMessage() for record in caplog.records if record.name == "staged_migrate_batch"]
    assert [json.loads(line)["rejected_by_code"] for line in own] == [{"MISSING_KEY": 1}]
    assert not any("s3cret" in line for line in own)


def test_a_wrong_event_is_refused_before_anything_is_written(handler: Any, context: Any) -> None:
    with pytest.raises(BatchError, match="BatchInput"):
        handler({"Items": [vehicle(1, "1")]}, context)

    assert stored() == {}


def test_rejects_that_cannot_be_delivered_fail_the_batch(
    resources: None, load_handler: LoadHandler, context: Any
) -> None:
    module = load_handler("migrate_batch")
    sent_after: list[int] = []

    class FullFirehose:
        def put_record_batch(self, **request: Any) -> dict[str, Any]:
            sent_after.append(len(stored()))
            records = request["Records"]
            return {"FailedPutCount": len(records), "RequestResponses": [{"ErrorCode": "x"}] * len(records)}

    clock = iter(range(60, -1000, -1))
    backoff = module.Backoff(remaining_seconds=lambda: next(clock), sleep=lambda _: None)
    env = module.environment()
    full = replace(env, firehose=FullFirehose())

    with pytest.raises(DeliveryDeadlineExceeded):
        module.migrate_batch(event(vehicle(1, "1"), vehicle(2, "")), full, backoff)

    assert set(sent_after) == {1}, "rejects are sent only once every write has settled"


def test_clients_and_rules_are_made_once_for_many_invocations(resources: None, load_handler: LoadHandler) -> None:
    module = load_handler("migrate_batch")

    assert module.environment() is module.environment()


def of_a_run(*rows: dict[str, str], execution: str = "run-1", rules: str = RULES) -> dict[str, Any]:
    return {"BatchInput": {"execution_name": execution, "rules": rules}, "Items": list(rows)}


def give_turn(execution: str, *, given_back: bool = False) -> None:
    body = Holder("run", execution, given_back=given_back).to_json().encode()
    boto3.client("s3").put_object(Bucket=TURN_BUCKET, Key=TURN_KEY, Body=body)


def test_a_run_writes_while_it_has_the_turn_and_a_batch_without_rows_tells_whether_it_may(
    handler: Any, context: Any
) -> None:
    give_turn("run-1")

    assert handler(of_a_run(), context)["NUMBER_OF_ITEMS_WRITTEN"] == 0
    assert handler(of_a_run(vehicle(1, "1")), context)["NUMBER_OF_ITEMS_WRITTEN"] == 1


@pytest.mark.parametrize("holder", [None, {"execution": "run-2"}, {"execution": "run-1", "given_back": True}])
def test_a_run_that_lost_its_turn_writes_nothing(handler: Any, context: Any, holder: dict[str, Any] | None) -> None:
    if holder:
        give_turn(**holder)

    with pytest.raises(TurnLostError, match="run-1"):
        handler(of_a_run(vehicle(1, "1")), context)
    assert stored() == {}


def test_rows_that_were_prepared_by_other_rules_are_not_written(handler: Any, context: Any) -> None:
    give_turn("run-1")

    with pytest.raises(OtherRulesError, match="clear the task prepare"):
        handler(of_a_run(vehicle(1, "1"), rules="0a" * 32), context)
    assert stored() == {}


def test_an_execution_started_by_hand_goes_on_while_nobody_has_the_turn(handler: Any, context: Any) -> None:
    give_turn("run-1", given_back=True)
    assert handler(event(vehicle(1, "1")), context)["NUMBER_OF_ITEMS_WRITTEN"] == 1

    give_turn("run-2")
    by_hand = {**event(vehicle(2, "2")), "BatchInput": {"execution_name": "by-hand", "rules": ""}}
    with pytest.raises(TurnLostError, match="the turn of execution run-2, not of by-hand"):
        handler(by_hand, context)
    assert set(stored()) == {"A_1"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null"])
def test_an_object_that_says_nothing_of_a_turn_lets_nobody_write(handler: Any, context: Any, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=TURN_BUCKET, Key=TURN_KEY, Body=body)

    with pytest.raises(TurnLostError, match=f"s3://{TURN_BUCKET}/{TURN_KEY} does not say"):
        handler(event(vehicle(1, "1")), context)
