"""The key of a table as DynamoDB itself tells it."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import IndexRules, Table
from csvdynamo_airflow.table.existing_table import check_table
from csvdynamo_airflow.table.table_key import TableError, TableNotReadyError, check_table_key
from tests.integration.plugin.moto_table import TABLE, table

CARS = Dataset("cars", Source("https://example.org/c.csv", "c.csv"), Table(TABLE, "id"))


@pytest.fixture
def dynamodb(client: Any) -> Any:
    return boto3.client("dynamodb", region_name="us-east-1")


def test_the_table_that_a_stack_makes_is_taken(client: Any) -> None:
    with table() as dynamodb:
        check_table_key(dynamodb, TABLE, CARS)


def test_a_table_with_a_sort_key_and_an_index_is_told_by_its_own_key(dynamodb: Any) -> None:
    keys = {"id": "S", "year": "N", "city": "S"}
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_city",
                "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        with pytest.raises(TableError, match=r"the partition key 'id' \(text\) and the sort key 'year' \(number\);"):
            check_table_key(dynamodb, TABLE, CARS)
    finally:
        dynamodb.delete_table(TableName=TABLE)


@pytest.mark.parametrize("answer", [{}, {"Table": {}}, {"Table": {"TableName": TABLE, "TableStatus": "ACTIVE"}}])
def test_an_answer_that_describes_no_table_is_left_to_a_later_attempt(client: Any, answer: dict[str, Any]) -> None:
    with table() as dynamodb:
        stubber = Stubber(dynamodb)
        stubber.add_response("describe_table", answer)
        with (
            stubber,
            pytest.raises(TableNotReadyError, match=r"without describing the table tb_cars\. "),
        ):
            check_table_key(dynamodb, TABLE, CARS)


THEIRS = Dataset(
    "cars",
    Source("https://example.org/c.csv", "c.csv"),
    Table(TABLE, "id", managed=False, ttl="until", index={"by_city": IndexRules("city")}),
)


def make_theirs(dynamodb: Any, *, index: str, ttl: str | None) -> None:
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "city")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    if ttl is not None:
        specification = {"Enabled": True, "AttributeName": ttl}
        dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=specification)


@pytest.mark.parametrize(
    ("index", "ttl", "refused"),
    [
        ("by_city", "until", None),
        ("by_town", "until", "does not say that there is the index by_town"),
        ("by_city", None, "deletes items by no attribute"),
        ("by_city", "ends", "deletes items by the attribute 'ends'"),
    ],
)
def test_a_table_that_the_stack_did_not_make_is_held_to_its_indexes_and_its_time_to_live(
    dynamodb: Any, index: str, ttl: str | None, refused: str | None
) -> None:
    make_theirs(dynamodb, index=index, ttl=ttl)
    try:
        check_table(dynamodb, TABLE, replace(THEIRS, table=Table(TABLE, "id")))
        if refused is None:
            check_table(dynamodb, TABLE, THEIRS)
        else:
            with pytest.raises(TableError, match=refused):
                check_table(dynamodb, TABLE, THEIRS)
    finally:
        dynamodb.delete_table(TableName=TABLE)


def test_a_table_that_was_to_be_there_and_is_not_is_told_with_the_key_that_it_needs(dynamodb: Any) -> None:
    with pytest.raises(TableError) as refusal:
        check_table(dynamodb, TABLE, THEIRS)

    assert str(refusal.value) == (
        f"There is no table {TABLE} in us-east-1, though datasets/cars.toml says that there is (table.managed = false)."
        " Make it, with the partition key 'id' (text) and no sort key, or let the stack make it: table.managed = true, "
        "and deploy: make deploy DATASET=cars"
    )


def test_no_table_of_that_name_is_told(dynamodb: Any) -> None:
    with pytest.raises(TableError, match=f"There is no table {TABLE} in us-east-1"):
        check_table_key(dynamodb, TABLE, CARS)
