"""A table that was there before, held against what the data set file says of it; and how a deploy would change one."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.table_checks import is_made
from csvdynamo.rules.keys import TableKey
from csvdynamo_airflow.table.table_key import TableError, TableNotReadyError, check_table_key, key_of_schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef, TimeToLiveDescriptionTypeDef

_ON = frozenset({"ENABLED", "ENABLING"})
_STATES = _ON | {"DISABLED", "DISABLING"}


def check_table(dynamodb: "DynamoDBClient", table: str, dataset: Dataset) -> None:
    """Hold a table against the data set file: its key, and of one that the stack did not make what else matters.

    Args:
        dynamodb: A boto3 DynamoDB client.
        table: The table's name, as the stack tells it.
        dataset: The data set.

    Raises:
        TableError: There is no such table, or it is another one than the data set file says.
        TableNotReadyError: It is being made or deleted, or cannot be reached; or an answer does not say.
    """
    described = check_table_key(dynamodb, table, dataset)
    if not dataset.table.managed:
        refuse_other_indexes(described, dataset)
        refuse_other_lifetime(lifetime_of(dynamodb, table), dataset)


def lifetime_of(dynamodb: "DynamoDBClient", table: str) -> "TimeToLiveDescriptionTypeDef":
    """Ask by which attribute a table's items expire."""
    return dynamodb.describe_time_to_live(TableName=table).get("TimeToLiveDescription", {})


def refuse_other_indexes(table: "TableDescriptionTypeDef", dataset: Dataset) -> None:
    """Refuse a table of somebody else's whose secondary indexes are others than the data set file says. Pure.

    DynamoDB refuses an item for any index of the table, so each has to be known.

    Args:
        table: The ``Table`` of DescribeTable's answer.
        dataset: The data set.

    Raises:
        TableError: An index is not declared, or a declared one is not there or has another key.
    """
    found, said = _indexes(table), dict(_said(dataset))
    where, file = f"of the table {dataset.table.name}", f"datasets/{dataset.name}.toml"
    for name, key in found.items():
        if key is None:
            problem = f"has a key of more attributes than {file} can say: name another table"
            raise TableError(f"The index {name} {where} {problem}")
        if name not in said:
            raise TableError(
                f"{file} does not say that there is the index {name} {where}, with {key}: rows that DynamoDB refuses "
                f"for it would fail their batches. {_declare(name, key)}{_then_deploy(dataset)}"
            )
        if not _same(dataset, key, said[name]):
            raise TableError(
                f"The index {name} {where} has {key}; by {file} it has {said[name]}. {_declare(name, key)}, and its "
                f"columns with these types{_then_deploy(dataset)}"
            )
    for name in said.keys() - found.keys():
        raise TableError(
            f"There is no index {name} {where}, though {file} says so. Remove table.index.{name}, or let the table's "
            f"owner make it{_then_deploy(dataset)}"
        )


def refuse_other_lifetime(told: "TimeToLiveDescriptionTypeDef", dataset: Dataset) -> None:
    """Refuse a table of somebody else's whose items expire by another attribute than the data set file says. Pure.

    An item that has expired is not lost, and one that is lost has not expired: who checks the table has to know.

    Args:
        told: The ``TimeToLiveDescription`` of DescribeTimeToLive's answer.
        dataset: The data set.

    Raises:
        TableError: It is another one, or none.
        TableNotReadyError: The answer does not say.
    """
    if told.get("TimeToLiveStatus") not in _STATES:
        raise TableNotReadyError(
            f"DynamoDB answered without saying whether items of the table {dataset.table.name} expire. Something "
            "between this worker and DynamoDB may answer in its place, such as a proxy: look at what it does, then "
            "clear this task."
        )
    found, said = (told.get("AttributeName") if told["TimeToLiveStatus"] in _ON else None), dataset.table.ttl
    if found != said:
        raise TableError(
            f"Table {dataset.table.name} deletes items {_by(found)}; by datasets/{dataset.name}.toml {_by(said)}. "
            f"{'Remove table.ttl' if found is None else f'Set table.ttl = {found!r}'}{_then_deploy(dataset)}"
        )


def refuse_index_changes(table: "TableDescriptionTypeDef", dataset: Dataset, is_in_stack: Callable[[], bool]) -> None:
    """Refuse a deploy that cannot give a table its indexes.

    CloudFormation makes or deletes one index an update, changes none, and takes a table into a stack as it is:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html

    Args:
        table: The ``Table`` of DescribeTable's answer.
        dataset: The data set.
        is_in_stack: Tells whether it is in the data set's stack already. Only asked where that matters.

    Raises:
        TableError: It lacks several indexes, or has one with another key.
    """
    found, said = _indexes(table), dict(_said(dataset))
    where, file = f"Table {dataset.table.name}", f"datasets/{dataset.name}.toml"
    for name in sorted(said.keys() & found.keys()):
        if said[name] != found[name]:
            raise TableError(
                f"{where} has the index {name} with {found[name] or 'a key of more attributes'}; by {file} it has "
                f"{said[name]}. An index cannot be changed: give the one in the file another name"
            )
    added = sorted(said.keys() - found.keys())
    if added and not is_in_stack():
        raise TableError(
            f"{where} lacks the index {', '.join(added)}, and a stack takes a table as it is. Take table.index out of "
            f"{file}, deploy, put one index after the other into it again, and deploy after each"
        )
    if len(added) > 1:
        raise TableError(
            f"{where} lacks the indexes {', '.join(added)}, and CloudFormation makes one a deploy: take all but "
            f"table.index.{added[0]} out of {file}, deploy, put one after the other into it, and deploy after each"
        )


def _said(dataset: Dataset) -> Iterator[tuple[str, TableKey]]:
    for index in dataset.rules.indexes:
        yield index.name, dataset.rules.key_of(index)


def _indexes(table: "TableDescriptionTypeDef") -> dict[str, TableKey | None]:
    """Read the keys of a table's indexes by their names; None of a key of more than one attribute a part.

    Local indexes, which share the table's partition key, are among them: DynamoDB holds items to them likewise.
    """
    listed: list[Any] = [*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())]
    keys = {index["IndexName"]: index["KeySchema"] for index in listed}
    return {
        name: None
        if len(key) > len({one["KeyType"] for one in key})
        else key_of_schema(key, table["AttributeDefinitions"])
        for name, key in keys.items()
    }


def _same(dataset: Dataset, found: TableKey, said: TableKey) -> bool:
    """Compare two keys; of an attribute that no row has, nobody can say which type it has."""
    return len(found.attributes) == len(said.attributes) and all(
        one.name == other.name and (one.type == other.type or not is_made(dataset.rules, one.name))
        for one, other in zip(found.attributes, said.attributes, strict=True)
    )


def _declare(name: str, key: TableKey) -> str:
    sort = "" if key.sort is None else f", sort_key = {key.sort.name!r}"
    return f"Declare it: table.index.{name} with partition_key = {key.partition.name!r}{sort}"


def _then_deploy(dataset: Dataset) -> str:
    return f"; then deploy: make deploy DATASET={dataset.name}"


def _by(attribute: str | None) -> str:
    return "by no attribute" if attribute is None else f"by the attribute {attribute!r}"
