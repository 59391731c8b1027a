"""What the table has, as snapshots tell: their lines, and which of them are the table's.

A snapshot is the digests of a run's rows and the list of those that it did not write. What was under their keys before
goes along in the digests.
"""

from collections.abc import Sequence
from pathlib import Path

from csvdynamo_airflow.storage.duckdb_session import read_csv, sql_text
from csvdynamo_airflow.storage.query_steps import QuerySteps

UNWRITTEN_COLUMNS = {"row": "BIGINT", "rejected": "BOOLEAN"}
"""The columns of a list of rows that a run did not write: the others of it are those of batches that did not succeed,
of which nobody knows what is in the table, or, without a word, of those that left alone another one's item. Numbers
below zero are those of deletions."""

KINDS = ROW, VANISHED, BEFORE = ("row", "vanished", "before")
"""What a line of the digests is: a row of the file; what the snapshot before has under a key that the file does not
have, which the run deletes where the line has a number below zero; and what it has under the key of a row that the run
may yet reject, or that prepare has rejected."""

LINE = "key_hash, high, low, key, item, units"
"""The columns of a line: a hash of the key, the digest of the cells (NULL where nobody knows which row the table has),
the key, the item's digest and the write units that it takes (NULL where nobody wanted to know)."""

NOTHING = (
    "(SELECT NULL::UBIGINT AS key_hash, NULL::UBIGINT AS high, NULL::UBIGINT AS low, NULL::VARCHAR AS key, "
    "NULL::VARCHAR AS item, NULL::BIGINT AS units LIMIT 0)"
)
"""No line, as SQL."""


class KnownLines:
    """Reads snapshots, step by step, each of which leaves its file to the next."""

    def __init__(self, steps: QuerySteps) -> None:
        """Begin.

        Args:
            steps: Keeps the steps' files.
        """
        self._steps = steps

    def of_snapshot(self, name: str, digests: Path, unwritten: Path) -> str:
        """Give what the table has by a snapshot: the rows that were written, and what it had where none was.

        Of the rows of one key at most one is written. Where one was, or nobody knows whether one was, what was there
        before is gone. So is what was deleted, and what was to be and was left alone, as it is another's.

        Where nobody knows what a batch did that did not succeed, any of the items may be there, and no row is the same
        as that; they are known where somebody noted the items.

        Args:
            name: What to call the step's file.
            digests: The snapshot's digests.
            unwritten: Its list of rows that were not written (`UNWRITTEN_COLUMNS`).

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        lines = f"read_parquet({sql_text(digests)})"
        told = read_csv(unwritten, UNWRITTEN_COLUMNS)
        rows = f"(SELECT * FROM {lines} WHERE kind = '{ROW}') AS rows"
        rejected = f"(SELECT row FROM {told} WHERE rejected) AS rejected"
        settled = self._steps.step(
            f"{name}_settled",
            f"""
            SELECT key_hash, bool_or(row NOT IN (SELECT row FROM {told})) AS written FROM {rows} ANTI JOIN {rejected}
                USING (row) WHERE key_hash IN (SELECT key_hash FROM {lines} WHERE kind = '{BEFORE}') GROUP BY key_hash
            """,
        )
        before = f"(SELECT * FROM {lines} WHERE kind = '{BEFORE}') AS before"
        unfinished = f"(SELECT row FROM {told} WHERE NOT rejected) AS unfinished"
        return self._steps.step(
            name,
            f"""
            SELECT {LINE} FROM {rows} ANTI JOIN (SELECT row FROM {told}) AS unwritten USING (row)
            UNION ALL
            SELECT {LINE} FROM {lines} WHERE kind = '{VANISHED}' AND row IS NULL
            UNION ALL
            SELECT {LINE} FROM {before} ANTI JOIN {settled} AS settled USING (key_hash)
            UNION ALL
            SELECT * REPLACE (NULL AS high, NULL AS low) FROM (
                SELECT {LINE} FROM (SELECT * FROM {lines} WHERE kind <> '{BEFORE}') AS lines
                    SEMI JOIN {unfinished} USING (row)
                UNION ALL
                SELECT {LINE} FROM {before}
                    SEMI JOIN (SELECT key_hash FROM {settled} WHERE NOT written) AS settled USING (key_hash)
            ) WHERE item IS NOT NULL
            """,
        )

    def suspected(self, suspects: Sequence[tuple[Path, Path | None]]) -> str:
        """Give what the table may have, each key with each of its items once; nobody knows which row that is.

        Args:
            suspects: Digests and the list of rows that were not written; without that, any of them may be there.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        parts = [
            f"SELECT {LINE} FROM {self.of_snapshot(f'suspect_{number}', digests, unwritten)}"
            if unwritten
            else f"SELECT {LINE} FROM read_parquet({sql_text(digests)})"
            for number, (digests, unwritten) in enumerate(suspects)
        ]
        if not parts:
            return NOTHING
        told = f"SELECT {LINE} FROM ({' UNION ALL '.join(parts)}) WHERE item IS NOT NULL"
        distinct = f"SELECT key_hash, key, item, max(units) AS units FROM ({told}) GROUP BY ALL"
        return self._steps.step(
            "suspected",
            f"SELECT key_hash, NULL::UBIGINT AS high, NULL::UBIGINT AS low, key, item, units FROM ({distinct})",
        )
