"""Items of every type, put into a table and read back: the check of the table finds them equal."""

from collections.abc import Iterator
from typing import Any

import pytest

from csvdynamo.aws.item_answers import take_items_as_they_are
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.columns import Column, ColumnType, Negative, Store
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.table.table_check import differing_attributes
from csvdynamo_airflow.table.table_reader import TableReader
from tests.integration.plugin.moto_table import TABLE, put_items, table
from tests.support.converted_row import convert_row

COLUMNS = (
    Column("id"),
    Column("price", type=ColumnType.NUMBER, thousands=",", strip="$ ", negative=Negative.PARENTHESES),
    Column("share", type=ColumnType.NUMBER, percent=True),
    Column("electric", type=ColumnType.BOOLEAN),
    Column("built", type=ColumnType.DATE, formats=("%d/%m/%Y",)),
    Column("until", type=ColumnType.TIMESTAMP, store=Store.EPOCH),
    Column("owners", type=ColumnType.LIST),
    Column("colours", type=ColumnType.SET),
    Column("codes", type=ColumnType.NUMBER_SET),
    Column("extras", type=ColumnType.JSON),
    Column("photo", type=ColumnType.BINARY),
)
ROWS = [
    {
        "id": "A_1",
        "price": "($1,234.50)",
        "share": "12.5%",
        "electric": "true",
        "built": "28/01/2018",
        "until": "2018-01-28T05:03:00Z",
        "owners": "b;a;;b",
        "colours": "red;blue;é",
        "codes": "30;1e2;-0.50",
        "extras": '{"b": [1, 2.50, {"x": null}], "a": {"": 1}}'.replace('"": 1', '"z": ""'),
        "photo": "/+8AQQ==",
    },
    {
        "id": "A_2",
        "price": "9" * 38,
        "share": "0%",
        "until": "1960-01-28T05:03:00Z",
        "extras": "[" * 32 + "]" * 32,
        "codes": "1E-130;9.9E125",
    },
    {"id": "A_3", "extras": "{}", "owners": ";"},
    {"id": "A_4", "extras": '""'},
]


@pytest.fixture(scope="module")
def dynamodb(client: Any) -> Iterator[Any]:
    with table() as dynamodb:
        take_items_as_they_are(dynamodb)  # as the tasks' client does
        yield dynamodb


def items() -> list[Item]:
    made = [convert_row(RowRules("cars", TABLE, "id", columns=COLUMNS), row) for row in ROWS]
    assert not [one for one in made if isinstance(one, Refusal)]
    return [one for one in made if not isinstance(one, Refusal)]


def test_what_the_rules_make_is_taken_and_comes_back_equal(dynamodb: Any) -> None:
    made = items()
    put_items(dynamodb, made)
    reader = TableReader(dynamodb, TABLE, TableKey(KeyAttribute("id")))

    by_key = reader.get([one["id"]["S"] for one in made])
    scanned = {one["id"]["S"]: one for one in reader.scan(2)}

    assert len(made) == len(ROWS)
    for one in made:
        for found in (by_key[one["id"]["S"]], scanned[one["id"]["S"]]):
            assert item_digest(found) == item_digest(one)
            assert differing_attributes(one, found) == ()
