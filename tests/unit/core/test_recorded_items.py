"""Recorded items: of rules of this version, the same cells have these items in every version of csvdynamo.

A snapshot rests on it (docs/decisions/0058): its digests are of cells, and a run leaves a row unwritten as long as
cells and rules are as they were. Whoever changes what the core makes of a cell raises the version of `RowRules`, which
is in its digest, and records the items anew.
"""

import json
from collections.abc import Callable

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.row_rules import RowRules
from tests.support.converted_row import convert_row

VERSION = 1

RULES = """
[columns.Plate]
transform = ["trim", "uppercase"]

[columns.Age]
type = "number"

[columns.Price]
type = "number"
thousands = "."
decimal = ","
strip = "$ "
negative = "parentheses"

[columns.Share]
type = "number"
percent = true

[columns.Sold]
type = "boolean"

[columns.Built]
type = "date"
format = ["%d/%m/%Y", "%Y-%m-%d"]

[columns.Seen]
type = "timestamp"
timezone = "Europe/Berlin"
format = "%Y-%m-%d %H:%M"

[columns.Since]
type = "date"
store = "epoch"
timezone = "Europe/Berlin"

[columns.Owners]
type = "list"
separator = "|"

[columns.Colours]
type = "set"

[columns.Codes]
type = "number_set"

[columns.Extras]
type = "json"

[columns.Photo]
type = "binary"

[columns.Note]
empty = "null"
blank = ["n/a"]
"""

ROWS: tuple[dict[str, str], ...] = (
    {
        "Car ID": "1",
        "Plate": " ab c ",
        "Age": "007.50",
        "Price": "($ 1.234,50)",
        "Share": "12.5%",
        "Sold": "true",
        "Built": "29/02/2024",
        "Seen": "2024-07-01 12:30",
        "Since": "2024-01-01",
        "Owners": "x|y||z",
        "Colours": "red;blue",
        "Codes": "3;1.0;2",
        "Extras": '{"b": [1, null, true], "a": "ü"}',
        "Photo": "AAEC",
        "Note": "n/a",
        "Free": "  as it is \\\\ ",
    },
    {"Car ID": "2", "Age": "-1E3", "Price": "0", "Share": "0.5 %", "Sold": "FALSE", "Built": "1999-12-31", "Free": "é"},
)

ITEMS = (
    {
        "car_id": {"S": "1"},
        "plate": {"S": "AB C"},
        "age": {"N": "7.5"},
        "price": {"N": "-1234.5"},
        "share": {"N": "0.125"},
        "sold": {"BOOL": True},
        "built": {"S": "2024-02-29"},
        "seen": {"S": "2024-07-01T10:30:00Z"},
        "since": {"N": "1704063600"},
        "owners": {"L": [{"S": "x"}, {"S": "y"}, {"S": ""}, {"S": "z"}]},
        "colours": {"SS": ["red", "blue"]},
        "codes": {"NS": ["3", "1", "2"]},
        "extras": {"M": {"b": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": True}]}, "a": {"S": "ü"}}},
        "photo": {"B": b"\x00\x01\x02"},
        "note": {"NULL": True},
        "free": {"S": "  as it is \\\\ "},
    },
    {
        "car_id": {"S": "2"},
        "age": {"N": "-1000"},
        "price": {"N": "0"},
        "share": {"N": "0.005"},
        "sold": {"BOOL": False},
        "built": {"S": "1999-12-31"},
        "free": {"S": "é"},
    },
)


DIGESTS = ("6f7ca084a0f0b34d9c1733ec96add97b", "e0bb14be13ccc1c02821e8785743d52c")


def _rules(make_dataset: Callable[[str], Dataset]) -> RowRules:
    return make_dataset(RULES).rules


def test_cells_have_the_items_that_rules_of_this_version_gave_them(make_dataset: Callable[[str], Dataset]) -> None:
    rules = _rules(make_dataset)
    assert json.loads(rules.to_json())["version"] == VERSION

    assert tuple(convert_row(rules, row) for row in ROWS) == ITEMS


def test_items_have_the_digests_that_every_version_gave_them() -> None:
    """What a run put into the table is known by them later, by another version of csvdynamo and of Python."""
    assert tuple(map(item_digest, ITEMS)) == DIGESTS


def test_every_type_is_recorded(make_dataset: Callable[[str], Dataset]) -> None:
    assert {column.type for column in _rules(make_dataset).columns} == set(ColumnType)
