"""A table of DynamoDB as moto plays it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from csvdynamo.rules.attribute_values import Item

TABLE = "tb_cars"


@contextmanager
def table() -> Iterator[Any]:
    """Make a table with the partition key ``id``; gives its DynamoDB client, inside moto's reach."""
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield dynamodb
    dynamodb.delete_table(TableName=TABLE)


def put_items(dynamodb: Any, items: Iterable[Item]) -> None:
    """Write items, one after the other."""
    for item in items:
        dynamodb.put_item(TableName=TABLE, Item=item)
