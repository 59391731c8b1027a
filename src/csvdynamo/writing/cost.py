"""What a batch costs: the write units that DynamoDB charges, and the time that the function takes and waits.

Rests on "BatchWriteItem" of the DynamoDB API reference (ReturnConsumedCapacity).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNPROCESSED = "UnprocessedItems"
"""Stands for the reason of items that DynamoDB left unprocessed in an answer, of which it says none."""


@dataclass(frozen=True)
class BatchCost:
    """What one attempt of a batch cost.

    Attributes:
        write_units: Write units that DynamoDB said it consumed; None where an answer did not say.
        began: When it began, in seconds since the epoch.
        seconds: How long it took.
        throttled: Items that DynamoDB turned away and that were sent again, by its reason, as often as it did.
        waited: Seconds of it that passed before another attempt at the table.
    """

    write_units: float | None
    began: float
    seconds: float
    throttled: Mapping[str, int]
    waited: float


class CostMeter:
    """Measures one attempt of a batch."""

    def __init__(self, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._units: float | None = 0.0
        self._throttled: Counter[str] = Counter()
        self._waited = 0.0
        self._began, self._monotonic = now(), monotonic
        self._at = monotonic()

    def add(self, response: Mapping[str, Any]) -> None:
        """Add what a call's answer says of its cost.

        Args:
            response: The answer of BatchWriteItem.
        """
        units = _consumed(response.get("ConsumedCapacity"))
        self._units = None if units is None or self._units is None else self._units + units

    def turned_away(self, items: int, reasons: Iterable[str]) -> None:
        """Count items that DynamoDB turned away, under each of its reasons."""
        self._throttled.update(dict.fromkeys(reasons, items))

    def waiting(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return a sleep that counts what it sleeps."""

        def counted(seconds: float) -> None:
            self._waited += seconds
            sleep(seconds)

        return counted

    def read(self) -> BatchCost:
        """Say what it cost until now."""
        seconds = round(self._monotonic() - self._at, 3)
        throttled = dict(sorted(self._throttled.items()))
        return BatchCost(self._units, round(self._began, 3), seconds, throttled, round(self._waited, 3))


def _consumed(capacity: object) -> float | None:
    if not isinstance(capacity, list):
        return None
    units = [one["CapacityUnits"] for one in capacity if isinstance(one, dict) and _is_number(one.get("CapacityUnits"))]
    return sum(units) if len(units) == len(capacity) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
