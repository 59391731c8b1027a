"""A table fits a data set if its whole key is the data set file's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo_airflow.table.table_key import (
    TableError,
    TableNotReadyError,
    check_table_key,
    refuse_other_key,
    table_identity,
)

CARS = Dataset("cars", Source("https://example.org/c.csv", "c.csv"), Table("tb_cars", "id"))
SAID = "by datasets/cars.toml it has the partition key 'id' (text) and no sort key."


def table(*attributes: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """A table as DescribeTable tells it: its partition key and, if there are two attributes, its sort key."""
    return {
        "TableName": "tb_cars",
        "TableStatus": "ACTIVE",
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for (name, _), kind in zip(attributes, ("HASH", "RANGE"), strict=False)
        ],
        # An index's attribute is among them, and no part of the key.
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": letter} for name, letter in (("city", "S"), *attributes)
        ],
        **changes,
    }


class DynamoDb:
    """A client that knows one table or none."""

    class exceptions:  # noqa: N801 - boto3's name
        class ResourceNotFoundException(Exception):  # noqa: N818 - boto3's name
            pass

    class meta:  # noqa: N801 - boto3's name
        region_name = "eu-west-1"

    def __init__(self, found: dict[str, Any] | None) -> None:
        self.found = found

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert TableName == "tb_cars"
        if self.found is None:
            raise self.exceptions.ResourceNotFoundException
        return {"Table": self.found}


@pytest.mark.parametrize(
    ("found", "told", "mends"),
    [
        (table(("vin", "S")), "the partition key 'vin' (text) and no sort key", ""),
        (table(("ID", "S")), "the partition key 'ID' (text) and no sort key", ""),
        (table(("id", "N")), "the partition key 'id' (number) and no sort key", ", and its columns these types"),
        (table(("id", "B")), "the partition key 'id' (binary) and no sort key", ", and its columns these types"),
        (
            table(("id", "S"), ("year", "N")),
            "the partition key 'id' (text) and the sort key 'year' (number)",
            " and table.sort_key, and its columns these types",
        ),
        (
            table(("id", "S"), ("at", "S")),
            "the partition key 'id' (text) and the sort key 'at' (text)",
            " and table.sort_key, and its columns these types",
        ),
    ],
)
def test_a_table_with_another_key_is_refused_with_both_keys_and_what_to_do(
    found: dict[str, Any], told: str, mends: str
) -> None:
    with pytest.raises(TableError) as refusal:
        refuse_other_key(found, CARS)

    message = str(refusal.value)
    assert message.startswith(f"Table tb_cars has {told}; {SAID}")
    assert f"or give the data set this key in table.partition_key{mends}; then deploy: " in message
    assert message.endswith("deploy: make deploy DATASET=cars")


SENSORS = replace(
    CARS,
    table=Table("tb_cars", "id", "at"),
    columns=(Column("at", type=ColumnType.NUMBER),),
)


@pytest.mark.parametrize(
    ("found", "fits"),
    [
        (table(("id", "S"), ("at", "N")), True),
        (table(("id", "S"), ("at", "S")), False),
        (table(("id", "S"), ("year", "N")), False),
        (table(("at", "N"), ("id", "S")), False),
        (table(("id", "S")), False),
    ],
)
def test_a_table_fits_by_both_parts_of_its_key_their_types_and_their_order(found: dict[str, Any], fits: bool) -> None:
    if fits:
        refuse_other_key(found, SENSORS)
    else:
        with pytest.raises(TableError, match=r"the sort key 'at' \(number\)\. DynamoDB would refuse every row"):
            refuse_other_key(found, SENSORS)


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_a_table_with_the_data_sets_key_is_taken(status: str) -> None:
    check_table_key(DynamoDb(table(("id", "S"), TableStatus=status)), "tb_cars", CARS)


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"])
@pytest.mark.parametrize("key", ["id", "vin"])
def test_a_table_that_cannot_be_written_now_is_left_to_a_later_attempt(status: str, key: str) -> None:
    with pytest.raises(TableNotReadyError, match=f"tb_cars is {status}"):
        check_table_key(DynamoDb(table((key, "S"), TableStatus=status)), "tb_cars", CARS)


def test_a_table_that_is_gone_is_told_with_its_region_and_stack() -> None:
    with pytest.raises(TableError, match=r"no table tb_cars in eu-west-1, though the stack csvdynamo-cars .*destroy"):
        check_table_key(DynamoDb(None), "tb_cars", CARS)


def test_a_table_is_told_alike_by_workers_of_any_time_zone() -> None:
    made = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    here, there = (
        table(("id", "S"), CreationDateTime=when) for when in (made, made.astimezone(timezone(timedelta(hours=9))))
    )
    other = table(("id", "S"), CreationDateTime=made + timedelta(milliseconds=1))

    assert table_identity(here, None) == table_identity(there, None)
    assert len({table_identity(other, None), table_identity(here, None), table_identity(here, "expires")}) == 3
