"""The table of a data set that has it already: in an account its owner made it, on the embedded AWS nobody has."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from commands.project import say
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.keys import TableKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def make_owners_table(dataset: Dataset, client: Callable[[str], Any]) -> None:
    """Make the table that a data set file says is there, where it is not: as the file says that it is.

    Args:
        dataset: The data set.
        client: Makes a boto3 client of a service of the embedded AWS.
    """
    table, rules = dataset.table, dataset.rules
    if table.managed:
        return
    dynamodb: DynamoDBClient = client("dynamodb")
    if table.name in dynamodb.list_tables()["TableNames"]:
        return
    indexes = {index.name: rules.key_of(index) for index in rules.indexes}
    types = {one.name: one.type for key in (rules.key, *indexes.values()) for one in key.attributes}
    listed: list[Any] = [
        {"IndexName": name, "KeySchema": _schema(key), "Projection": {"ProjectionType": "ALL"}}
        for name, key in indexes.items()
    ]
    more: dict[str, Any] = {"GlobalSecondaryIndexes": listed} if listed else {}
    dynamodb.create_table(
        TableName=table.name,
        KeySchema=_schema(rules.key),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    if table.ttl is not None:
        specification: Any = {"Enabled": True, "AttributeName": table.ttl}
        dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification)
    say(f"Made the table {table.name}, which in an account is there already (table.managed = false).")


def _schema(key: TableKey) -> Any:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": one.name, "KeyType": kind} for one, kind in zip(key.attributes, kinds, strict=False)]
