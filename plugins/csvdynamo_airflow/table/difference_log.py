"""The differences that a check of the table finds: all of them in a file, the first of each kind in memory."""

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo_airflow.documents.checked_table import Difference, DifferenceKind
from csvdynamo_airflow.storage.disk_space import DiskSpace

EXAMPLES = 20
"""Differences of one kind that the report names."""


class DifferenceLog:
    """Writes differences as JSON lines, and keeps their counts and the first ones of each kind."""

    def __init__(self, path: Path, space: DiskSpace) -> None:
        self.path = path
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
        """Take a difference down."""
        self.counts[difference.kind] += 1
        if self.counts[difference.kind] <= EXAMPLES:
            self.examples.append(difference)
        self._file.write(difference.line() + "\n")
