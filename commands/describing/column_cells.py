"""The cells of one column, as its type is found by: in memory where few differ, else counted by DuckDB."""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from commands.describing.cell_store import CellStore, ColumnCounts
from commands.describing.kinds import BLANK_WORDS, RUINED, Kind

MOST_VALUES = 300_000
"""Different cells of a column that the core looks at itself."""

_SOME_VALUES = 2_000
_KNOWN_VALUES = 5_000
_KNOWN_BYTES = 20_000_000

Counted = tuple[str, int]
"""A cell, and how often it is there."""


class ColumnCells(Protocol):
    """The cells of a column that are not blank."""

    def some(self) -> Sequence[str]:
        """Give different ones from all over the file."""
        ...

    def marked(self) -> Sequence[Counted]:
        """Give those that are a word for nothing, or that a spreadsheet has ruined."""
        ...

    def sure(self, kind: Kind) -> int:
        """Count those that a kind takes for sure."""
        ...

    def facts(self, kind: Kind) -> dict[str, int]:
        """Count those that match each of a kind's facts."""
        ...

    def others(self, kind: Kind) -> Iterator[Counted]:
        """Give those that `sure` left out, `MOST_VALUES` at most."""
        ...

    def extremes(self, *, as_number: bool) -> tuple[str, str]:
        """Give the least and the most, as numbers or as texts."""
        ...


def cells_of(store: CellStore, counts: ColumnCounts) -> ColumnCells:
    """Give the cells of a column of which some are not blank."""
    if counts.distinct <= _KNOWN_VALUES and counts.distinct * counts.longest <= _KNOWN_BYTES:
        known = list(store.values(counts.place, 2 * _KNOWN_VALUES))
        if len(known) < 2 * _KNOWN_VALUES:
            return KnownCells(known)
    return StoredCells(store, counts)


class KnownCells:
    """Cells in memory, all of them."""

    def __init__(self, cells: Sequence[Counted]) -> None:
        self._cells = sorted(cells)

    def some(self) -> Sequence[str]:
        """Give all."""
        return [cell for cell, _ in self._cells]

    def marked(self) -> Sequence[Counted]:
        """Look at each."""
        return [
            (cell, count)
            for cell, count in self._cells
            if cell.strip().lower() in BLANK_WORDS or re.fullmatch(RUINED, cell)
        ]

    def sure(self, kind: Kind) -> int:
        """Leave each to the core."""
        return 0

    def facts(self, kind: Kind) -> dict[str, int]:
        """Match each."""
        return {
            name: sum(count for cell, count in self._cells if re.fullmatch(pattern, cell))
            for name, pattern in kind.facts.items()
        }

    def others(self, kind: Kind) -> Iterator[Counted]:
        """Give all."""
        return iter(self._cells)

    def extremes(self, *, as_number: bool) -> tuple[str, str]:
        """Compare them."""
        cells = self.some()
        order = float if as_number else None
        return min(cells, key=order), max(cells, key=order)


class StoredCells:
    """Cells on the disk."""

    def __init__(self, store: CellStore, counts: ColumnCounts) -> None:
        self._store = store
        self._place = counts.place
        self._matches: dict[str, dict[str | None, int]] = {}

    def some(self) -> Sequence[str]:
        """Take every so manieth row's."""
        return self._store.some_values(self._place, _SOME_VALUES)

    def marked(self) -> Sequence[Counted]:
        """Look for them."""
        return self._store.words(self._place, sorted(BLANK_WORDS), RUINED)

    def sure(self, kind: Kind) -> int:
        """Count what matches the kind's expression."""
        return self._counted(kind).get(None, 0)

    def facts(self, kind: Kind) -> dict[str, int]:
        """Count what matches each of its facts, in the same pass."""
        return {name: count for name, count in self._counted(kind).items() if name is not None}

    def others(self, kind: Kind) -> Iterator[Counted]:
        """Go through what does not match."""
        return self._store.values(self._place, MOST_VALUES, unless=kind.sure)

    def extremes(self, *, as_number: bool) -> tuple[str, str]:
        """Look for them."""
        return self._store.extremes(self._place, as_number=as_number)

    def _counted(self, kind: Kind) -> dict[str | None, int]:
        if kind.told not in self._matches:
            patterns: dict[str | None, str] = {None: kind.sure} if kind.sure is not None else {}
            patterns |= dict(kind.facts.items())
            numbers = self._store.matches(self._place, list(patterns.values()))
            self._matches[kind.told] = dict(zip(patterns, numbers, strict=True))
        return self._matches[kind.told]
