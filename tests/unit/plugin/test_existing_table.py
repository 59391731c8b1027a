"""A table that the stack did not make is held against the data set file; a deploy is held against what it can do."""

from dataclasses import replace
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import IndexRules, Table
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.transforms import Lowercase
from csvdynamo_airflow.table.existing_table import (
    refuse_index_changes,
    refuse_other_indexes,
    refuse_other_lifetime,
)
from csvdynamo_airflow.table.table_key import TableError, TableNotReadyError

SOURCE = Source("https://example.org/c.csv", "c.csv")


def cars(*indexes: str, managed: bool = False, ttl: str | None = None) -> Dataset:
    """Cars with indexes, each by its keys: ``make`` or ``make,year``, named after them."""
    declared = {f"by_{one.replace(',', '_')}": IndexRules(*one.split(",")) for one in indexes}
    return Dataset(
        "cars",
        SOURCE,
        Table("tb_cars", "id", managed=managed, ttl=ttl, index=declared),
        attribute_transform=(Lowercase(),),
        columns=(Column("Year", type=ColumnType.NUMBER),),
    )


TYPES = {"id": "S", "make": "S", "year": "N", "GSI1PK": "B"}


def table(*indexes: str, local: str = "", **types: str) -> Any:
    """A table with such indexes, as DescribeTable tells it."""

    def told(keys: str) -> dict[str, Any]:
        names = keys.split(",")
        schema = [{"AttributeName": one, "KeyType": kind} for one, kind in zip(names, ("HASH", "RANGE"), strict=False)]
        return {"IndexName": f"by_{'_'.join(names)}", "KeySchema": schema}

    described: dict[str, Any] = {
        "TableName": "tb_cars",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in {**TYPES, **types}.items()
        ],
    }
    if indexes:
        described["GlobalSecondaryIndexes"] = list(map(told, indexes))
    if local:
        described["LocalSecondaryIndexes"] = [told(local)]
    return described


@pytest.mark.parametrize("indexes", [(), ("make",), ("make,year",), ("make", "year,make")])
def test_a_table_whose_indexes_are_declared_is_taken(indexes: tuple[str, ...]) -> None:
    refuse_other_indexes(table(*indexes), cars(*indexes))


@pytest.mark.parametrize(
    ("found", "said", "told"),
    [
        (
            table("make,year"),
            cars(),
            "cars.toml does not say that there is the index by_make_year of the table tb_cars, with the partition key "
            "'make' (text) and the sort key 'year' (number): rows that DynamoDB refuses for it would fail their "
            "batches. Declare it: table.index.by_make_year with partition_key = 'make', sort_key = 'year'; then "
            "deploy: make deploy DATASET=cars",
        ),
        (table(local="id,year"), cars(), "the index by_id_year of the table tb_cars"),
        (table(), cars("make"), "There is no index by_make of the table tb_cars, though datasets/cars.toml says so."),
        (
            table("make,year", year="S"),
            cars("make,year"),
            "by_make_year of the table tb_cars has the partition key 'make' (text) and the sort key 'year' (text); by "
            "datasets/cars.toml it has the partition key 'make' (text) and the sort key 'year' (number).",
        ),
        (table("make", make="N"), cars("make"), "by_make of the table tb_cars has the partition key 'make' (number)"),
    ],
)
def test_an_index_that_is_another_is_refused_with_what_to_write(found: Any, said: Dataset, told: str) -> None:
    with pytest.raises(TableError) as refusal:
        refuse_other_indexes(found, said)

    assert told in str(refusal.value)


def test_of_the_same_index_name_each_part_of_the_key_counts() -> None:
    found = table("make,year")
    for other in (IndexRules("make"), IndexRules("year", "make"), IndexRules("make", "city")):
        said = replace(cars(), table=Table("tb_cars", "id", managed=False, index={"by_make_year": other}))
        with pytest.raises(TableError, match="The index by_make_year of the table tb_cars has"):
            refuse_other_indexes(found, said)


def test_an_attribute_that_no_row_can_have_may_be_of_any_type() -> None:
    refuse_other_indexes(table("GSI1PK"), cars("GSI1PK"))


def test_a_key_of_more_attributes_than_can_be_said_is_refused() -> None:
    found = table("make,year")
    found["GlobalSecondaryIndexes"][0]["KeySchema"].append({"AttributeName": "id", "KeyType": "RANGE"})

    with pytest.raises(TableError, match=r"The index by_make_year .* has a key of more attributes than"):
        refuse_other_indexes(found, cars("make,year"))


@pytest.mark.parametrize(
    ("told", "ttl"),
    [
        ({"TimeToLiveStatus": "ENABLED", "AttributeName": "year"}, "year"),
        ({"TimeToLiveStatus": "ENABLING", "AttributeName": "year"}, "year"),
        ({"TimeToLiveStatus": "DISABLED"}, None),
        ({"TimeToLiveStatus": "DISABLING", "AttributeName": "year"}, None),
    ],
)
def test_a_table_whose_items_expire_as_declared_is_taken(told: Any, ttl: str | None) -> None:
    refuse_other_lifetime(told, cars(ttl=ttl))


@pytest.mark.parametrize(
    ("told", "ttl", "message"),
    [
        (
            {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"},
            None,
            "Table tb_cars deletes items by the attribute 'ends'; by datasets/cars.toml by no attribute. Set "
            "table.ttl = 'ends'; then deploy: make deploy DATASET=cars",
        ),
        ({"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}, "year", "cars.toml by the attribute 'year'"),
        (
            {"TimeToLiveStatus": "DISABLED"},
            "year",
            "deletes items by no attribute; by datasets/cars.toml by the attribute 'year'. Remove table.ttl; then",
        ),
        ({"TimeToLiveStatus": "DISABLING", "AttributeName": "year"}, "year", "deletes items by no attribute"),
    ],
)
def test_a_table_whose_items_expire_otherwise_is_refused(told: Any, ttl: str | None, message: str) -> None:
    with pytest.raises(TableError) as refusal:
        refuse_other_lifetime(told, cars(ttl=ttl))

    assert message in str(refusal.value)


@pytest.mark.parametrize("told", [{}, {"TimeToLiveStatus": "?"}, {"AttributeName": "year"}])
def test_an_answer_that_says_nothing_of_it_is_left_to_a_later_attempt(told: Any) -> None:
    with pytest.raises(TableNotReadyError, match="without saying whether items of the table tb_cars expire"):
        refuse_other_lifetime(told, cars(ttl="year"))


@pytest.mark.parametrize(
    ("found", "said", "in_stack"),
    [
        (table(), cars(managed=True), False),
        (table(), cars("make", managed=True), True),
        (table("make"), cars("make", managed=True), False),
        (table("make"), cars("make", "year", managed=True), True),
        (table("make", "year"), cars(managed=True), True),  # whoever made them may have been no stack
    ],
)
def test_a_deploy_that_makes_one_index_or_none_goes_on(found: Any, said: Dataset, in_stack: bool) -> None:
    refuse_index_changes(found, said, lambda: in_stack)


@pytest.mark.parametrize(
    ("found", "said", "in_stack", "told"),
    [
        (
            table(),
            cars("make", "year", managed=True),
            True,
            "lacks the indexes by_make, by_year, and CloudFormation makes one a deploy: take all but table.index.by_",
        ),
        (table(), cars("make", managed=True), False, "lacks the index by_make, and a stack takes a table as it is"),
        (
            table("make", make="N"),
            cars("make", managed=True),
            True,
            "has the index by_make with the partition key 'make' (number) and no sort key; by datasets/cars.toml",
        ),
    ],
)
def test_a_deploy_that_cannot_be_is_refused(found: Any, said: Dataset, in_stack: bool, told: str) -> None:
    with pytest.raises(TableError) as refusal:
        refuse_index_changes(found, said, lambda: in_stack)

    assert told in str(refusal.value)


def test_whether_the_stack_is_there_is_asked_only_where_it_matters() -> None:
    def never() -> bool:
        raise AssertionError

    refuse_index_changes(table("make"), cars("make", managed=True), never)
