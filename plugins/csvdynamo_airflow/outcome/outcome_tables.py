"""The tables of an outcome, made by DuckDB from what was read, in bounded memory; and what they add up to.

The table of rows has every row that was not plainly written, in the order of the rows: ``row``, ``standing``
(`RowStanding`), ``stage``, ``code``, ``column``, ``message``, ``reject_id``, ``batch`` and ``object``, the key of the
object that said so. The table of batches has `BATCHES`. Both are Parquet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.shown import shown
from csvdynamo_airflow.documents.outcome import Outcome, RowStanding
from csvdynamo_airflow.naming import FIREHOSE_ERRORS_PREFIX
from csvdynamo_airflow.outcome.outcome_spool import AWAITED, BATCHES, CODE_LENGTH, OBJECTS, ROWS, OutcomeSpool
from csvdynamo_airflow.storage.duckdb_session import read_csv, sql_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MISSING_NAMED = 20
_FETCHED_ROWS = 10_000
# Rows of a group are held in memory, and a message may have two thousand characters.
_PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)"
_TOLD = 'standing, row, stage, code, "column", message, reject_id'
_UNFINISHED = f"standing IN ('{RowStanding.FAILED}', '{RowStanding.UNSTARTED}')"


@dataclass(frozen=True)
class Sources:
    """Where the tables come from, as SQL: what was read now, or what an earlier reading of the same files wrote.

    Attributes:
        said: The rows, as they were read.
        unfinished: The rows of batches that did not succeed, with the keys of their objects.
        awaited: The rejects that count.
        batches: The batches.
        objects: The keys of the objects by their numbers.
    """

    said: str
    unfinished: str
    awaited: str
    batches: str
    objects: str

    @classmethod
    def read_now(cls, spool: OutcomeSpool) -> Self:
        """Take everything from what was read."""
        said, objects = read_csv(spool.rows, ROWS), read_csv(spool.objects, OBJECTS)
        unfinished = f"(SELECT {_TOLD}, batch, key FROM {said} JOIN {objects} USING (object) WHERE {_UNFINISHED})"  # noqa: S608
        return cls(said, unfinished, read_csv(spool.awaited, AWAITED), read_csv(spool.batches, BATCHES), objects)

    @classmethod
    def read_before(cls, spool: OutcomeSpool, rows: Path, batches: Path) -> Self:
        """Take the rejects from what was read, and what the result files say from the tables of an earlier reading."""
        told = f"read_parquet({sql_text(rows)})"
        awaits = f"standing IN ('{RowStanding.REJECTED}', '{RowStanding.MISSING}')"
        return cls(
            said=read_csv(spool.rows, ROWS),
            unfinished=f"(SELECT {_TOLD}, batch, object AS key FROM {told} WHERE {_UNFINISHED})",  # noqa: S608
            awaited=f"(SELECT reject_id, batch FROM {told} WHERE {awaits})",  # noqa: S608
            batches=f"read_parquet({sql_text(batches)})",
            objects=read_csv(spool.objects, OBJECTS),
        )


class OutcomeTables:
    """The tables of one outcome.

    Attributes:
        rows: The file of the table of rows.
        batches: The file of the table of batches.
    """

    def __init__(self, session: "DuckDBPyConnection", sources: Sources, rows: Path, batches: Path) -> None:
        """Make the tables, and write them.

        Args:
            session: DuckDB.
            sources: What they are made of.
            rows: Where the table of rows goes.
            batches: Where the table of batches goes.
        """
        self.rows, self.batches = rows, batches
        self._session, self._sources = session, sources
        self._find_rejects_that_count()
        self._write()

    def records(self) -> Iterator[tuple[int, int]]:
        """Say where the records of the rejects that count begin and how many bytes they have.

        Those of prepare come first; each kind is in the order of the rows.
        """
        return self._rows(
            f"""
            SELECT start, size FROM {self._sources.said} AS said SEMI JOIN counting USING (seq)
            ORDER BY standing = '{RowStanding.REJECTED}', row NULLS LAST, seq
            """  # noqa: S608
        )

    def tally(self) -> Outcome:
        """Add up what the tables hold."""
        rows, batches = (f"FROM read_parquet({sql_text(path)})" for path in (self.rows, self.batches))
        counts = self._counts(f"SELECT standing, count(*) {rows} GROUP BY ALL")
        [[written, rejected]] = self._rows(f"SELECT coalesce(sum(written), 0), coalesce(sum(rejected), 0) {batches}")
        failed = f"{rows} JOIN (SELECT batch, error {batches}) USING (batch) WHERE standing = '{RowStanding.FAILED}'"
        missing = f"{rows} WHERE standing = '{RowStanding.MISSING}' ORDER BY ALL LIMIT {_MISSING_NAMED}"
        return Outcome(
            before=counts.get(RowStanding.BEFORE_UPLOAD, 0),
            before_by_code=self._by_code(rows, RowStanding.BEFORE_UPLOAD),
            written=int(written),
            answered_rejects=int(rejected),
            rejects=counts.get(RowStanding.REJECTED, 0),
            by_code=self._by_code(rows, RowStanding.REJECTED),
            missing=counts.get(RowStanding.MISSING, 0),
            missing_ids=tuple(shown(one, CODE_LENGTH) for (one,) in self._rows(f"SELECT reject_id {missing}")),
            superseded=self._superseded(),
            misfiled=self._misfiled(rows),
            failed=counts.get(RowStanding.FAILED, 0),
            unstarted=counts.get(RowStanding.UNSTARTED, 0),
            failures_by_error=self._counts(f"SELECT error, count(*) {failed} GROUP BY ALL"),
            rules=self._counts(
                f"SELECT coalesce(rules, ''), count(*) {batches} WHERE written IS NOT NULL GROUP BY ALL"
            ),
        )

    def _find_rejects_that_count(self) -> None:
        """Of each reject that counts take the record that was read first, however often it was delivered."""
        said, awaited = self._sources.said, self._sources.awaited
        self._session.execute(
            f"""
            CREATE TEMP TABLE counting AS
            SELECT reject_id, min(seq) AS seq, any_value(awaited.batch) AS batch
            FROM {said} AS said JOIN (SELECT reject_id, min(batch) AS batch FROM {awaited} GROUP BY ALL) AS awaited
            USING (reject_id) WHERE standing = '{RowStanding.REJECTED}' GROUP BY reject_id
            UNION ALL
            SELECT reject_id, min(seq), NULL FROM {said} WHERE standing = '{RowStanding.BEFORE_UPLOAD}'
            GROUP BY reject_id
            """  # noqa: S608
        )

    def _write(self) -> None:
        source = self._sources
        # Without AS, DuckDB takes SEMI and ANTI for the name of what stands before them.
        self._session.execute(
            f"""
            COPY (
                SELECT row, standing, stage, code, "column", message, reject_id, batch, key AS object FROM (
                    SELECT said.seq, {_TOLD}, counting.batch, key
                    FROM (SELECT * EXCLUDE (batch, reject_id) FROM {source.said}) AS said
                    JOIN counting USING (seq) JOIN {source.objects} USING (object)
                    UNION ALL
                    SELECT NULL, {_TOLD}, batch, key FROM {source.unfinished}
                    UNION ALL
                    SELECT NULL, '{RowStanding.MISSING}', NULL, NULL, NULL, NULL, NULL, reject_id, batch, object
                    FROM (SELECT reject_id, min(batch) AS batch FROM {source.awaited} GROUP BY ALL) AS awaited
                    ANTI JOIN (SELECT reject_id FROM counting WHERE batch IS NOT NULL) USING (reject_id)
                    JOIN (SELECT batch, object FROM {source.batches}) USING (batch)
                )
                ORDER BY row NULLS LAST, seq NULLS LAST, reject_id
            ) TO {sql_text(self.rows)} {_PARQUET}
            """  # noqa: S608
        )
        self._session.execute(
            f"COPY (SELECT * FROM {source.batches} ORDER BY batch) TO {sql_text(self.batches)} {_PARQUET}"  # noqa: S608
        )

    def _by_code(self, rows: str, standing: RowStanding) -> dict[str, int]:
        return self._counts(f"SELECT coalesce(code, ''), count(*) {rows} WHERE standing = '{standing}' GROUP BY ALL")

    def _superseded(self) -> int:
        """Count the rejects of attempts that were repeated."""
        [[count]] = self._rows(
            f"""
            SELECT count(DISTINCT reject_id) FROM {self._sources.said} AS said
            ANTI JOIN {self._sources.awaited} AS awaited USING (reject_id) WHERE standing = '{RowStanding.REJECTED}'
            """  # noqa: S608
        )
        return int(count)

    def _misfiled(self, rows: str) -> int:
        of_firehose = f"standing = '{RowStanding.REJECTED}' AND starts_with(object, {sql_text(FIREHOSE_ERRORS_PREFIX)})"
        [[count]] = self._rows(f"SELECT count(*) {rows} WHERE {of_firehose}")
        return int(count)

    def _counts(self, query: str) -> dict[str, int]:
        return {name: int(count) for name, count in sorted(self._rows(query))}

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        return _fetched(self._session.execute(query))


def standings(session: "DuckDBPyConnection", rows: Path) -> Iterator[tuple[RowStanding, int | None, str | None]]:
    """Read of a table of rows what became of those that were uploaded: each row's standing, number and reject id."""
    cursor = session.execute(
        f"SELECT standing, row, reject_id FROM read_parquet({sql_text(rows)}) "  # noqa: S608
        f"WHERE standing != '{RowStanding.BEFORE_UPLOAD}'"
    )
    for standing, row, reject_id in _fetched(cursor):
        yield RowStanding(standing), row, reject_id


def _fetched(cursor: "DuckDBPyConnection") -> Iterator[tuple[Any, ...]]:
    while some := cursor.fetchmany(_FETCHED_ROWS):
        yield from some
