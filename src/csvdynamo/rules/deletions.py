"""A row of a prepared file that no source has: it says which item is to be deleted.

It stands behind the file's own rows. Its number counts from -1 downwards, which no row of a source has, and its first
cell says the rest; the others are empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from csvdynamo.errors import BatchError
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.file_header import number_cell
from csvdynamo.rules.guards import NO_ITEM, Guard, without_guard

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
        return [-self.number, Guard(self.key, self.digests).cell(), *[""] * (width - 1)]

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
            cells = [text for header, text in without_guard(row).items() if header != ROW_NUMBER_HEADER and text]
            told = Guard.of_cell(cells[0]) if len(cells) == 1 else None
            if told is not None and NO_ITEM not in told.digests:
                return cls(int(digits), told.key, told.digests)
        raise BatchError("a row with a number below zero does not say which item is to be deleted")


def is_deletion(row: Mapping[str, str]) -> bool:
    """Tell whether a row of a file is one, by whatever names the file's columns have."""
    return number_cell(row).startswith(_MARK)
