"""The table's key against the data set file's: with another key DynamoDB refuses every row, one by one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

_KINDS = {"S": "text", "N": "number", "B": "binary"}
_USABLE = frozenset({"ACTIVE", "UPDATING"})
"""A table that is UPDATING, such as one that gets an index, is read and written as ever:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html"""


_DESCRIBED = frozenset({"TableName", "TableStatus", "KeySchema", "AttributeDefinitions"})


class TableError(MigrationError):
    """There is no table that the data set's rows could be written to."""


class TableNotReadyError(MigrationPostponedError):
    """The table can be neither read nor written now."""


@dataclass(frozen=True)
class KeyAttribute:
    """One attribute of a key, with DynamoDB's letter for its type: S, N or B."""

    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.name!r} ({_KINDS.get(self.type, self.type)})"


@dataclass(frozen=True)
class TableKey:
    """The whole key of a table; ``sort`` is None where it has none."""

    partition: KeyAttribute
    sort: KeyAttribute | None = None

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """Return the key that a data set file gives its table."""
        return cls(KeyAttribute(dataset.table.partition_key, "S"))

    @classmethod
    def from_description(cls, table: "TableDescriptionTypeDef") -> Self:
        """Read the ``Table`` of DescribeTable's answer."""
        types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        parts = {
            one["KeyType"]: KeyAttribute(one["AttributeName"], types[one["AttributeName"]])
            for one in table["KeySchema"]
        }
        return cls(parts["HASH"], parts.get("RANGE"))

    def __str__(self) -> str:
        sort = "no sort key" if self.sort is None else f"the sort key {self.sort}"
        return f"the partition key {self.partition} and {sort}"


def check_table_key(dynamodb: "DynamoDBClient", table: str, dataset: Dataset) -> None:
    """Hold the table's key against the data set file's.

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
        raise TableError(
            f"There is no table {table} in {dynamodb.meta.region_name}, though the stack {dataset.stack_name} names "
            f"it: it was deleted by hand. Make it again: make destroy DATASET={dataset.name}, then make deploy "
            f"DATASET={dataset.name}"
        ) from error
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


def refuse_other_key(table: "TableDescriptionTypeDef", dataset: Dataset) -> None:
    """Refuse a table with another key than the data set file says. Pure.

    Args:
        table: The ``Table`` of DescribeTable's answer.
        dataset: The data set.

    Raises:
        TableError: A name or a type differs, or there is a sort key that the data set file does not know.
    """
    found, said = TableKey.from_description(table), TableKey.of_dataset(dataset)
    if found == said:
        return
    mend = "Name another table in table.name"
    if found == TableKey(KeyAttribute(found.partition.name, "S")):
        mend += ", or correct table.partition_key"
    raise TableError(
        f"Table {table['TableName']} has {found}; by datasets/{dataset.name}.toml it has {said}. DynamoDB would refuse "
        f"every row. {mend}; then deploy: make deploy DATASET={dataset.name}"
    )
