"""A demo of a data set whose table is there already finds one: it is made as the data set file says that it is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands.owners_table import make_owners_table
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import IndexRules, Table
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo_airflow.table.existing_table import check_table

CARS = Dataset(
    "cars",
    Source("https://example.org/c.csv", "c.csv"),
    Table(
        "tb_cars",
        "id",
        "year",
        managed=False,
        ttl="until",
        index={"by_make": IndexRules("make", "year"), "by_id": IndexRules("id")},
    ),
    columns=(Column("year", type=ColumnType.NUMBER),),
)


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


def test_it_is_made_so_that_a_run_takes_it_and_once(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        make_owners_table(CARS, lambda _: dynamodb)

        check_table(dynamodb, "tb_cars", CARS)

    assert capsys.readouterr().out.count("Made the table tb_cars") == 1


def test_one_without_index_and_time_to_live_is_made_likewise(dynamodb: Any) -> None:
    plain = replace(CARS, table=Table("tb_cars", "id", managed=False))

    make_owners_table(plain, lambda _: dynamodb)

    check_table(dynamodb, "tb_cars", plain)


def test_a_table_that_the_stack_makes_is_left_to_it() -> None:
    def never(_: str) -> Any:
        raise AssertionError

    make_owners_table(replace(CARS, table=Table("tb_cars", "id")), never)
