"""What a rollback does to the table: the rows of the green run before, beside what the runs since have put there.

Everything is told by keys and digests: which rows of that run's file the table has by now (`known`), which items the
runs that are taken back have put under a key, and what the snapshot of that run has under it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from csvdynamo_airflow.snapshots.known_lines import (
    BEFORE,
    LINE,
    NOTHING,
    ROW,
    UNWRITTEN_COLUMNS,
    VANISHED,
    KnownLines,
)
from csvdynamo_airflow.snapshots.row_digests import DIGESTS_FILE, VanishedKey
from csvdynamo_airflow.storage.duckdb_session import read_csv, sql_text
from csvdynamo_airflow.storage.query_steps import QuerySteps

PUT_COLUMNS = {"key": "VARCHAR", "item": "VARCHAR", "units": "BIGINT"}
"""The columns of a file of what runs did: a key, and the digest of the item that one put there with the write units
that it takes; no digest where one deleted the item."""

_EXAMPLES = 5
_LINE_OF_ITEM = "key_hash, NULL::UBIGINT AS high, NULL::UBIGINT AS low, key, item, units"


@dataclass(frozen=True)
class Undone:
    """What a rollback finds.

    Attributes:
        new: Rows whose keys the table has not, as far as is known; or nobody knows.
        changed: Rows that it has otherwise.
        unchanged: Rows that it has as they are.
        lost: Keys that a run wrote over, and whose items before no row of the file makes.
        examples: Some of these keys.
        digests: The digests of which the next snapshot is made.
    """

    new: int
    changed: int
    unchanged: int
    lost: int
    examples: tuple[str, ...]
    digests: Path


@dataclass(frozen=True)
class RowGuard:
    """What a row may take the place of.

    Attributes:
        row: Its number.
        key: Its key.
        items: The digests of the items that runs have put there.
        deleted: Whether a run may have deleted the item.
        unfinished: Whether nobody knows that the row was ever in the table: its batch did not succeed.
    """

    row: int
    key: str
    items: tuple[str, ...]
    deleted: bool
    unfinished: bool


class TakenBack:
    """Compares step by step, each of which leaves its file to the next."""

    def __init__(self, steps: QuerySteps) -> None:
        """Begin.

        Args:
            steps: Keeps the steps' files.
        """
        self._steps = steps
        self._lines = KnownLines(steps)

    def compare(
        self,
        before: tuple[Path, Path],
        puts: Path,
        left: tuple[Path, Path] | None,
        older: Sequence[tuple[Path, Path]] = (),
    ) -> Undone:
        """Find what is to be undone.

        Args:
            before: The digests of the run before, and its list of rows that were not written.
            puts: What the runs that are taken back have put and deleted (`PUT_COLUMNS`).
            left: The same two of what the last green run has left in the table; None where no snapshot can be trusted:
                then nobody knows what the table has.
            older: The same two of runs before that one, the newest first, of which its own tells nothing.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        digests, unwritten = before
        told = read_csv(unwritten, UNWRITTEN_COLUMNS)
        self._puts = self._steps.step(
            "puts",
            f"SELECT md5_number_lower(key) AS key_hash, key, nullif(item, '') AS item, units "
            f"FROM {read_csv(puts, PUT_COLUMNS, texts=True)}",
        )
        lines = f"(SELECT row, {LINE} FROM read_parquet({sql_text(digests)}) WHERE kind = '{ROW}') AS lines"
        # A row that was rejected then is rejected again: it says nothing of what was under its key.
        not_put = f"(SELECT row FROM {told} WHERE coalesce(rejected, true)) AS not_put"
        self._own = self._steps.step(
            "own",
            f"""
            SELECT row, {LINE}, told.row IS NOT NULL AS unfinished
            FROM {lines} ANTI JOIN {not_put} USING (row) LEFT JOIN {told} AS told USING (row)
            """,
        )
        # What somebody else had under a key was left alone then, and nobody knows what it was.
        self._theirs = self._steps.step(
            "theirs", f"SELECT key_hash, key FROM {lines} JOIN {told} AS told USING (row) WHERE rejected IS NULL"
        )
        self._before = self._steps.step("all_before", self._all_before(before, older))
        self._known = self._lines.of_snapshot("known", *left) if left else NOTHING
        self._written = self._steps.step(
            "to_write", f"SELECT * FROM {self._own} AS own ANTI JOIN {self._known} AS known USING (key_hash, high, low)"
        )
        self._taken = self._steps.step(
            "taken",
            f"""
            SELECT key, items, units, row_number() OVER (ORDER BY key) AS number FROM (
                SELECT key, list(DISTINCT item ORDER BY item) AS items, max(units) AS units
                FROM {self._puts} AS puts
                    ANTI JOIN {self._own} AS own USING (key_hash) ANTI JOIN {self._before} AS before USING (key_hash)
                    ANTI JOIN {self._theirs} AS theirs USING (key_hash)
                WHERE item IS NOT NULL GROUP BY key
            )
            """,
        )
        lost = self._steps.step(
            "lost",
            f"""
            SELECT key FROM (
                SELECT key_hash, key FROM {self._before} AS before
                    ANTI JOIN {self._known} AS known USING (key_hash, high, low)
                UNION SELECT key_hash, key FROM {self._theirs}
            ) AS before SEMI JOIN {self._puts} AS puts USING (key_hash) ANTI JOIN {self._own} AS own USING (key_hash)
            """,
        )
        [rows] = self._steps.numbers(f"SELECT count(*) FROM {self._own}")
        [written, changed] = self._steps.numbers(
            f"SELECT count(*), count(*) FILTER (key_hash IN (SELECT key_hash FROM {self._known})) FROM {self._written}"
        )
        [gone] = self._steps.numbers(f"SELECT count(*) FROM {lost}")
        examples = tuple(key for (key,) in self._steps.rows(f"SELECT key FROM {lost} ORDER BY key LIMIT {_EXAMPLES}"))
        digests_path = self._keep()
        return Undone(written - changed, changed, rows - written, gone, examples, digests_path)

    def _all_before(self, before: tuple[Path, Path], older: Sequence[tuple[Path, Path]]) -> str:
        """Tell what the table had, also by runs of which the one before tells nothing: keys not deleted since.

        Which item is under such a key no row of the file says, whatever its digest.
        """
        told = f"SELECT {LINE} FROM {self._lines.of_snapshot('before', *before)}"
        since = [before[0]]
        for number, (digests, unwritten) in enumerate(older):
            lines = self._lines.of_snapshot(f"older_{number}", digests, unwritten)
            gone = " ".join(
                f"ANTI JOIN (SELECT key_hash FROM read_parquet({sql_text(path)}) "
                f"WHERE kind = '{VANISHED}' AND row IS NOT NULL) AS gone_{place} USING (key_hash)"
                for place, path in enumerate(since)
            )
            told += f" UNION ALL SELECT key_hash, NULL, NULL, key, NULL, NULL FROM {lines} AS lines {gone}"
            since.append(digests)
        return told

    def _keep(self) -> Path:
        """Write the digests of which the next snapshot is made.

        What is under a key whose row is put back and rejected, since somebody else has changed the item, nobody knows;
        nor what there is beside the file, but for what a snapshot says that is trusted.
        """
        beside = f"SELECT {LINE} FROM {self._known} AS known ANTI JOIN {self._own} AS own USING (key_hash)"
        left = (
            f"SELECT {_LINE_OF_ITEM} FROM {self._before} AS before ANTI JOIN {self._own} AS own USING (key_hash) "
            f"ANTI JOIN {self._known} AS known USING (key_hash) WHERE item IS NOT NULL"
        )
        put = f"SELECT DISTINCT {_LINE_OF_ITEM} FROM {self._puts} WHERE item IS NOT NULL"
        self._steps.step(
            DIGESTS_FILE,
            f"""
            SELECT '{ROW}' AS kind, row, {LINE} FROM {self._own}
            UNION ALL
            SELECT '{VANISHED}', -number, {LINE} FROM (
                {beside} UNION ALL {left} UNION ALL
                SELECT * FROM ({put}) AS put ANTI JOIN {self._own} AS own USING (key_hash)
            ) AS lines LEFT JOIN (SELECT key, number FROM {self._taken}) AS taken USING (key)
            UNION ALL
            SELECT '{BEFORE}', NULL, {LINE} FROM ({put}) AS put SEMI JOIN {self._written} AS own USING (key_hash)
            """,
        )
        return self._steps.path(DIGESTS_FILE)

    def taken(self) -> Iterator[VanishedKey]:
        """Give the keys that had nothing before, in order, with what runs have put there; after `compare`."""
        for key, items, units in self._steps.rows(f"SELECT key, items, units FROM {self._taken} ORDER BY number"):
            yield VanishedKey(key, tuple(items), units or 0)

    def guards(self) -> Iterator[RowGuard]:
        """Say of each row that is put back what it may take the place of, in order; after `compare`."""
        guards = self._steps.rows(
            f"""
            SELECT row, any_value(written.key), any_value(unfinished), coalesce(bool_or(deleted), false),
                coalesce(list(DISTINCT put.item ORDER BY put.item) FILTER (put.item IS NOT NULL), [])
            FROM {self._written} AS written LEFT JOIN
                (SELECT key_hash, key, item, item IS NULL AS deleted FROM {self._puts}) AS put
                ON put.key_hash = written.key_hash AND put.key = written.key
            GROUP BY row ORDER BY row
            """
        )
        for row, key, unfinished, deleted, items in guards:
            yield RowGuard(row, key, tuple(items), deleted, unfinished)

    def unchanged(self, most: int) -> bytearray:
        """Say of each row number, up to the largest, whether the table has the row; after `compare`."""
        rows = f"SELECT row FROM {self._own} AS own ANTI JOIN {self._written} AS written USING (row)"
        return self._steps.marks(rows, most)
