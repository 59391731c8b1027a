"""The key of a table as DynamoDB itself tells it."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from csvdynamo.datasets.dataset import Dataset, Source
from csvdynamo.datasets.table_rules import Table
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


def test_no_table_of_that_name_is_told(dynamodb: Any) -> None:
    with pytest.raises(TableError, match=f"There is no table {TABLE} in us-east-1"):
        check_table_key(dynamodb, TABLE, CARS)
