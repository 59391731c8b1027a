"""What a file lets expect and what a table holds, as lines on disk, and DuckDB's comparison of the two.

The comparison brings keys together by a hash. It may bring some together that differ: what is met is so by the digest
of the whole item, its key included, and the records of the other keys are told apart by the keys themselves.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, read_csv, write_parquet
from csvdynamo_airflow.table.table_check import ExpectedDigest, RowOutcome

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXPECTED = {"digest": "VARCHAR", "row": "BIGINT", "outcome": "VARCHAR", "key": "VARCHAR"}
_FOUND = {"digest": "VARCHAR", "key": "VARCHAR"}

_KEY_HASH = "hash(key)"

_OUTCOMES = {str(one): one for one in RowOutcome}


class KeyRecords(NamedTuple):
    """All that is known of one key.

    Attributes:
        key: The key.
        expected: What the rows that have it let expect, in the order of the rows.
        found: The `digest` of the item that the table has under it, None when it has none.
    """

    key: str
    expected: list[ExpectedDigest]
    found: str | None


class DigestFiles:
    """The lines of both sides; a context manager. They are complete when it has ended."""

    def __init__(self, space: DiskSpace) -> None:
        """Open the files.

        Args:
            space: The space of the folder that they are made in.
        """
        self._space = space
        self._expected, self._found = space.folder / "expected.csv", space.folder / "found.csv"
        self._stack = ExitStack()
        self._expected_lines = self._stack.enter_context(space.open_text(self._expected))
        self._found_lines = self._stack.enter_context(space.open_text(self._found))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def add_expected(self, key: str, expected: ExpectedDigest) -> None:
        """Note what a row lets expect."""
        self._expected_lines.write(f"{expected.digest},{expected.row},{expected.outcome},{_escaped(key)}\n")

    def add_found(self, key: str, digest: str) -> None:
        """Note an item of the table."""
        self._found_lines.write(f"{digest},{_escaped(key)}\n")

    def compare(self, session: "DuckDBPyConnection") -> "Comparison":
        """Find the keys that are plainly met: one row has the key, it was not rejected, and the table has its item.

        The steps leave files to each other: one query for all would hold in memory what a join and a sort need at once.
        What is kept of each key has a fixed size, which is what DuckDB can keep on the disk.

        Args:
            session: DuckDB, opened after the files were written.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        folder, size = self._space.folder, self._expected.stat().st_size + self._found.stat().st_size
        expected, found = read_csv(self._expected, _EXPECTED), read_csv(self._found, _FOUND)
        number = "('0x' || digest)::UHUGEINT"
        self._space.require(size)
        hashes = write_parquet(
            session,
            f"""
            SELECT key_hash, coalesce(count(*) = 2 AND min(expected) = min(found), false) AS met FROM (
                SELECT {_KEY_HASH} AS key_hash,
                    CASE WHEN outcome <> '{RowOutcome.REJECTED}' THEN {number} END AS expected, NULL AS found
                FROM {expected}
                UNION ALL
                SELECT {_KEY_HASH}, NULL, {number} FROM {found}
            )
            GROUP BY key_hash
            """,
            folder / "step_hashes",
            self._space,
        )
        [[met, others]] = fetched(
            session.execute(f"SELECT count(*) FILTER (met), count(*) FILTER (NOT met) FROM {hashes}")
        )
        if not others:
            return Comparison(session, met, None)
        self._space.require(size)
        records = write_parquet(
            session,
            f"""
            SELECT key, row, outcome, digest FROM (
                SELECT key, row, outcome, digest, {_KEY_HASH} AS key_hash FROM {expected}
                UNION ALL
                SELECT key, NULL, NULL, digest, {_KEY_HASH} FROM {found}
            ) AS records SEMI JOIN (SELECT key_hash FROM {hashes} WHERE NOT met) AS others USING (key_hash)
            """,
            folder / "step_records",
            self._space,
        )
        for read in (self._expected, self._found, folder / "step_hashes"):
            read.unlink()  # the sort that comes, and what differs, take the room
        return Comparison(session, met, records)


@dataclass(frozen=True)
class Comparison:
    """What DuckDB found.

    Attributes:
        session: DuckDB.
        met: How many keys are plainly met.
        records: The records of the other keys, as SQL; None when there are none.
    """

    session: "DuckDBPyConnection"
    met: int
    records: str | None

    def others(self) -> Iterator[KeyRecords]:
        """Go through the keys that are not plainly met, in their order."""
        if self.records is None:
            return
        rows = self.session.execute(f"SELECT key, row, outcome, digest FROM {self.records} ORDER BY key, row")
        for key, records in groupby(fetched(rows), key=itemgetter(0)):
            expected, found = [], None
            for _, row, outcome, digest in records:
                if row is None:
                    found = digest
                else:
                    expected.append(ExpectedDigest(row, _OUTCOMES[outcome], digest or ""))
            yield KeyRecords(_unescaped(key), expected, found)


def _escaped(key: str) -> str:
    """Write a key without line feeds, commas and quotes: wherever DuckDB begins to read, a line is a record."""
    return key.encode("unicode_escape").decode("ascii").replace(",", r"\x2c").replace('"', r"\x22")


def _unescaped(text: str | None) -> str:
    """Read a key; DuckDB takes an empty one for NULL."""
    if text is None:
        return ""
    return text if "\\" not in text else text.encode("ascii").decode("unicode_escape")
