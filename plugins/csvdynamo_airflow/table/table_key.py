"""The table's key against the data set file's: with another key DynamoDB refuses every row, one by one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        KeySchemaElementTypeDef,
        TableDescriptionTypeDef,
    )

_USABLE = frozenset({"ACTIVE", "UPDATING"})
"""A table that is UPDATING, such as one that gets an index, is read and written as ever:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html"""


_DESCRIBED = frozenset({"TableName", "TableStatus", "KeySchema", "AttributeDefinitions"})


class TableError(MigrationError):
    """There is no table that the data set's rows could be written to."""


class TableNotReadyError(MigrationPostponedError):
    """The table can be neither read nor written now."""


def key_described(table: "TableDescriptionTypeDef") -> TableKey:
    """Read a table's key from the ``Table`` of DescribeTable's answer."""
    return key_of_schema(table["KeySchema"], table["AttributeDefinitions"])


def key_of_schema(
    schema: Iterable["KeySchemaElementTypeDef"], definitions: Iterable["AttributeDefinitionTypeDef"]
) -> TableKey:
    """Read the key of a table or an index from its ``KeySchema`` and the table's ``AttributeDefinitions``."""
    types = {one["AttributeName"]: one["AttributeType"] for one in definitions}
    parts = {one["KeyType"]: KeyAttribute(one["AttributeName"], types[one["AttributeName"]]) for one in schema}
    return TableKey(parts["HASH"], parts.get("RANGE"))


def check_table_key(dynamodb: "DynamoDBClient", table: str, dataset: Dataset) -> "TableDescriptionTypeDef":
    """Hold the table's key against the data set file's, and return its description.

    Args:
        dynamodb: A boto3 DynamoDB client.
        table: The table's name, as the stack tells it.
        dataset: The data set.

    Raises:
        TableError: There is no such table, or its key is another.
        TableNotReadyError: It is being made or deleted, or cannot be reached; or the answer does not say.
    """
    try:
        described = dynamodb.describe_table(TableName=table).get("Table", {})
    except dynamodb.exceptions.ResourceNotFoundException as error:
        raise TableError(no_table(table, dynamodb.meta.region_name, dataset)) from error
    if not described.keys() >= _DESCRIBED:
        raise TableNotReadyError(
            f"DynamoDB answered without describing the table {table}. Something between this worker and DynamoDB may "
            "answer in its place, such as a proxy: look at what it does, then clear this task."
        )
    if described["TableStatus"] not in _USABLE:
        raise TableNotReadyError(
            f"Table {table} is {described['TableStatus']}: it can be written when it is ACTIVE. Wait for that; if it "
            "does not become so by itself, look at the table in the AWS console."
        )
    refuse_other_key(described, dataset)
    return described


def table_identity(table: "TableDescriptionTypeDef", ttl: str | None) -> str:
    """Tell a table from every other one, also from one that was made anew under its name. Pure.

    Args:
        table: The ``Table`` of DescribeTable's answer.
        ttl: The attribute by which its items expire, None if none do: those that have are not what a run left there.
    """
    made = table.get("CreationDateTime")
    return "\n".join(
        (table["TableName"], table.get("TableId", ""), str(made.timestamp()) if made else "", f"ttl={ttl or ''}")
    )


def no_table(table: str, region: str, dataset: Dataset) -> str:
    """Say that there is no table of a name, and what to do. Pure."""
    where = f"There is no table {table} in {region}, though"
    if not dataset.table.managed:
        return (
            f"{where} datasets/{dataset.name}.toml says that there is (table.managed = false). Make it, with "
            f"{dataset.rules.key}, or let the stack make it: table.managed = true, and deploy: "
            f"make deploy DATASET={dataset.name}"
        )
    return (
        f"{where} the stack {dataset.stack_name} names it: it was deleted by hand. Make it again: make destroy "
        f"DATASET={dataset.name}, then make deploy DATASET={dataset.name}"
    )


def refuse_other_key(table: "TableDescriptionTypeDef", dataset: Dataset) -> None:
    """Refuse a table with another key than the data set file says. Pure.

    Args:
        table: The ``Table`` of DescribeTable's answer.
        dataset: The data set.

    Raises:
        TableError: A name or a type differs, or one has a sort key and the other none.
    """
    found, said = key_described(table), dataset.rules.key
    if found == said:
        return
    mend = "Name another table in table.name, or give the data set this key in table.partition_key"
    if found.sort or said.sort:
        mend += " and table.sort_key"
    if [one.type for one in found.attributes] != [one.type for one in said.attributes]:
        mend += ", and its columns these types"
    raise TableError(
        f"Table {table['TableName']} has {found}; by datasets/{dataset.name}.toml it has {said}. DynamoDB would refuse "
        f"every row. {mend}; then deploy: make deploy DATASET={dataset.name}"
    )
