"""The differences that a check of the table finds: all of them in a file, the first of each kind in memory."""

import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo_airflow.documents.checked_table import Difference, DifferenceKind
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.table.lifetimes import UNLIMITED, Lifetimes

EXAMPLES = 20
"""Differences of one kind that the report names."""


class DifferenceLog:
    """Writes differences as JSON lines, and keeps their counts and the first ones of each kind.

    An item that is not there and whose time to live has ended is no difference; `expired` counts them.
    """

    def __init__(self, path: Path, space: DiskSpace, lifetimes: Lifetimes = UNLIMITED) -> None:
        self.path = path
        self.expired = 0
        self._lifetimes = lifetimes
        self.counts: Counter[DifferenceKind] = Counter()
        self.examples: list[Difference] = []
        self._file = space.open_text(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exception: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, difference: Difference) -> None:
        """Take a difference down; the table has been read by now."""
        if difference.kind is DifferenceKind.MISSING and self._lifetimes.has_ended(difference.row, time.time()):
            self.expired += 1
            return
        self.counts[difference.kind] += 1
        if self.counts[difference.kind] <= EXAMPLES:
            self.examples.append(difference)
        self._file.write(difference.line() + "\n")
