"""A row of a prepared file that no source has: it says which item is to be deleted.

It stands behind the file's own rows. Its number counts from -1 downwards, which no row of a source has, and its first
cell says the rest; the others are empty.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from csvdynamo.errors import BatchError
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.file_header import number_cell

_MARK = "-"
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Deletion:
    """An item that is to be deleted, if it is still one that a run put there.

    Attributes:
        number: Its number among the file's deletions, from 1.
        key: Its key (`TableKey.of`).
        digests: The digests (`item_digest`) of the items that runs have put there, or may have.
    """

    number: int
    key: str
    digests: tuple[str, ...]

    def fields(self, width: int) -> list[str | int]:
        """Write it as the fields of a row of a prepared file, its number first.

        Args:
            width: How many columns the file has, without the row number's.
        """
        told = json.dumps({"key": self.key, "digests": self.digests}, ensure_ascii=False, separators=(",", ":"))
        return [-self.number, told, *[""] * (width - 1)]

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Self | None:
        """Read it of a row by the source's names; None where it is a row of the source.

        Raises:
            BatchError: It is neither.
        """
        number = row.get(ROW_NUMBER_HEADER, "")
        if not number.startswith(_MARK):
            return None
        digits = number.removeprefix(_MARK)
        if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS and int(digits):
            cells = [text for header, text in row.items() if header != ROW_NUMBER_HEADER and text]
            told = _read(cells[0]) if len(cells) == 1 else None
            if told is not None:
                return cls(int(digits), *told)
        raise BatchError("a row with a number below zero does not say which item is to be deleted")


def _read(cell: str) -> tuple[str, tuple[str, ...]] | None:
    try:
        told: Any = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.keys() != {"key", "digests"}:
        return None
    key, digests = told["key"], told["digests"]
    if not isinstance(key, str) or not isinstance(digests, list) or not key or not digests:
        return None
    return (key, tuple(digests)) if all(isinstance(one, str) and one for one in digests) else None


def is_deletion(row: Mapping[str, str]) -> bool:
    """Tell whether a row of a file is one, by whatever names the file's columns have."""
    return number_cell(row).startswith(_MARK)
