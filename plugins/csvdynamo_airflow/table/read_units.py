"""What the check of a table costs: the read units that DynamoDB says it consumed."""

import threading
from collections.abc import Mapping
from typing import Any


class ReadUnits:
    """Adds up the read units of calls that may overlap (Scan and BatchGetItem with ReturnConsumedCapacity)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._units: float | None = 0.0

    def add(self, answer: Mapping[str, Any]) -> None:
        """Add what an answer says of its cost."""
        told = answer.get("ConsumedCapacity")
        each = [_units(one) for one in told] if isinstance(told, list) else [_units(told)]
        with self._lock:
            for units in each:
                self._units = None if units is None or self._units is None else self._units + units

    @property
    def total(self) -> float | None:
        """All of them until now; None where an answer did not say."""
        with self._lock:
            return self._units


def _units(capacity: object) -> float | None:
    units = capacity.get("CapacityUnits") if isinstance(capacity, Mapping) else None
    return float(units) if isinstance(units, int | float) and not isinstance(units, bool) else None
