"""What a row may take the place of, where that is not whatever the table has under its key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from csvdynamo.errors import BatchError
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.item_digest import item_digest

GUARD_HEADER = f"{ROW_NUMBER_HEADER}:guard"
"""The column of the guards, the last one of a file whose rows have some. No source has a column of this name."""

NO_ITEM = ""
"""Stands for the digest of no item."""


@dataclass(frozen=True)
class Guard:
    """The items that a row may take the place of, or that may be deleted.

    Attributes:
        key: The key (`TableKey.of`) under which they are.
        digests: Their digests (`item_digest`); `NO_ITEM` where there may be none.
    """

    key: str
    digests: tuple[str, ...]

    def allows(self, item: Item | None) -> bool:
        """Tell whether an item, or None, may be replaced or deleted."""
        return (NO_ITEM if item is None else item_digest(item)) in self.digests

    def cell(self) -> str:
        """Write it as a cell of a prepared file."""
        told = {"key": self.key, "digests": self.digests}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_cell(cls, cell: str) -> Self | None:
        """Read it of a cell; None where it is none."""
        try:
            told: Any = json.loads(cell)
        except (ValueError, RecursionError):
            return None
        if not isinstance(told, dict) or told.keys() != {"key", "digests"}:
            return None
        key, digests = told["key"], told["digests"]
        if not isinstance(key, str) or not isinstance(digests, list) or not key or not digests:
            return None
        return cls(key, tuple(digests)) if all(isinstance(one, str) for one in digests) else None

    @classmethod
    def of_row(cls, row: Mapping[str, str]) -> Self:
        """Read it of a row of a file that has guards.

        Raises:
            BatchError: The row has none.
        """
        guard = cls.of_cell(row.get(GUARD_HEADER, ""))
        if guard is None:
            raise BatchError("a row of a file with guards does not say what it may take the place of")
        return guard


def without_guard(row: Mapping[str, str]) -> Mapping[str, str]:
    """Return a row without its guard; one that has none as it is."""
    return {name: text for name, text in row.items() if name != GUARD_HEADER} if GUARD_HEADER in row else row
