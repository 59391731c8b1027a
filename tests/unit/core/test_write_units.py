"""Write units of an item: of the table, and of each index that the item is in."""

from collections.abc import Callable

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.write_units import WriteUnits, units_of
from csvdynamo.rules.attribute_values import Item, item_size

MakeDataset = Callable[[str], Dataset]

INDEXES = """
[table.index.by_make]
partition_key = "make"
projection = {projection}
"""


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (409_600, 400)])
def test_a_unit_is_a_kilobyte_begun(size: int, units: int) -> None:
    assert units_of(size) == units


def car(make: str | None, note: int) -> Item:
    item: Item = {"car_id": {"S": "A"}, "note": {"S": "x" * note}}
    return item if make is None else {**item, "make": {"S": make}}


@pytest.mark.parametrize(
    ("projection", "make", "units"),
    [
        ('"all"', "Saab", 3 + 3),
        ('"keys"', "Saab", 3 + 1),
        ('["note"]', "Saab", 3 + 3),
        ('["colour"]', "Saab", 3 + 1),
        ('"all"', None, 3),
    ],
)
def test_an_index_costs_what_it_holds_of_an_item_and_nothing_of_one_without_its_key(
    projection: str, make: str | None, units: int, make_dataset: MakeDataset
) -> None:
    counted = WriteUnits(make_dataset(INDEXES.format(projection=projection)))
    item = car(make, 2_100)

    assert counted.of(item, item_size(item)) == units


def test_an_item_without_one_part_of_an_indexs_key_is_not_in_it(make_dataset: MakeDataset) -> None:
    both = INDEXES.format(projection='"all"') + 'sort_key = "note"\n'
    item: Item = {"car_id": {"S": "A"}, "make": {"S": "Saab"}}

    assert WriteUnits(make_dataset(both)).of(item, 10) == 1
    assert WriteUnits(make_dataset(both)).of({**item, "note": {"S": "x"}}, 10) == 2


def test_two_indexes_cost_each(make_dataset: MakeDataset) -> None:
    both = INDEXES.format(projection='"keys"') + '[table.index.by_note]\npartition_key = "note"\nprojection = "all"\n'
    item = car("Saab", 1_000)

    assert item_size(item) == 1_019
    assert WriteUnits(make_dataset(both)).of(item, item_size(item)) == 1 + 1 + 1
