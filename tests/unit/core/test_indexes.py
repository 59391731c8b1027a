"""What DynamoDB would refuse of an item for the sake of a secondary index is a reject, before it is written."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.indexes import Index, IndexCheck
from csvdynamo.rules.keys import PARTITION, SORT, KeyAttribute
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from tests.support.converted_row import convert_row

Make = Callable[[str], Dataset]
INDEXES = """
[table.index.by_make]
partition_key = "make"
sort_key = "sold_in"

[table.index.by_place]
partition_key = "place"

[columns."Sold in"]
type = "number"

[columns.Make]
transform = ["trim"]

[computed.place]
template = "{State}#{City}"
"""


@pytest.fixture
def convert(make_dataset: Make) -> Callable[..., object]:
    """Converts a row of cells by header."""
    rules = make_dataset(INDEXES).rules
    return lambda **cells: convert_row(
        rules, {"Car ID": "1", "State": "", "City": "", **{key.replace("_", " "): cells[key] for key in cells}}
    )


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        (
            {"Make": "x" * 2049},
            "Make",
            "Make: the partition key of the index by_make is 2,049 bytes; it has at most 2,048",
        ),
        (
            {"Make": "é" * 1025},
            "Make",
            "Make: the partition key of the index by_make is 2,050 bytes; it has at most 2,048",
        ),
        (
            {"State": "s" * 1024, "City": "c" * 1024},
            None,
            "place: the partition key of the index by_place is 2,049 bytes; it has at most 2,048",
        ),
    ],
)
def test_a_value_that_is_longer_than_an_index_takes_is_a_reject(
    convert: Callable[..., object], cells: dict[str, str], column: str | None, message: str
) -> None:
    assert convert(**cells) == Refusal(RejectCode.TOO_LARGE, column, message)


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"Make": "", "Sold_in": ""},
        {"Make": "   "},
        {"Make": "x" * 2048, "Sold_in": "2020"},
        {"Make": f"  {'x' * 2048}  "},
        {"Sold_in": "1e3"},
        {"State": "s" * 1024, "City": "c" * 1023},
        {"State": "", "City": "c" * 3000},
        {"Colour": "x" * 3000},
    ],
)
def test_an_item_that_fits_or_lacks_the_attribute_is_written(
    convert: Callable[..., object], cells: dict[str, str]
) -> None:
    assert isinstance(convert(**cells), dict)


def test_a_sort_key_has_half_the_length_of_a_partition_key(make_dataset: Make) -> None:
    rules = make_dataset('[table.index.by_make]\npartition_key = "make"\nsort_key = "model"').rules
    convert = partial(convert_row, rules)

    assert isinstance(convert({"Car ID": "1", "Make": "a", "Model": "m" * 1024}), dict)
    assert isinstance(convert({"Car ID": "1", "Make": "a"}), dict)
    refused = convert({"Car ID": "1", "Make": "a", "Model": "m" * 1025})
    assert isinstance(refused, Refusal)
    assert refused.message == "Model: the sort key of the index by_make is 1,025 bytes; it has at most 1,024"


def test_the_tables_key_may_be_shorter_for_an_index(make_dataset: Make) -> None:
    rules = make_dataset('[table.index.by_make]\npartition_key = "make"\nsort_key = "car_id"').rules

    refused = convert_row(rules, {"Car ID": "1" * 1025, "Make": "a"})

    assert isinstance(refused, Refusal)
    assert (refused.code, refused.column) == (RejectCode.TOO_LARGE, "Car ID")


@pytest.mark.parametrize(
    ("kind", "value", "code", "told"),
    [
        ("S", {"N": "1"}, RejectCode.BAD_TYPE, "is number, and has to be text"),
        ("S", {"NULL": True}, RejectCode.BAD_TYPE, "is null, and has to be text"),
        ("N", {"S": "1"}, RejectCode.BAD_TYPE, "is text, and has to be number"),
        ("N", {"BOOL": False}, RejectCode.BAD_TYPE, "is boolean, and has to be number"),
        ("S", {"L": []}, RejectCode.BAD_TYPE, "is L, and has to be text"),
        ("S", {"S": ""}, RejectCode.MISSING_VALUE, "is empty"),
        ("B", {"B": b""}, RejectCode.MISSING_VALUE, "is empty"),
        ("B", {"B": b"1" * 1025}, RejectCode.TOO_LARGE, "is 1,025 bytes; it has at most 1,024"),
    ],
)
def test_whatever_a_rule_makes_has_to_be_of_the_indexs_type(
    kind: str, value: dict[str, object], code: RejectCode, told: str
) -> None:
    check = IndexCheck("by_it", KeyAttribute("it", kind), SORT, "It")  # type: ignore[arg-type]

    assert check.refusal({"it": value}) == Refusal(code, "It", f"It: the sort key of the index by_it {told}")  # type: ignore[dict-item]


@pytest.mark.parametrize(("kind", "value"), [("N", {"N": "0"}), ("B", {"B": b"1" * 1024}), ("S", {"S": " "})])
def test_what_dynamodb_takes_is_taken(kind: str, value: dict[str, object]) -> None:
    check = IndexCheck("by_it", KeyAttribute("it", kind), PARTITION, "It")  # type: ignore[arg-type]

    assert check.refusal({"it": value}) is None  # type: ignore[dict-item]
    assert check.refusal({}) is None


def test_the_functions_have_the_indexes(make_dataset: Make) -> None:
    rules = make_dataset(INDEXES).rules

    assert RowRules.from_json(rules.to_json()) == rules
    assert rules.indexes == (Index("by_make", "make", "sold_in"), Index("by_place", "place"))
    assert json.loads(rules.to_json())["indexes"] == [
        {"name": "by_make", "partition_key": "make", "sort_key": "sold_in"},
        {"name": "by_place", "partition_key": "place"},
    ]
    assert [str(rules.key_of(index)) for index in rules.indexes] == [
        "the partition key 'make' (text) and the sort key 'sold_in' (number)",
        "the partition key 'place' (text) and no sort key",
    ]


@pytest.mark.parametrize(
    ("before", "after"), [("by_place", "by_town"), ('sort_key = "sold_in"\n', ""), ('"place"\n', '"town"\n')]
)
def test_an_index_is_a_rule(make_dataset: Make, before: str, after: str) -> None:
    assert before in INDEXES

    assert make_dataset(INDEXES.replace(before, after, 1)).rules.digest != make_dataset(INDEXES).rules.digest


def test_what_an_index_holds_beside_its_key_is_none(make_dataset: Make) -> None:
    index = '[table.index.by_make]\npartition_key = "make"\n'
    plain, keys = make_dataset(index), make_dataset(index + 'projection = "keys"')

    assert plain.rules.to_json() == keys.rules.to_json()
    assert plain.settings_digest != keys.settings_digest


def test_rules_without_an_index_are_the_bytes_that_they_were(make_dataset: Make) -> None:
    assert make_dataset("").rules.to_json() == (
        b'{"attributes":["lowercase",{"replace":" ","with":"_"}],"columns":[],"dataset":"cars","duplicates":"last",'
        b'"partition_key":"car_id","table":"tb_cars","version":1}'
    )
