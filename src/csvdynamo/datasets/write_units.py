"""What DynamoDB charges for a new item, in write units: of the table, and of each index that the item is in.

Rests on "DynamoDB read and write operations" and "Using Global Secondary Indexes" of the developer guide: a unit is
1 KB begun of what is stored, and an item that lacks a key of an index is not in it.
"""

from collections.abc import Callable

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.attribute_values import Item, item_size

WRITE_UNIT_BYTES = 1024

_Held = Callable[[Item], Item]


def units_of(size: int) -> int:
    """Return the write units of so many bytes; there is no item of none."""
    return max(1, -(-size // WRITE_UNIT_BYTES))


class WriteUnits:
    """Counts the write units of a data set's items, where the table has none under their keys.

    An item that takes the place of a larger one costs what the larger one does; of an index whose part of it stays as
    it was, nothing.
    """

    def __init__(self, dataset: Dataset) -> None:
        """Lay out what each index holds.

        Args:
            dataset: The data set. A table that is there already may have indexes that its file does not name.
        """
        rules, table = dataset.rules, dataset.table
        keys = tuple(part.name for part in rules.key.attributes)
        self._indexes = [
            (index.attributes, _projected((*keys, *index.attributes), table.index[index.name].projection))
            for index in rules.indexes
        ]

    def of(self, item: Item, size: int) -> int:
        """Count those of an item.

        Args:
            item: The item.
            size: Its bytes (`item_size`).
        """
        units = units_of(size)
        for attributes, held in self._indexes:
            if all(name in item for name in attributes):
                units += units_of(item_size(held(item)))
        return units


def _projected(keys: tuple[str, ...], projection: str | tuple[str, ...]) -> _Held:
    """Return what takes the part of an item that an index holds."""
    if projection == "all":
        return lambda item: item
    names = dict.fromkeys(keys if isinstance(projection, str) else (*keys, *projection))
    return lambda item: {name: item[name] for name in names if name in item}
