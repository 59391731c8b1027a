"""What a file lets expect and what a table holds, as lines on disk, and DuckDB's comparison of the two.

The lines have no key, but a hash of it and the place where it stands in a file of keys: DuckDB keeps to its memory with
lines of some bytes, and not when it joins texts of thousands. The hash may bring together keys that differ. What is met
is so by the digest of the whole item, its key included; the records of the others are told apart by their keys.

The lines are in parts, by the beginning of the hash, and of many DuckDB compares a part at a time: of a million keys it
would fill whatever memory it is given, which a part of them does not need.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, read_csv, sql_text, write_parquet
from csvdynamo_airflow.table.table_check import NOT_WRITTEN, ExpectedDigest, RowOutcome

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINE = {
    "key_hash": "VARCHAR",
    "digest": "VARCHAR",
    "start": "BIGINT",
    "size": "BIGINT",
    "row": "BIGINT",
    "outcome": "VARCHAR",
}
"""The columns of either side: what stands for the key, the digest of the item, where the key is in the file of keys and
how many bytes it has; of what a row lets expect, the row and what became of it."""

_PARTS = "0123456789abcdef"  # the first digit of a hash: in this order, the parts are in that of the hashes
_BYTES_AT_ONCE = 16_000_000  # of lines, up to which all parts are compared together: each costs some queries
_HASH_BYTES = 8  # what DuckDB's UBIGINT holds
_HASH, _DIGEST = "('0x' || key_hash)::UBIGINT", "('0x' || digest)::UHUGEINT"

_EXPECTED, _FOUND = "expected", "found"
_OUTCOMES = {str(one): one for one in RowOutcome}
_NOT_WRITTEN = ", ".join(sql_text(one) for one in sorted(NOT_WRITTEN))


@dataclass(slots=True)
class KeyRecords:
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
        self._keys = space.folder / "keys"
        self._stack = ExitStack()
        self._expected, self._found = (
            {part: self._stack.enter_context(space.open_text(self._path(side, part))) for part in _PARTS}
            for side in (_EXPECTED, _FOUND)
        )
        self._key_bytes = self._stack.enter_context(space.open(self._keys))
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def add_expected(self, key: str, expected: ExpectedDigest) -> None:
        """Note what a row lets expect."""
        line = self._key(key, expected.digest)
        self._expected[line[0]].write(f"{line},{expected.row},{expected.outcome}\n")

    def add_found(self, key: str, digest: str) -> None:
        """Note an item of the table."""
        line = self._key(key, digest)
        self._found[line[0]].write(f"{line},,\n")

    def compare(self, session: "DuckDBPyConnection") -> "Comparison":
        """Find the keys that are plainly met: one row has the key, it was not rejected, and the table has its item.

        The steps leave files to each other: one query for all would hold in memory what a join and a sort need at once.
        What is kept of each key has a fixed size, which is what DuckDB can keep on the disk.

        Args:
            session: DuckDB, opened after the files were written.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        size = sum(path.stat().st_size for side in (_EXPECTED, _FOUND) for path in self._files(side, _PARTS))
        compared = [self._compare(session, parts) for parts in ((_PARTS,) if size <= _BYTES_AT_ONCE else _PARTS)]
        return Comparison(session, sum(met for met, _ in compared), [one for _, one in compared if one], self._keys)

    def _compare(self, session: "DuckDBPyConnection", parts: str) -> tuple[int, str | None]:
        """Compare some parts; return how many keys are plainly met, and as SQL the records of the others, if any."""
        sides = [self._files(side, parts) for side in (_EXPECTED, _FOUND)]
        size = sum(path.stat().st_size for side in sides for path in side)
        expected, found = (read_csv(side, _LINE) for side in sides)
        self._space.require(size)
        kept = self._path("hashes", parts)
        hashes = write_parquet(
            session,
            f"""
            SELECT key_hash, coalesce(count(*) = 2 AND min(expected) = min(found), false) AS met FROM (
                SELECT {_HASH} AS key_hash, NULL AS found,
                    CASE WHEN outcome NOT IN ({_NOT_WRITTEN}) THEN {_DIGEST} END AS expected
                FROM {expected}
                UNION ALL
                SELECT {_HASH}, {_DIGEST}, NULL FROM {found}
            )
            GROUP BY key_hash
            """,
            kept,
            self._space,
        )
        [[met, others]] = fetched(
            session.execute(f"SELECT count(*) FILTER (met), count(*) FILTER (NOT met) FROM {hashes}")
        )
        records = None
        if others:
            self._space.require(size)
            records = write_parquet(
                session,
                f"""
                SELECT * FROM (
                    SELECT * REPLACE ({_HASH} AS key_hash) FROM {expected}
                    UNION ALL
                    SELECT * REPLACE ({_HASH} AS key_hash) FROM {found}
                ) AS records SEMI JOIN (SELECT key_hash FROM {hashes} WHERE NOT met) AS others USING (key_hash)
                """,
                self._path("records", parts),
                self._space,
            )
        for read in (*sides[0], *sides[1], kept):
            read.unlink()  # the next part, and what differs, take the room
        return met, records

    def _key(self, key: str, digest: str) -> str:
        """Write a key, and what of a line tells of it."""
        text = key.encode("utf-8")
        start = self._written
        self._key_bytes.write(text)
        self._written += len(text)
        return f"{hashlib.blake2b(text, digest_size=_HASH_BYTES).hexdigest()},{digest},{start},{len(text)}"

    def _files(self, side: str, parts: str) -> list[Path]:
        """List the files of some parts of a side that have a line; one without, where none has: DuckDB needs some."""
        files = [self._path(side, part) for part in parts]
        return [path for path in files if path.stat().st_size] or files[:1]

    def _path(self, name: str, part: str) -> Path:
        return self._space.folder / f"{name}_{part}"


@dataclass(frozen=True)
class Comparison:
    """What DuckDB found.

    Attributes:
        session: DuckDB.
        met: How many keys are plainly met.
        records: The records of the other keys, as SQL, part by part.
        keys: The file of keys.
    """

    session: "DuckDBPyConnection"
    met: int
    records: Sequence[str]
    keys: Path

    def others(self) -> Iterator[KeyRecords]:
        """Go through the keys that are not plainly met, in an order that is the same whenever the keys are."""
        with self.keys.open("rb") as keys:
            for part in self.records:
                rows = self.session.execute(f"SELECT * FROM {part} ORDER BY key_hash, row")
                for _, records in groupby(fetched(rows), key=itemgetter(0)):
                    yield from _by_key(records, keys.fileno())


def _by_key(records: Iterable[tuple[Any, ...]], keys: int) -> Iterable[KeyRecords]:
    """Tell apart by their keys records that share a hash; of each key they keep their order."""
    told: dict[bytes, KeyRecords] = {}
    for _, digest, start, size, row, outcome in records:
        text = os.pread(keys, size, start)
        one = told.get(text)
        if one is None:
            one = told[text] = KeyRecords(text.decode("utf-8"), [], None)
        if row is None:
            one.found = digest
        else:
            one.expected.append(ExpectedDigest(row, _OUTCOMES[outcome], digest or ""))
    return told.values()
