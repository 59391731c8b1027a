"""Of which columns each attribute is made: held against what the rules really make of a row."""

import json

import pytest

from csvdynamo.rules.cells import TYPES
from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column, ColumnType, EmptyPolicy, Store
from csvdynamo.rules.computed import Computed, Digest, RowNumber, Template
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.transforms import Lowercase, Prefix
from csvdynamo.rules.zones import Zone
from csvdynamo_airflow.lineage.attributes import Attribute, attributes_of

HEADERS = ("Car ID", "City", "Year", "Note", "Left Out", "Plain")
RULES = RowRules(
    dataset="cars",
    table="tb_cars",
    partition_key="place",
    sort_key="id",
    attribute_transform=(Lowercase(),),
    columns=(
        Column("Car ID", rename="id", transform=(Prefix("A_"),), required=True, max_length=20),
        Column("Year", type=ColumnType.NUMBER),
        Column("Note", blank=frozenset({"NA"}), empty=EmptyPolicy.NULL),
        Column("Left Out", drop=True),
    ),
    computed=(
        Computed("place", Template("{City}#{Year}")),
        Computed("number", RowNumber()),
        Computed("digest", Digest(("Note", "Left Out"))),
        Computed("all", Digest(())),
    ),
)
ROW = {ROW_NUMBER_HEADER: "7", **dict(zip(HEADERS, ["1", "Seattle", "2020", "n", "x", "p"], strict=True))}
OTHER_ROW = {ROW_NUMBER_HEADER: "8", **dict(zip(HEADERS, ["2", "Bothell", "2021", "m", "y", "q"], strict=True))}


def converted(row: dict[str, str]) -> dict[str, object]:
    item = RowConverter(RULES).convert(row)
    assert isinstance(item, dict), item
    return item


def test_an_attribute_is_made_of_the_columns_whose_cells_change_it_and_of_no_others() -> None:
    item = converted(ROW)
    changes = {
        column: {name for name, value in converted({**ROW, column: OTHER_ROW[column]}).items() if value != item[name]}
        for column in ROW
    }

    told = {one.name: set(one.columns) for one in attributes_of(RULES, HEADERS)}

    assert told == {name: {column for column, changed in changes.items() if name in changed} for name in item}


def test_an_attribute_without_a_how_is_the_cell_as_it_stands() -> None:
    item = converted(ROW)

    for one in attributes_of(RULES, HEADERS):
        as_it_stands = len(one.columns) == 1 and item[one.name] == {"S": ROW[one.columns[0]]}
        # A blank cell of this one becomes another thing than no attribute.
        assert (one.how == "") is (as_it_stands and one.name != "note"), one


def test_each_is_told_as_the_data_set_file_says_it() -> None:
    assert attributes_of(RULES, HEADERS) == (
        Attribute("id", "S", "sort key", ("Car ID",), '{"transform": [{"prefix": "A_"}]}'),
        Attribute("city", "S", "", ("City",)),
        Attribute("year", "N", "", ("Year",), '{"type": "number"}'),
        Attribute("note", "S", "", ("Note",), '{"empty": "null", "blank": ["NA"]}'),
        Attribute("plain", "S", "", ("Plain",)),
        Attribute("place", "S", "partition key", ("City", "Year"), '{"template": "{City}#{Year}"}'),
        Attribute("number", "N", "", (ROW_NUMBER_HEADER,), '{"row_number": true}'),
        Attribute("digest", "S", "", ("Note", "Left Out"), '{"digest": ["Note", "Left Out"]}', masks=True),
        Attribute("all", "S", "", tuple(sorted(HEADERS)), '{"digest": "*"}', masks=True),
    )


def test_a_time_zone_is_its_name() -> None:
    zone = Zone("Europe/Berlin", b"x" * 1000)
    rules = RowRules("cars", "tb_cars", "id", columns=(Column("At", type=ColumnType.TIMESTAMP, timezone=zone),))

    [at] = attributes_of(rules, ("At",))

    assert json.loads(at.how) == {"type": "timestamp", "timezone": "Europe/Berlin"}


CELLS = {
    ColumnType.TEXT: ["a"],
    ColumnType.NUMBER: ["1"],
    ColumnType.BOOLEAN: ["true"],
    ColumnType.DATE: ["2020-01-02"],
    ColumnType.TIMESTAMP: ["2020-01-02T03:04:05Z"],
    ColumnType.LIST: ["a;b"],
    ColumnType.SET: ["a;b"],
    ColumnType.NUMBER_SET: ["1;2"],
    ColumnType.JSON: ["1", "{}"],
    ColumnType.BINARY: ["AAA="],
}


@pytest.mark.parametrize("store", Store)
@pytest.mark.parametrize("kind", ColumnType)
def test_a_type_has_the_letters_of_what_its_cells_become(kind: ColumnType, store: Store) -> None:
    if store is Store.EPOCH and kind not in {ColumnType.DATE, ColumnType.TIMESTAMP}:
        store = Store.ISO
    column = Column("A", type=kind, store=store)
    letters = {letter for cell in CELLS[kind] for letter in (TYPES[kind](column)(cell) or {})}

    [attribute] = attributes_of(RowRules("cars", "tb_cars", "id", columns=(column,)), ("A",))

    assert attribute.type == (letters.pop() if len(letters) == 1 else None)
