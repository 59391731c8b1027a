"""Writes items that may take the place of some items alone: of those that their guards name, or of none.

An item that is there already as it is to be counts as written, so that every attempt may be repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from csvdynamo.aws.aws_errors import validation_message
from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import BatchError
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.guards import NO_ITEM, Guard
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.wire_items import WireItem, read_item
from csvdynamo.writing.table_items import Change, Settling, TableItems


class _Entry(NamedTuple):
    place: int
    key: str
    text: str
    item: Item


@dataclass(frozen=True)
class GuardedWriter:
    """Writes to one table.

    Attributes:
        items: The table's items.
        backoff: How long calls are repeated.
        guards: What an item may take the place of, by its key; None where nothing may be under any.
    """

    items: TableItems
    backoff: Backoff
    guards: Mapping[str, Guard] | None = None

    def write(self, items: Sequence[WireItem]) -> list[RefusedItem]:
        """Write the items, and return those that were not, in order; all the others are stored.

        What stands in the way of one is left as it is.

        Args:
            items: Items whose keys all differ.

        Raises:
            BatchError: An item has no guard.
            WriteDeadlineExceeded: The time ran out. Some items may be stored.
            botocore.exceptions.ClientError: The service refused a call for good (no such table, access denied).
        """
        entries = [_Entry(place, one.key, one.text, read_item(one.text)) for place, one in enumerate(items)]
        for entry in entries:
            self._guard(entry.key)
        refused: dict[int, RefusedItem] = {}

        def decide(entry: _Entry, there: Item | None) -> Change | None:
            refused.pop(entry.place, None)  # an attempt that broke off may have noted it
            if there is not None and item_digest(there) == item_digest(entry.item):
                return None
            if self._guard(entry.key).allows(there):
                return self.items.put(entry.text, there)
            refused[entry.place] = self._in_the_way(entry, there)
            return None

        def refuse(entry: _Entry, error: Exception) -> bool:
            message = validation_message(error)
            if message is not None:
                refused[entry.place] = RefusedItem(entry.place, message)
            return message is not None

        what = f"write %s of the batch's items to {self.items.name}"
        Settling(self.items, decide, self.backoff, what, refuse).settle(entries)
        return [refused[place] for place in sorted(refused)]

    def _guard(self, key: str) -> Guard:
        if self.guards is None:
            return Guard(key, (NO_ITEM,))
        guard = self.guards.get(key)
        if guard is None:
            raise BatchError("a row's guard is one of another key than the row has")
        return guard

    def _in_the_way(self, entry: _Entry, there: Item | None) -> RefusedItem:
        key = self.items.key.shown(entry.key)
        if there is None:
            message = f"the table has no item under the key {key} any more, and the row was to take the place of one"
        elif self.guards is None:
            message = f"the table has an item under the key {key}, which is left as it is"
        else:
            message = f"the table has another item under the key {key} than the row was to replace; it is left as it is"
        return RefusedItem(entry.place, message, RejectCode.LEFT_ALONE)
