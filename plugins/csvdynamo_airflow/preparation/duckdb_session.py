"""DuckDB as prepare uses it: a bounded helper that works in the task's private folder and fetches nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "256MB"
THREADS = 2


@contextmanager
def open_duckdb(folder: Path) -> "Iterator[DuckDBPyConnection]":
    """Open a database in memory that goes on on the folder's disk when it reaches its limit.

    Its settings: https://duckdb.org/docs/stable/configuration/overview.

    Args:
        folder: A private folder; what is spilled goes to one inside.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": str(THREADS),
        "temp_directory": str(folder / "duckdb"),
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=config) as session:
        yield session


def sql_text(value: object) -> str:
    """Write a value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
