"""DuckDB as the tasks use it: a bounded helper that works in the task's private folder and fetches nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.workspace import HEADROOM_BYTES, free_bytes, no_space

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "256MB"
THREADS = 2

# Of files of ours, in bytes. DuckDB's own buffers, 32 MB for each thread and scan, would take all of its memory.
_LONGEST_LINE = 100_000
_BUFFER = 40 * _LONGEST_LINE

# Of a prepared file, whose rows have room in a batch of 256 KiB. DuckDB's threads begin at every 8 MB of a file, and at
# every buffer: with smaller ones they would begin at more places.
_LONGEST_ROW = 300_000
_ROWS_BUFFER = 8_000_000

# Two threads begin a large file at two places, and the second one takes a line of a text for a row that looks like it.
_IN_ORDER = "parallel=false, "

_FETCHED_ROWS = 10_000
# Rows of a group are held in memory, and some have texts of thousands of characters.
_PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)"

# What DuckDB says when it reaches max_temp_directory_size, and what the system says when the disk is full.
_NO_SPACE = ("max_temp_directory_size", "No space left on device", "Disk quota exceeded")


class QueryError(MigrationError):
    """DuckDB cannot do what it is asked."""


@contextmanager
def open_duckdb(space: DiskSpace) -> "Iterator[DuckDBPyConnection]":
    """Open a database in memory that goes on on the folder's disk when it reaches its limit, and not past the headroom.

    Its settings: https://duckdb.org/docs/stable/configuration/overview.

    Args:
        space: The space of a private folder; what is spilled goes to one inside.

    Raises:
        NoSpaceError: The disk has no room for what is to be spilled.
        QueryError: DuckDB cannot do what it is asked.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": str(THREADS),
        "temp_directory": str(space.folder / "duckdb"),
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=config) as session:
        try:
            session.execute("SET enable_progress_bar = false")  # a task's log is no terminal
            bound_spilling(session, space)
            yield session
        except duckdb.Error as error:
            if any(sign in str(error) for sign in _NO_SPACE):
                raise no_space(space.folder, space.purpose) from error
            # Not its message, nor as a cause: DuckDB quotes the line that it cannot read.
            raise QueryError(f"DuckDB could not {space.purpose}: {type(error).__name__}.") from None


def bound_spilling(session: "DuckDBPyConnection", space: DiskSpace) -> None:
    """Let a session spill no more than the disk has room for now, its headroom left.

    By a statement, as DuckDB takes the setting at its opening, shows it, and does not heed it.

    Args:
        session: DuckDB.
        space: The space of the folder that it spills to.

    Raises:
        NoSpaceError: There is no room at all.
    """
    space.require(0)
    used = session.execute("SELECT coalesce(sum(size), 0) FROM duckdb_temporary_files()").fetchone()
    room = free_bytes(space.folder) - HEADROOM_BYTES + (int(used[0]) if used else 0)
    session.execute(f"SET max_temp_directory_size = '{room}B'")


def read_csv(path: Path | Sequence[Path], columns: Mapping[str, str], *, texts: bool = False) -> str:
    r"""Write as SQL that a file of ours is read: no header, commas, quotes doubled within quotes, ``\n`` as line end.

    Args:
        path: The file, or several.
        columns: Its columns' names and DuckDB's types.
        texts: Whether one of them is of texts, which may have lines that look like the file's own.
    """
    schema = ", ".join(f"{sql_text(name)}: {sql_text(kind)}" for name, kind in columns.items())
    files = sql_text(path) if isinstance(path, Path) else f"[{', '.join(map(sql_text, path))}]"
    return (
        f"read_csv({files}, auto_detect=false, header=false, delim=',', "
        f"max_line_size={_LONGEST_LINE}, buffer_size={_BUFFER}, {_IN_ORDER if texts else ''}"
        rf"""quote='"', escape='"', new_line='\n', columns={{{schema}}})"""
    )


def read_rows_file(path: Path, width: int, *, exact: bool = False) -> str:
    r"""Write as SQL that a prepared file is read: its form leaves DuckDB's reader nothing to find out or to get wrong.

    Its columns are ``row``, ``c0``, ``c1``, …; a cell without a character is NULL, a backslash doubled as in the file.

    Args:
        path: The file.
        width: How many columns it has, without the row number's.
        exact: Whether no text may keep it from being read, which takes longer.
    """
    schema = ", ".join(["'row': 'BIGINT'", *(f"'c{place}': 'VARCHAR'" for place in range(width))])
    return (
        f"read_csv({sql_text(path)}, auto_detect=false, header=true, delim=',', "
        f"max_line_size={_LONGEST_ROW}, buffer_size={_ROWS_BUFFER}, {_IN_ORDER if exact else ''}"
        rf"""quote='"', escape='"', new_line='\n', columns={{{schema}}})"""
    )


def write_parquet(session: "DuckDBPyConnection", query: str, path: Path, space: DiskSpace) -> str:
    """Keep what a query gives in a file, Parquet; return as SQL that it is read.

    Args:
        session: DuckDB, which is given the room that the file leaves.
        query: The query.
        path: The file.
        space: The space of the folder that it is in.

    Raises:
        NoSpaceError: There is no room left.
    """
    session.execute(f"COPY ({query}) TO {sql_text(path)} {_PARQUET}")
    bound_spilling(session, space)
    return f"read_parquet({sql_text(path)})"


def fetched(rows: "DuckDBPyConnection") -> Iterator[tuple[Any, ...]]:
    """Go through the rows of a query, some thousands in memory at a time."""
    while some := rows.fetchmany(_FETCHED_ROWS):
        yield from some


def sql_text(value: object) -> str:
    """Write a value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
