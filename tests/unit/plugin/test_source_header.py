"""Headers that would lose or mix up columns are refused before a row is read."""

from dataclasses import replace

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo.rules.transforms import Lowercase, Replace
from csvdynamo_airflow.preparation.source_header import HeaderError, check_header

VEHICLES = Dataset(
    name="vehicles",
    source=Source("https://example.org/v.csv", "v.csv"),
    table=Table("tb_vehicles", "vehicle_id"),
    attribute_transform=(Lowercase(), Replace(" ", "_")),
    columns=(Column("Vehicle ID", required=True), Column("Base MSRP"), Column("Inner Note", drop=True)),
)
GOOD = ["Vehicle ID", "Base MSRP", "Inner Note", "City"]


def test_a_header_with_every_declared_column_and_new_ones_passes() -> None:
    check_header(GOOD, VEHICLES, "v.csv")


def test_an_optional_column_that_is_gone_stops_nothing() -> None:
    check_header(["Vehicle ID", "Inner Note"], VEHICLES, "v.csv")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (["Base MSRP", "Vehicle Id."], r"lacks 'Vehicle ID'.*does not declare: 'Vehicle Id\.'.*data set file"),
        (["Base MSRP"], r"lacks 'Vehicle ID'.*does not declare: none"),
        ([*GOOD, "City"], "repeats 'City'"),
        ([*GOOD, "city"], r"'City', 'city'.*attribute 'city'"),
        ([*GOOD, "base_msrp"], "attribute 'base_msrp'"),
        (["_row", *GOOD], "column '_row'"),
        ([*GOOD, ""], "Column 5 .* no name"),
        ([*GOOD, "  "], "Column 5 .* no name"),
        ([*GOOD, "two\nlines"], r"column 5 .*two\\nlines"),
        ([*GOOD, "bad \udcff byte"], r"column 5 .*bad \\udcff byte"),
        ([*GOOD, *(f"column {number}" for number in range(3000))], r"3,004 columns: .* Step Functions"),
    ],
)
def test_a_header_that_cannot_be_migrated_is_refused(header: list[str], told: str) -> None:
    with pytest.raises(HeaderError, match=told) as refusal:
        check_header(header, VEHICLES, "v.csv")

    assert "v.csv" in str(refusal.value)


def test_a_dropped_column_may_share_an_attribute_name() -> None:
    check_header([*GOOD, "inner_note"], VEHICLES, "v.csv")


def test_a_partition_key_without_rules_of_its_own_must_be_there_too() -> None:
    undeclared = replace(VEHICLES, columns=())

    check_header(["Vehicle ID"], undeclared, "v.csv")
    with pytest.raises(HeaderError, match="partition key vehicle_id"):
        check_header(["City"], undeclared, "v.csv")


def test_names_may_be_long_as_the_prepared_file_has_short_ones() -> None:
    check_header([*GOOD, "x" * 1_000_000], VEHICLES, "v.csv")


def test_so_many_columns_pass_as_step_functions_reads_with_the_shortest_names() -> None:
    columns = [f"column {number}" for number in range(2872 - len(GOOD))]

    check_header([*GOOD, *columns], VEHICLES, "v.csv")
    with pytest.raises(HeaderError, match=r"2,873 columns: .* takes 10,24\d bytes, more than the 10,240"):
        check_header([*GOOD, *columns, "one too many"], VEHICLES, "v.csv")
