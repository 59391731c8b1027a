"""Which rows of a run an error CSV says that its own are, kept on disk."""

from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo_airflow.storage.disk_space import DiskSpace

NUMBER_COLUMNS = {"row": "BIGINT", "number": "BIGINT"}
"""The columns of the file: a row's number in the error CSV, and in the run's source."""

_MOST_DIGITS = 18


class NumberSpool:
    """A temporary file of the rows of an error CSV, and which rows it says they are; a context manager.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path, space: DiskSpace) -> None:
        self.path = path
        self._file = space.open_text(path)

    def add(self, row: int, cell: str) -> None:
        """Take a row's number in the error CSV, and the cell that says which one it is; without a number, none."""
        cell = cell.strip()
        known = cell if cell.isascii() and cell.isdigit() and len(cell) <= _MOST_DIGITS else ""
        self._file.write(f"{row},{known}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
