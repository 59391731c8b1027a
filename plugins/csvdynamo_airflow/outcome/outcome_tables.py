"""The tables of an outcome, made by DuckDB from what was read, in bounded memory; and what they add up to.

The table of rows has every row that was not plainly written, in the order of the rows: ``row``, ``standing``
(`RowStanding`), ``stage``, ``code``, ``column``, ``message``, ``reject_id``, ``batch`` and ``object``, the key of the
object that said so. The table of batches has `BATCHES`. Both are Parquet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from csvdynamo.folders import FIREHOSE_ERRORS_PREFIX
from csvdynamo.records.rejects import FIREHOSE_STEP_BYTES
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.outcome import Outcome, RowStanding
from csvdynamo_airflow.outcome.outcome_measures import measure
from csvdynamo_airflow.outcome.outcome_spool import AWAITED, BATCHES, CODE_LENGTH, OBJECTS, ROWS, OutcomeSpool
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, read_csv, sql_text, write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MISSING_NAMED = 20
_EXAMPLES = 3  # of each code
_TOLD = 'standing, row, stage, code, "column", message, reject_id'
_BEFORE, _REJECTED, _MISSING = RowStanding.BEFORE_UPLOAD, RowStanding.REJECTED, RowStanding.MISSING
_LEFT, _UNDELETED = RowStanding.LEFT, RowStanding.UNDELETED
_UNFINISHED = f"standing IN ('{RowStanding.FAILED}', '{RowStanding.UNSTARTED}', '{_LEFT}', '{_UNDELETED}')"


@dataclass(frozen=True)
class Sources:
    """Where the tables come from, as SQL: what was read now, or what an earlier reading of the same files wrote.

    Attributes:
        said: The rows, as they were read.
        unfinished: The rows of batches that did not succeed, and the deletions that were not made, with the keys of
            their objects.
        awaited: The rejects that count.
        batches: The batches.
        objects: The keys of the objects by their numbers.
        size: How many bytes the lines have, about.
    """

    said: str
    unfinished: str
    awaited: str
    batches: str
    objects: str
    size: int

    @classmethod
    def read_now(cls, spool: OutcomeSpool) -> Self:
        """Take everything from what was read."""
        said, objects = read_csv(spool.rows, ROWS), read_csv(spool.objects, OBJECTS)
        unfinished = f"(SELECT {_TOLD}, batch, key FROM {said} JOIN {objects} USING (object) WHERE {_UNFINISHED})"
        awaited, batches = read_csv(spool.awaited, AWAITED), read_csv(spool.batches, BATCHES)
        return cls(said, unfinished, awaited, batches, objects, _size(spool.rows, spool.awaited))

    @classmethod
    def read_before(cls, spool: OutcomeSpool, rows: Path, batches: Path) -> Self:
        """Take the rejects from what was read, and what the result files say from the tables of an earlier reading."""
        told = f"read_parquet({sql_text(rows)})"
        return cls(
            said=read_csv(spool.rows, ROWS),
            unfinished=f"(SELECT {_TOLD}, batch, object AS key FROM {told} WHERE {_UNFINISHED})",
            awaited=f"(SELECT reject_id, batch FROM {told} WHERE standing IN ('{_REJECTED}', '{_MISSING}'))",
            batches=f"read_parquet({sql_text(batches)})",
            objects=read_csv(spool.objects, OBJECTS),
            size=_size(spool.rows, rows),
        )


class OutcomeTables:
    """The tables of one outcome.

    They are made in steps, each of which leaves a file for the next: one query for all would hold in memory what
    several of its joins and its sort need at once.

    Attributes:
        rows: The file of the table of rows.
        batches: The file of the table of batches.
    """

    def __init__(
        self, session: "DuckDBPyConnection", sources: Sources, space: DiskSpace, rows: Path, batches: Path
    ) -> None:
        """Make the tables, and write them.

        Args:
            session: DuckDB.
            sources: What they are made of.
            space: The space of the folder of the steps' files.
            rows: Where the table of rows goes.
            batches: Where the table of batches goes.

        Raises:
            NoSpaceError: There is no room for the files.
        """
        self.rows, self.batches = rows, batches
        self._session, self._space = session, space
        space.require(2 * sources.size)
        self._said = self._step("said", f"SELECT * FROM {sources.said}")
        self._awaited = self._step(
            "awaited", f"SELECT reject_id, min(batch) AS batch FROM {sources.awaited} GROUP BY ALL"
        )
        self._first = self._step(
            "first",
            f"SELECT standing, reject_id, min(seq) AS seq FROM {self._said} "
            f"WHERE standing IN ('{_BEFORE}', '{_REJECTED}') GROUP BY ALL",
        )
        self._counting = self._step(
            "counting",
            f"SELECT seq, batch FROM {self._rejected} JOIN {self._awaited} USING (reject_id) "
            f"UNION ALL SELECT seq, NULL FROM {self._first} WHERE standing = '{_BEFORE}'",
        )
        self._write(self._table_of_rows(sources), rows)
        self._write(f"SELECT * FROM {sources.batches} ORDER BY batch", batches)

    def records(self) -> Iterator[tuple[int, int]]:
        """Say where the records of the rejects that count begin and how many bytes they have.

        Those of prepare come first; each kind is in the order of the rows.
        """
        return self._fetch(
            f"SELECT start, size FROM {self._said} AS said SEMI JOIN {self._counting} USING (seq) "
            f"ORDER BY standing = '{_REJECTED}', row NULLS LAST, seq"
        )

    def examples(self) -> Iterator[tuple[int, int]]:
        """Say where the records are of the first rejects of each code."""
        return self._fetch(
            f"SELECT start, size FROM {self._said} AS said SEMI JOIN {self._counting} USING (seq) QUALIFY row_number() "
            f"OVER (PARTITION BY code ORDER BY row NULLS LAST, seq) <= {_EXAMPLES} ORDER BY code, row NULLS LAST, seq"
        )

    def tally(self) -> Outcome:
        """Add up what the tables hold."""
        rows, batches = (f"FROM read_parquet({sql_text(path)})" for path in (self.rows, self.batches))
        counts = self._counts(f"SELECT standing, count(*) {rows} GROUP BY ALL")
        [[written, rejected, deleted]] = self._fetch(
            "SELECT coalesce(sum(written), 0), coalesce(sum(rejected), 0), coalesce(sum(deleted), 0) " + batches
        )
        begun = f"(SELECT batch, error {batches} WHERE status <> 'PENDING')"
        failed = f"{rows} JOIN {begun} USING (batch) WHERE standing IN ('{RowStanding.FAILED}', '{_UNDELETED}')"
        missing = f"{rows} WHERE standing = '{_MISSING}' ORDER BY ALL LIMIT {_MISSING_NAMED}"
        [[superseded]] = self._fetch(
            f"SELECT count(*) FROM {self._rejected} AS rejected ANTI JOIN {self._awaited} USING (reject_id)"
        )
        of_firehose = f"standing = '{_REJECTED}' AND starts_with(object, {sql_text(FIREHOSE_ERRORS_PREFIX)})"
        [[misfiled]] = self._fetch(f"SELECT count(*) {rows} WHERE {of_firehose}")
        return Outcome(
            before=counts.get(_BEFORE, 0),
            before_by_code=self._by_code(rows, _BEFORE),
            written=int(written),
            answered_rejects=int(rejected),
            rejects=counts.get(_REJECTED, 0),
            by_code=self._by_code(rows, _REJECTED),
            missing=counts.get(_MISSING, 0),
            missing_ids=tuple(shown(one, CODE_LENGTH) for (one,) in self._fetch(f"SELECT reject_id {missing}")),
            superseded=int(superseded),
            misfiled=int(misfiled),
            failed=counts.get(RowStanding.FAILED, 0),
            unstarted=counts.get(RowStanding.UNSTARTED, 0),
            deleted=int(deleted),
            left=counts.get(_LEFT, 0),
            undeleted=counts.get(_UNDELETED, 0),
            failures_by_error=self._counts(f"SELECT error, count(*) {failed} GROUP BY ALL"),
            rules=self._counts(
                f"SELECT coalesce(rules, ''), count(*) {batches} WHERE written IS NOT NULL GROUP BY ALL"
            ),
            measures=replace(measure(self._session, self.rows, self.batches), reject_bytes=self._billed_bytes()),
        )

    def _billed_bytes(self) -> int:
        """Add up the records that Firehose delivered, whether or not they count, as it bills them."""
        steps = f"(size + {FIREHOSE_STEP_BYTES - 1}) // {FIREHOSE_STEP_BYTES}"
        [[told]] = self._fetch(f"SELECT coalesce(sum({steps}), 0) FROM {self._said} WHERE standing = '{_REJECTED}'")
        return int(told) * FIREHOSE_STEP_BYTES

    @property
    def _rejected(self) -> str:
        """The Lambda function's rejects, each once, whether or not they count."""
        return f"(SELECT reject_id, seq FROM {self._first} WHERE standing = '{_REJECTED}')"

    def _table_of_rows(self, sources: Sources) -> str:
        # Of each reject that counts the record that was read first, however often it was delivered. Without AS, DuckDB
        # takes SEMI and ANTI for the name of what stands before them.
        counting = self._step(
            "rejects",
            f"SELECT seq, {_TOLD}, counting.batch, object FROM (SELECT * EXCLUDE batch FROM {self._said}) "
            f"JOIN {self._counting} AS counting USING (seq)",
        )
        return f"""
            SELECT row, standing, stage, code, "column", message, reject_id, batch, key AS object FROM (
                SELECT seq, {_TOLD}, batch, key FROM {counting} JOIN {sources.objects} USING (object)
                UNION ALL
                SELECT NULL, {_TOLD}, batch, key FROM {sources.unfinished}
                UNION ALL
                SELECT NULL, '{_MISSING}', NULL, NULL, NULL, NULL, NULL, reject_id, batch, object
                FROM {self._awaited} AS awaited ANTI JOIN {self._rejected} USING (reject_id)
                JOIN (SELECT batch, object FROM {sources.batches}) USING (batch)
            )
            ORDER BY row NULLS LAST, seq NULLS LAST, reject_id
            """

    def _step(self, name: str, query: str) -> str:
        """Keep what a query gives in a file; return what reads it."""
        return self._write(query, self._space.folder / f"step_{name}")

    def _write(self, query: str, path: Path) -> str:
        return write_parquet(self._session, query, path, self._space)

    def _by_code(self, rows: str, standing: RowStanding) -> dict[str, int]:
        return self._counts(f"SELECT coalesce(code, ''), count(*) {rows} WHERE standing = '{standing}' GROUP BY ALL")

    def _counts(self, query: str) -> dict[str, int]:
        return {name: int(count) for name, count in sorted(self._fetch(query))}

    def _fetch(self, query: str) -> Iterator[tuple[Any, ...]]:
        return fetched(self._session.execute(query))


class Standing(NamedTuple):
    """What became of a row, or of a deletion: its standing, its number, and its reject's id and code."""

    standing: RowStanding
    row: int | None
    reject_id: str | None
    code: str | None


def standings(session: "DuckDBPyConnection", rows: Path) -> Iterator[Standing]:
    """Read of a table of rows what became of each."""
    told = session.execute(f"SELECT standing, row, reject_id, code FROM read_parquet({sql_text(rows)})")
    for standing, row, reject_id, code in fetched(told):
        yield Standing(RowStanding(standing), row, reject_id, code)


def _size(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)
