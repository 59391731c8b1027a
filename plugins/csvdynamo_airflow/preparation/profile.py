"""What a prepared file's columns hold, in a few numbers each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.reading.ruined_codes import RUINED
from csvdynamo_airflow.storage.duckdb_session import read_rows_file, sql_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROFILE_FILE = "profile.json"

_COLUMNS_AT_ONCE = 50  # DuckDB's memory is bounded, and a file may have thousands

log = shown_log(__name__)


def profile_columns(
    session: "DuckDBPyConnection", path: Path, headers: Sequence[str], *, backslashes: bool
) -> dict[str, Any] | None:
    """Profile a prepared file, whose form leaves DuckDB's reader nothing to find out or to get wrong.

    Args:
        session: DuckDB.
        path: The file.
        headers: Its header, without the row number's column.
        backslashes: Whether a cell has one: looking for them takes a fifth of the time.

    Returns:
        ``rows`` and ``columns``: for each header ``empty`` (cells without a character), ``distinct`` (other values,
        about: HyperLogLog) and their shortest and longest length in characters, None for a column without values.
        None if DuckDB cannot do it, which is logged: a profile is nothing to lose a run for.
    """
    import duckdb

    columns = {}
    rows = 0
    try:
        for places in _places(headers):
            rows, *numbers = _read_numbers(session, path, len(headers), places, backslashes=backslashes)
            for place in places:
                filled, distinct, shortest, longest = (numbers.pop(0) for _ in range(4))
                columns[headers[place]] = {
                    "empty": rows - filled,
                    "distinct": min(distinct, filled),
                    "shortest": shortest,
                    "longest": longest,
                }
    except duckdb.Error as error:
        # Not its message: DuckDB quotes the line that it cannot read.
        log.warning("The columns could not be profiled: %s", type(error).__name__)
        return None
    return {"rows": rows, "columns": columns}


def add_ruined(
    profile: Mapping[str, Any], session: "DuckDBPyConnection", path: Path, headers: Sequence[str]
) -> dict[str, Any]:
    """Add to the columns of a profile ``ruined``: how many cells are codes that a spreadsheet has ruined, if any are.

    Args:
        profile: The profile.
        session: DuckDB.
        path: The file.
        headers: Its header, without the row number's column.

    Returns:
        The profile; as it was if DuckDB cannot do it, which is logged.
    """
    import duckdb

    columns = {header: dict(numbers) for header, numbers in profile["columns"].items()}
    try:
        for places in _places(headers):
            counts = [f"count(*) FILTER (WHERE regexp_full_match(c{place}, {sql_text(RUINED)}))" for place in places]
            for place, ruined in zip(places, _select(session, path, len(headers), counts), strict=True):
                if ruined:
                    columns[headers[place]]["ruined"] = ruined
    except duckdb.Error as error:
        log.warning("Ruined codes could not be counted: %s", type(error).__name__)
        return dict(profile)
    return {**profile, "columns": columns}


def ruined_cells(profile: Mapping[str, Any] | None) -> dict[str, int]:
    """Return how many cells of which column are codes that a spreadsheet has ruined, by a profile."""
    columns = profile["columns"] if profile else {}
    return {header: numbers["ruined"] for header, numbers in columns.items() if "ruined" in numbers}


def _places(headers: Sequence[str]) -> Iterator[range]:
    for start in range(0, len(headers), _COLUMNS_AT_ONCE):
        yield range(start, min(start + _COLUMNS_AT_ONCE, len(headers)))


def _read_numbers(
    session: "DuckDBPyConnection", path: Path, width: int, places: Sequence[int], *, backslashes: bool
) -> tuple[int, ...]:
    length = _length if backslashes else "length({})".format
    numbers = [
        f"count({name}), approx_count_distinct({name}), min({length(name)}), max({length(name)})"
        for name in (f"c{place}" for place in places)
    ]
    return _select(session, path, width, ["count(*)", *numbers])


def _select(session: "DuckDBPyConnection", path: Path, width: int, numbers: Sequence[str]) -> tuple[int, ...]:
    query = f"SELECT {', '.join(numbers)} FROM {read_rows_file(path, width)}"  # noqa: S608
    return cast("tuple[int, ...]", session.execute(query).fetchone())


def _length(name: str) -> str:
    """Count the characters of a cell, whose backslashes are doubled in the file."""
    return rf"CASE WHEN contains({name}, '\') THEN length(replace({name}, '\\', '\')) ELSE length({name}) END"
