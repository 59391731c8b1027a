"""A table that throttles: what is left or refused, by which reason, and that the function's writer copes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.aws.aws_errors import throttling_reasons
from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import batch_write, session
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.writing.batch_writer import BatchWriter
from csvdynamo.writing.cost import CostMeter
from local_aws import LocalAws
from tests.integration.local_aws.cloud import Cloud
from tests.support.write_door import on_the_wire

KEY = TableKey(KeyAttribute("id"))
UNITS = 120


@pytest.fixture(scope="module")
def throttling() -> Iterator[Cloud]:
    """One whose new tables on demand take a hundredth of DynamoDB's."""
    with LocalAws(settings={"LOCAL_AWS_TABLE_WRITE_UNITS": str(UNITS)}) as aws:
        yield Cloud(aws.environment)


@pytest.fixture
def make_table(throttling: Cloud) -> Callable[..., str]:
    """Gives a function that makes a table; on demand if nothing else is said."""

    def make(name: str, *, sort_key: bool = False, **more: Any) -> str:
        names = ["id", "at"] if sort_key else ["id"]
        throttling.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": one, "KeyType": kind} for one, kind in zip(names, ["HASH", "RANGE"], strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
            **{"BillingMode": "PAY_PER_REQUEST", **more},
        )
        return name

    return make


def put(cloud: Cloud, table: str, begin: int, **more: Any) -> tuple[int, str, set[str]]:
    """Put 25 items; return how many were left, and the error's code and reasons if all were refused."""
    requests = [{"PutRequest": {"Item": {"id": {"S": str(begin + n)}, **more}}} for n in range(25)]
    try:
        answer = cloud.client("dynamodb").batch_write_item(RequestItems={table: requests})
    except ClientError as error:
        return 25, error.response["Error"]["Code"], set(throttling_reasons(error))
    left: list[Any] = answer["UnprocessedItems"].get(table, [])
    return len(left), "", set()


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        ({}, "ThrottlingException", "TableWriteKeyRangeThroughputExceeded"),
        (
            {"OnDemandThroughput": {"MaxWriteRequestUnits": 60}},
            "ThrottlingException",
            "TableWriteMaxOnDemandThroughputExceeded",
        ),
        (
            {
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 60},
            },
            "ProvisionedThroughputExceededException",
            "TableWriteProvisionedThroughputExceeded",
        ),
    ],
)
def test_what_is_beyond_a_tables_rate_is_left_or_refused_with_its_reason(
    throttling: Cloud, make_table: Any, settings: dict[str, Any], code: str, reason: str
) -> None:
    table = make_table(f"t-{reason}", **settings)

    # Items of 100 KB: the first calls take more than the table gives in the seconds of this test.
    answers = [put(throttling, table, 25 * number, text={"S": "x" * 100_000}) for number in range(6)]

    assert any(0 < left < 25 for left, _, _ in answers), answers
    assert {(told, *reasons) for left, told, reasons in answers if left == 25} == {(code, reason)}
    stored = throttling.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"]
    assert stored == sum(25 - left for left, _, _ in answers)


@pytest.mark.parametrize("limit", ["provisioned", "maximum"])
def test_a_table_that_is_given_more_units_takes_more_at_once(throttling: Cloud, make_table: Any, limit: str) -> None:
    def settings(units: int) -> dict[str, Any]:
        if limit == "maximum":
            return {"OnDemandThroughput": {"MaxWriteRequestUnits": units}}
        return {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": units}}

    mode = {"BillingMode": "PROVISIONED"} if limit == "provisioned" else {}
    table = make_table(f"more-{limit}", **mode, **settings(10))
    before = put(throttling, table, 0)

    throttling.client("dynamodb").update_table(TableName=table, **settings(100))

    assert before[0] >= 14
    assert put(throttling, table, 100) == (0, "", set())


def test_a_partition_is_hot_where_its_table_is_not(throttling: Cloud, make_table: Any) -> None:
    units = dict.fromkeys(("ReadCapacityUnits", "WriteCapacityUnits"), 40_000)
    table = make_table("hot", sort_key=True, BillingMode="PROVISIONED", ProvisionedThroughput=units)

    def left(keys: list[str]) -> int:
        """Put 25 items of 98 units each; return how many were left."""
        requests = [
            {"PutRequest": {"Item": {"id": {"S": key}, "at": {"S": f"{n}"}, "text": {"S": "x" * 100_000}}}}
            for n, key in enumerate(keys)
        ]
        answer = throttling.client("dynamodb").batch_write_item(RequestItems={table: requests})
        return len(answer["UnprocessedItems"].get(table, []))

    assert left([f"cold-{n}" for n in range(25)]) == 0
    assert left(["hot"] * 25) == 14  # the eleventh begins below the 1,000 units of a partition


def test_the_functions_writer_stores_every_item_and_tells_what_was_throttled(
    throttling: Cloud, make_table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, meter = make_table("writer"), CostMeter()
    for name, value in throttling.environment.items():
        monkeypatch.setenv(name, value)
    session.cache_clear()
    writer = BatchWriter(batch_write(), table, KEY, Backoff(), meter=meter)

    refused = writer.write([on_the_wire({"id": {"S": str(n)}}, KEY) for n in range(4 * UNITS)])

    session.cache_clear()
    assert refused == []
    assert throttling.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"] == 4 * UNITS
    cost = meter.read()
    assert cost.write_units == 4 * UNITS
    assert cost.throttled.get("UnprocessedItems", 0) > 0
    assert cost.seconds > 2
