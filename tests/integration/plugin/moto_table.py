"""A table of DynamoDB as moto plays it."""

import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from csvdynamo.rules.attribute_values import Item

TABLE = "tb_cars"
_REGION = "us-east-1"


@contextmanager
def table() -> Iterator[Any]:
    """Make a table with the partition key ``id``; gives its DynamoDB client, inside moto's reach."""
    dynamodb = boto3.client("dynamodb", region_name=_REGION)
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


def copied_items() -> bytes:
    """Copy what is in the table, for `put_copied_items`."""
    return pickle.dumps(_moto_table().items)


def put_copied_items(items: bytes) -> None:
    """Let the table have the items that another one had."""
    _moto_table().items = pickle.loads(items)


def _moto_table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][_REGION].tables[TABLE]
