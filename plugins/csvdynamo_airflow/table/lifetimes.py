"""Until when each row's item lives, where the table has a time to live: one that has expired is not lost.

Rests on "Using time to live (TTL) in DynamoDB" of the developer guide: an item whose number of seconds is in the past
is deleted, mostly within two days; one more than five years in the past never is, nor one without a number.
"""

from array import array
from decimal import Decimal

from csvdynamo.rules.attribute_values import Item

_NEVER = 0
_LONGEST_PAST = 5 * 366 * 86_400
_MOST = 2**32 - 1  # of four bytes a row: in 2106


class Lifetimes:
    """The times of rows by their numbers, in four bytes each."""

    def __init__(self, attribute: str | None, rows: int) -> None:
        """Make room for the times.

        Args:
            attribute: The attribute that holds an item's, None where no item expires.
            rows: How many rows the source has.
        """
        self._attribute = attribute
        self._seconds = array("I", bytes(4 * (rows + 1 if attribute is not None else 0)))

    def note(self, row: int, item: Item) -> None:
        """Keep until when the item of a row lives."""
        if self._attribute is None:
            return
        number = item.get(self._attribute, {}).get("N")
        self._seconds[row] = _NEVER if number is None else max(_NEVER, min(_MOST, int(Decimal(number))))

    def has_ended(self, row: int | None, at: float) -> bool:
        """Say whether DynamoDB may have deleted a row's item at a time, in seconds since the epoch."""
        if self._attribute is None or row is None:
            return False
        return _NEVER < self._seconds[row] < at and at - self._seconds[row] <= _LONGEST_PAST


UNLIMITED = Lifetimes(None, 0)
"""Where no item expires."""
