"""What a prepared file's columns hold, in a few numbers each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo_airflow.duckdb_session import sql_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROFILE_FILE = "profile.json"


def profile_columns(session: "DuckDBPyConnection", path: Path, headers: Sequence[str]) -> dict[str, Any]:
    """Profile a prepared file, whose rules leave DuckDB's reader nothing to find out or to get wrong.

    Args:
        session: DuckDB.
        path: The file.
        headers: Its header, without the row number's column.

    Returns:
        ``rows`` and ``columns``: for each header ``empty`` (cells without a character), ``distinct`` (other values,
        about: HyperLogLog) and their shortest and longest length in characters, None for a column without values.
    """
    names = [f"c{place}" for place in range(len(headers))]
    schema = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in ("row", *names))
    numbers = ", ".join(
        f"count({name}), approx_count_distinct({name}), min({_length(name)}), max({_length(name)})" for name in names
    )
    file = (
        f"read_csv({sql_text(path)}, auto_detect=false, header=true, delim=',', "
        rf"""quote='"', escape='"', new_line='\n', columns={{{schema}}})"""
    )
    rows, *flat = session.execute(f"SELECT count(*), {numbers} FROM {file}").fetchall()[0]  # noqa: S608
    columns = {}
    for place, header in enumerate(headers):
        filled, distinct, shortest, longest = flat[4 * place : 4 * place + 4]
        columns[header] = {
            "empty": rows - filled,
            "distinct": min(distinct, filled),
            "shortest": shortest,
            "longest": longest,
        }
    return {"rows": rows, "columns": columns}


def _length(name: str) -> str:
    """Count the characters of a cell, whose backslashes are doubled in the file."""
    return rf"CASE WHEN contains({name}, '\') THEN length(replace({name}, '\\', '\')) ELSE length({name}) END"
