"""What a hostile case is: a record as it stands in a file, and what has to become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

DELIMITER = "\ue000"
"""Stands in records and values for whichever delimiter the file has."""


@dataclass(frozen=True)
class Stored:
    """The row is in the table, as exactly this item (DynamoDB attribute values)."""

    item: Item


@dataclass(frozen=True)
class Refused:
    """The row is among the rejects.

    Attributes:
        codes: The code; more than one where a row has several faults and the specification ranks none.
        column: The header that the reject must name, None if any will do.
        says: What the message must hold.
    """

    codes: tuple[str, ...]
    column: str | None = None
    says: str = ""


Outcome = Stored | Refused


@dataclass(frozen=True)
class HostileRow:
    """One record of a hostile file.

    Attributes:
        case: Its name, by which a failure is told.
        record: The record without its line end, its delimiters written as `DELIMITER`.
        outcome: What has to become of it. Of stored rows with one key, the data set's policy has one win.
        cells: The record's cells by header; None if they cannot be told.
        last: Whether it must be the file's last.
    """

    case: str
    record: str
    outcome: Outcome
    cells: Mapping[str, str] | None = None
    last: bool = False

    def in_file_with(self, delimiter: str) -> "HostileRow":
        """Put in the delimiter."""

        def fill(text: str) -> str:
            return text.replace(DELIMITER, delimiter)

        outcome = self.outcome
        if isinstance(outcome, Stored):
            # A tab alone is blank, and a blank cell is no attribute.
            item = {name: _fill_value(value, fill) for name, value in outcome.item.items()}
            outcome = Stored({name: value for name, value in item.items() if value != {"S": "\t"}})
        cells = None if self.cells is None else {header: fill(value) for header, value in self.cells.items()}
        return replace(self, record=fill(self.record), outcome=outcome, cells=cells)


def settle(rows: list[HostileRow], policy: str, key: str = "id") -> list[HostileRow]:
    """Apply a policy for duplicate keys (`first`, `last`, `reject`) to the rows that the rules accept."""
    rivals: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        if isinstance(row.outcome, Stored):
            rivals.setdefault(row.outcome.item[key]["S"], []).append(number)
    settled = list(rows)
    for numbers in rivals.values():
        if len(numbers) > 1:
            winner = {"first": numbers[0], "last": numbers[-1], "reject": None}[policy]
            for number in numbers:
                if number != winner:
                    says = f"row {winner}" if winner else "row"
                    lost = Refused(("DUPLICATE_KEY",), "ID", says)
                    settled[number - 1] = replace(rows[number - 1], outcome=lost)
    return settled


def _fill_value(value: Mapping[str, Any], fill: Any) -> Mapping[str, Any]:
    return {kind: fill(content) if isinstance(content, str) else content for kind, content in value.items()}
