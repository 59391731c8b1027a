"""What the rules refuse of a cell, the embedded AWS refuses of a value, as AWS does; what they take, it takes."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from tests.integration.local_aws.cloud import Cloud
from tests.support.converted_cell import convert_cell


@pytest.fixture(scope="module")
def table(embedded: Cloud) -> str:
    name = f"table-{uuid.uuid4()}"
    embedded.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def nested(levels: int) -> Any:
    value: Any = {"N": "1"}
    for level in range(levels):
        value = {"L": [value]} if level % 2 else {"M": {"a": value}}
    return value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ColumnType.SET, "a;b;a", {"SS": ["a", "b", "a"]}),
        (ColumnType.NUMBER_SET, "1;1.0", {"NS": ["1", "1.0"]}),
        (ColumnType.NUMBER_SET, "x", {"NS": ["x"]}),
        (ColumnType.NUMBER, "1e126", {"N": "1e126"}),
        (ColumnType.JSON, "[1e126]", {"L": [{"N": "1e126"}]}),
        (ColumnType.JSON, "9" * 39, {"N": "9" * 39}),
        (ColumnType.JSON, "[1e-131]", {"L": [{"N": "1e-131"}]}),
        (ColumnType.JSON, "[" * 32 + "1" + "]" * 32, nested(32)),
        (ColumnType.JSON, '{"a":' * 32 + "1" + "}" * 32, nested(32)),
    ],
)
def test_what_is_refused_there_is_refused_before(
    embedded: Cloud, table: str, kind: ColumnType, text: str, value: Any
) -> None:
    assert isinstance(convert_cell(text, type=kind), Refusal)

    with pytest.raises(ClientError, match="ValidationException"):
        embedded.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "x"}, "value": value})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ColumnType.SET, "b;a;c"),
        (ColumnType.NUMBER_SET, "30;1e2;-0.5;1E-130;9.9E125"),
        (ColumnType.LIST, "a;;a"),
        (ColumnType.BINARY, "/+8AQQ=="),
        (ColumnType.JSON, '{"b": [1, 2.50, {"x": null}], "a": {"z": ""}, " ": true}'),
        (ColumnType.JSON, "[" * 31 + "1" + "]" * 31),
        (ColumnType.JSON, "[" * 32 + "]" * 32),
        (ColumnType.JSON, "9" * 38),
        (ColumnType.JSON, "[1e125, 1e-130, -0]"),
        (ColumnType.JSON, '""'),
        (ColumnType.JSON, "null"),
    ],
)
def test_what_is_made_is_taken_and_comes_back_equal(embedded: Cloud, table: str, kind: ColumnType, text: str) -> None:
    made: Any = convert_cell(text, type=kind)
    item = {"id": {"S": str(uuid.uuid4())}, "value": made}
    dynamodb = embedded.client("dynamodb")

    dynamodb.put_item(TableName=table, Item=item)

    assert item_digest(dynamodb.get_item(TableName=table, Key={"id": item["id"]})["Item"]) == item_digest(item)
