"""Queries that are asked one after the other, each of which leaves its file to the next: DuckDB's memory is bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, sql_text, write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class QuerySteps:
    """A folder of such files.

    Attributes:
        session: DuckDB.
        space: The space of a private folder.
    """

    session: "DuckDBPyConnection"
    space: DiskSpace

    def step(self, name: str, query: str) -> str:
        """Keep what a query gives as a file; return as SQL that it is read.

        Raises:
            NoSpaceError: There is no room for it.
        """
        return write_parquet(self.session, query, self.path(name), self.space)

    def read(self, name: str) -> str:
        """Write as SQL that a step's file is read."""
        return f"read_parquet({sql_text(self.path(name))})"

    def path(self, name: str) -> Path:
        """Say where a file of the folder is."""
        return self.space.folder / name

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Ask, and go through the rows of the answer, some thousands in memory at a time."""
        return fetched(self.session.execute(query))

    def numbers(self, query: str) -> tuple[int, ...]:
        """Ask for the numbers of one row."""
        [numbers] = self.session.execute(query).fetchall()
        return tuple(numbers)

    def has_rows(self, query: str) -> bool:
        """Ask whether the answer has a row."""
        return self.session.execute(query).fetchone() is not None

    def marks(self, query: str, most: int) -> bytearray:
        """Ask for row numbers, and mark each among all of them, from 0 to the largest."""
        marks = bytearray(most + 1)
        for (row,) in self.rows(query):
            marks[row] = 1
        return marks
