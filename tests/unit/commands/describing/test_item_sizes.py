"""Items' sizes, as DynamoDB counts them, and the write units of all of them."""

from collections.abc import Sequence

import pytest

from commands.describing.column_types import find_types
from commands.describing.item_sizes import ItemSizes, size_items
from commands.describing.key_choice import choose_key
from csvdynamo.rules.attribute_values import item_size
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from tests.unit.commands.describing.described import stored

HEADER = ("Car ID", "Größe", "Note")
ROWS = [("A1", "größer", ""), ("A2", "", "x" * 1500), ("A3", "y", "z" * 400)]


def counted(header: Sequence[str], rows: Sequence[Sequence[str]]) -> ItemSizes:
    with stored(header, rows) as store:
        findings = find_types(store)
        return size_items(store, findings, choose_key(store, findings))


def test_of_texts_they_are_those_of_the_core() -> None:
    converter = RowConverter(RowRules("cars", "tb_cars", "Car ID"))
    items = [
        converter.convert({ROW_NUMBER_HEADER: str(number), **dict(zip(HEADER, row, strict=True))})
        for number, row in enumerate(ROWS, 1)
    ]
    sizes = [item_size(item) for item in items if not isinstance(item, Refusal)]

    found = counted(HEADER, ROWS)

    assert found == ItemSizes(sum(sizes) / 3, max(sizes), sum(-(-size // 1024) for size in sizes))


@pytest.mark.parametrize(
    ("cells", "size"),
    [(["1", "23", "456"], 2 + 2), (["true", "false"], 1), (["2018-01-28"], 10), (["2018-01-28T00:00"], 20)],
)
def test_of_other_types_about(cells: Sequence[str], size: int) -> None:
    found = counted(["Car ID", "v"], [[f"A{number}", cell] for number, cell in enumerate(cells)])

    assert abs(found.largest - (len("Car ID") + 2 + 1 + size)) <= 1


def test_an_attribute_that_is_made_counts_too() -> None:
    rows = [("x", "y"), ("x", "y")]

    assert counted(("a", "b"), rows).largest == 4 + len("row_number") + 6


def test_of_no_row() -> None:
    assert counted(("Car ID",), []) == ItemSizes(0, 0, 0)


def test_an_item_that_dynamodb_does_not_take() -> None:
    assert ItemSizes(1, 400 * 1024 + 1, 1).too_large
    assert not ItemSizes(1, 400 * 1024, 1).too_large
