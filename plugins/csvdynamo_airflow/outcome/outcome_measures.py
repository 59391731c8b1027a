"""What the tables of an outcome add up to beside the ledger (`Measures`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo_airflow.documents.measures import ColumnRejects, Measures, Throughput
from csvdynamo_airflow.documents.outcome import RowStanding
from csvdynamo_airflow.storage.duckdb_session import sql_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INTERVALS = 120
"""The most intervals of a throughput: a plot needs no more."""

COLUMNS = 100
"""The most pairs of code and column that are told."""


def measure(session: "DuckDBPyConnection", rows: Path, batches: Path) -> Measures:
    """Add up the tables of an outcome.

    Args:
        session: DuckDB.
        rows: The table of rows.
        batches: The table of batches.
    """
    of_rows, of_batches = (f"FROM read_parquet({sql_text(path)})" for path in (rows, batches))
    by_status = session.execute(f"SELECT status, count(*) {of_batches} GROUP BY ALL ORDER BY ALL").fetchall()
    units, seconds, waited = (_sum(session, name, of_batches) for name in ("write_units", "seconds", "waited"))
    by_column = session.execute(
        f"SELECT coalesce(code, ''), nullif(\"column\", ''), count(*) AS told {of_rows} "
        f"WHERE standing IN ('{RowStanding.BEFORE_UPLOAD}', '{RowStanding.REJECTED}') "
        f"GROUP BY ALL ORDER BY told DESC, 1, 2 LIMIT {COLUMNS}"
    ).fetchall()
    return Measures(
        batches=dict(by_status),
        write_units=units,
        throughput=_throughput(session, of_batches),
        rejects_by_column=tuple(ColumnRejects(*one) for one in by_column),
        batch_seconds=seconds,
        throttled=_throttled(session, of_batches),
        waited_seconds=waited,
    )


def _sum(session: "DuckDBPyConnection", name: str, of_batches: str) -> float | None:
    """Add up what each batch that succeeded told of itself; None where one told nothing."""
    [[untold, told]] = session.execute(
        f"SELECT count(*) FILTER ({name} IS NULL), sum({name}) {of_batches} WHERE written IS NOT NULL"
    ).fetchall()
    return None if untold else told


def _throttled(session: "DuckDBPyConnection", of_batches: str) -> dict[str, int] | None:
    """Add up what each batch that succeeded told of throttling; None where one told nothing."""
    [[untold]] = session.execute(
        f"SELECT count(*) FILTER (throttled IS NULL) {of_batches} WHERE written IS NOT NULL"
    ).fetchall()
    entries = f"(SELECT unnest(map_entries(throttled)) AS one {of_batches})"
    told = session.execute(f"SELECT one.key, CAST(sum(one.value) AS BIGINT) FROM {entries} GROUP BY ALL ORDER BY ALL")
    return None if untold else dict(told.fetchall())


def _throughput(session: "DuckDBPyConnection", of_batches: str) -> Throughput | None:
    told = (
        f"(SELECT began, began + seconds AS ended, rows {of_batches} WHERE began IS NOT NULL AND seconds IS NOT NULL)"
    )
    [[began, ended]] = session.execute(f"SELECT min(began), max(ended) FROM {told}").fetchall()
    if began is None:
        return None
    seconds = max(1.0, (ended - began) / INTERVALS)
    counted = dict(
        session.execute(
            f"SELECT least(CAST(floor((ended - $began) / $seconds) AS INTEGER), {INTERVALS - 1}), "
            f"CAST(sum(rows) AS BIGINT) FROM {told} GROUP BY ALL",
            {"began": began, "seconds": seconds},
        ).fetchall()
    )
    return Throughput(began, seconds, tuple(counted.get(one, 0) for one in range(max(counted) + 1)))
