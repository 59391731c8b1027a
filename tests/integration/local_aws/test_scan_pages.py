"""Scans of the embedded AWS: the pages of plain MiniStack, at the cost of what they hold."""

import subprocess
import sys
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import Cloud

ITEMS = 24


def make_table(cloud: Cloud, *, key: str = "S", sort: bool = False) -> str:
    name = f"table-{uuid.uuid4()}"
    parts = [("id", "HASH", key), *([("at", "RANGE", "N")] if sort else [])]
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": part, "KeyType": kind} for part, kind, _ in parts],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": letter} for part, _, letter in parts],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def put(cloud: Cloud, table: str, key: Any, at: int = 0, size: int = 1) -> None:
    item = {"id": key, "at": {"N": str(at)}, "text": {"S": "x" * size}, "odd": {"BOOL": bool(at % 2)}}
    cloud.client("dynamodb").put_item(TableName=table, Item=item)


def filled(cloud: Cloud, **more: Any) -> str:
    table = make_table(cloud, **more)
    for number in range(ITEMS):
        put(cloud, table, {"S": f"{number % 16}é"}, number)
    return table


def of_large_items(cloud: Cloud) -> str:
    """Pages of 1 MB hold three of them."""
    table = make_table(cloud)
    for number in range(12):
        put(cloud, table, {"S": str(number)}, number, size=300_000)
    return table


def of_numbers(cloud: Cloud) -> str:
    table = make_table(cloud, key="N")
    for number in range(12):
        put(cloud, table, {"N": str(number)})
    return table


TABLES: dict[str, Any] = {
    "some": filled,
    "with a sort key": lambda cloud: filled(cloud, sort=True),
    "of large items": of_large_items,
    "of number keys": of_numbers,
    "empty": make_table,
}
REQUESTS: dict[str, dict[str, Any]] = {
    "whole": {},
    "consistent": {"ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"},
    "one by one": {"Limit": 1},
    "by sevens": {"Limit": 7},
    "just all": {"Limit": ITEMS},
    "filtered": {
        "Limit": 5,
        "FilterExpression": "odd = :yes",
        "ExpressionAttributeValues": {":yes": {"BOOL": True}},
        "ProjectionExpression": "id",
    },
    "counted": {"Select": "COUNT", "Limit": 9},
}


def pages(cloud: Cloud, table: str, **asked: Any) -> list[Any]:
    read: list[Any] = []
    while True:
        answer = cloud.client("dynamodb").scan(TableName=table, **asked)
        del answer["ResponseMetadata"]
        answer.get("ConsumedCapacity", {}).pop("TableName", None)
        read.append(answer)
        if "LastEvaluatedKey" not in answer:
            return read
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@pytest.fixture(scope="module", params=TABLES, ids=list(TABLES))
def tables(request: pytest.FixtureRequest, plain: Cloud, embedded: Cloud) -> tuple[str, str]:
    make = TABLES[request.param]
    return make(plain), make(embedded)


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=list(REQUESTS))
@pytest.mark.parametrize("segments", [None, 1, 3])
def test_every_page_is_the_one_of_plain_ministack(
    tables: tuple[str, str], plain: Cloud, embedded: Cloud, asked: dict[str, Any], segments: int | None
) -> None:
    parts = [{"Segment": number, "TotalSegments": segments} for number in range(segments)] if segments else [{}]

    for part in parts:
        assert pages(embedded, tables[1], **asked, **part) == pages(plain, tables[0], **asked, **part)


@pytest.mark.parametrize(
    "asked",
    [
        {"Segment": 0},
        {"TotalSegments": 2},
        {"Segment": 2, "TotalSegments": 2},
        {"ExclusiveStartKey": {"other": {"S": "x"}}},
        {"ExclusiveStartKey": {"id": {"N": "1"}}},
        {"IndexName": "none"},
        {"FilterExpression": "((odd = odd))"},
    ],
    ids=str,
)
def test_what_is_wrong_with_a_request_is_said_in_the_same_words(
    tables: tuple[str, str], plain: Cloud, embedded: Cloud, asked: dict[str, Any]
) -> None:
    def said(cloud: Cloud, table: str) -> Any:
        try:
            return pages(cloud, table, **asked)
        except ClientError as error:
            return str(error)

    assert said(embedded, tables[1]) == said(plain, tables[0])


def test_a_page_shows_what_came_and_went_since_the_one_before(plain: Cloud, embedded: Cloud) -> None:
    def read(cloud: Cloud) -> list[Any]:
        dynamodb, table = cloud.client("dynamodb"), filled(cloud)
        first = dynamodb.scan(TableName=table, Limit=10)
        last = first["LastEvaluatedKey"]
        dynamodb.delete_item(TableName=table, Key=last)
        put(cloud, table, {"S": last["id"]["S"] + "a"})
        put(cloud, table, {"S": last["id"]["S"] + "b"})
        dynamodb.delete_item(TableName=table, Key={"id": {"S": last["id"]["S"] + "b"}})
        rest = pages(cloud, table, ExclusiveStartKey=last, Limit=10)
        return [first["Items"], rest]

    seen = read(embedded)

    assert seen == read(plain)
    assert seen[1][0]["Items"][0]["id"]["S"] == seen[0][-1]["id"]["S"] + "a"


_WORK = """
import json, sys
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

if sys.argv[1] == "embedded":
    from local_aws import scan_pages
    scan_pages.install()

table = {
    "TableName": "cars", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
if sys.argv[2] == "a stack":
    provisioners._ddb_create("Cars", table, "stack")
else:
    dynamodb._create_table(table)
for number in range(1000):
    dynamodb._put_item({"TableName": "cars", "Item": {"id": {"S": str(number)}}})
looked_at, real = [], dynamodb._extract_key_val
dynamodb._extract_key_val = lambda value: looked_at.append(value) or real(value)
status, _, body = dynamodb._scan({"TableName": "cars", "Limit": 5, "Segment": 1, "TotalSegments": 4})
assert (status, len(json.loads(body)["Items"])) == (200, 5)
print(len(looked_at))
"""


def keys_looked_at(what: str, maker: str) -> int:
    """How many keys of a table of a thousand are looked at for a page of five items."""
    done = subprocess.run([sys.executable, "-c", _WORK, what, maker], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("maker", ["a call", "a stack"])
def test_a_page_costs_what_it_holds(maker: str) -> None:
    assert keys_looked_at("embedded", maker) < 50


def test_a_page_of_plain_ministack_costs_what_the_table_holds() -> None:
    assert keys_looked_at("plain", "a call") >= 1000, (
        "MiniStack now looks at no more than a page itself: delete local_aws/scan_pages.py and ordered_items.py."
    )
