"""Digests of a prepared file's rows, and which of them a snapshot does not have: DuckDB's work, in bounded memory.

The core makes an item of the rules and of the row's cells by their headers, and of nothing else. So rows of equal cells
have equal items as long as the rules are the same, whatever the order of the columns; only where an attribute is the
row's number does the item depend on that, too. Digests of cells take seconds where the items' would take minutes.

A key is told by 64 bits of a digest, which may bring two together. A row is known only where all 128 bits of its own
are the same, and its cells have its key: keys that are brought together cost a row that is written again, at most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.rules.computed import RowNumber
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, read_csv, read_rows_file, sql_text, write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DIGESTS_FILE = "row_digests.parquet"

KEY_COLUMNS = {"row": "BIGINT", "key": "VARCHAR"}
"""The columns of a file of keys: the row's number and its key (`TableKey.of`), of each row that has one."""

UNWRITTEN_COLUMNS = {"row": "BIGINT", "rejected": "BOOLEAN"}
"""The columns of a list of rows that a run did not write: the others of it are those of batches that did not succeed,
of which nobody knows what is in the table."""

_KINDS = _ROW, _VANISHED, _BEFORE = ("row", "vanished", "before")
"""What a line of the digests is: a row of the file; what the snapshot before has under a key that the file does not
have; and what it has under the key of a row that the run may yet reject, or that prepare has rejected."""

_COLUMNS_AT_ONCE = 50
"""DuckDB's memory is bounded, and a file may have thousands: the digest of more goes on from that of those before."""

_HASH = "md5_number_lower(key)"


@dataclass(frozen=True)
class Found:
    """What a file changes.

    Attributes:
        new: Rows whose keys the snapshot does not have, or that have none.
        changed: Rows that it has otherwise.
        unchanged: Rows that it has as they are.
        vanished: Keys that it has, and no readable row of the source.
        digests: The digests of the file's rows, and of what the table has beside them (Parquet); None where they could
            not be compared.
    """

    new: int
    changed: int
    unchanged: int
    vanished: int
    digests: Path | None


class RowDigests:
    """Compares a prepared file with a snapshot, step by step, each of which leaves its file to the next."""

    def __init__(self, session: "DuckDBPyConnection", space: DiskSpace) -> None:
        """Begin.

        Args:
            session: DuckDB.
            space: The space of a private folder.
        """
        self._session = session
        self._space = space

    def rows_of(self, file: Path, headers: Sequence[str], rules: RowRules, keys: Path) -> str:
        """Digest the rows of a file; return them as SQL.

        Each row is there that has a key or is in the file; ``high`` and ``low`` are NULL for one that is not in it.

        Args:
            file: The prepared file.
            headers: Its header, without the row number's column.
            rules: The rules.
            keys: The keys of the source's rows (`KEY_COLUMNS`), also of those that are not in the prepared file.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        told = list(_told(headers, rules))
        read = read_rows_file(file, len(headers), exact=True)
        digests = self._step("digests", f"SELECT row, sha256({told[0]}) AS digest FROM {read}")
        for number, more in enumerate(told[1:]):
            digest = f"sha256(concat_ws(chr(0), digest, {more})) AS digest"
            query = f"SELECT row, {digest} FROM {read} JOIN {digests} USING (row)"
            digests = self._step(f"digests_{number % 2}", query)
        return self._step(
            "rows",
            f"""
            SELECT row, {_HASH} AS key_hash,
                ('0x' || digest[1:16])::UBIGINT AS high, ('0x' || digest[17:32])::UBIGINT AS low, key
            FROM {read_csv(keys, KEY_COLUMNS, texts=True)} AS keys FULL JOIN {digests} AS digests USING (row)
            """,
        )

    def compare(self, rows: str, before: tuple[Path, Path] | None) -> Found:
        """Find what the rows of a file change.

        Args:
            rows: The rows, as SQL (`rows_of`).
            before: The digests of a snapshot, and its list of rows that were not written; None without a snapshot.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        known = self._known(*before) if before else f"(SELECT * FROM {rows} LIMIT 0)"
        unknown = self._step(
            "unknown",
            f"""
            SELECT row, key_hash FROM {rows} AS rows
            ANTI JOIN {known} AS known USING (key_hash, high, low) WHERE high IS NOT NULL
            """,
        )
        touched = self._step(
            "touched",
            f"""
            SELECT DISTINCT key_hash FROM {known} AS known SEMI JOIN (
                SELECT key_hash FROM {unknown} UNION ALL SELECT key_hash FROM {rows} WHERE high IS NULL
            ) AS met USING (key_hash)
            """,
        )
        lines = self._step(
            DIGESTS_FILE,
            f"""
            SELECT '{_ROW}' AS kind, row, key_hash, high, low, key FROM {rows}
            WHERE high IS NOT NULL AND key_hash IS NOT NULL
            UNION ALL
            SELECT '{_VANISHED}', NULL, key_hash, high, low, key FROM {known} AS known ANTI JOIN
                (SELECT key_hash FROM {rows} WHERE key_hash IS NOT NULL) AS rows USING (key_hash)
            UNION ALL
            SELECT '{_BEFORE}', NULL, key_hash, high, low, key FROM {known} AS known SEMI JOIN {touched} AS touched
                USING (key_hash)
            """,
        )
        [whole] = self._numbers(f"SELECT count(*) FROM {rows} WHERE high IS NOT NULL")
        [written, changed] = self._numbers(
            f"SELECT count(*), count(*) FILTER (key_hash IN (SELECT key_hash FROM {touched})) FROM {unknown}"
        )
        [vanished] = self._numbers(f"SELECT count(*) FROM {lines} WHERE kind = '{_VANISHED}'")
        return Found(written - changed, changed, whole - written, vanished, self._space.folder / DIGESTS_FILE)

    def vanished(self) -> Iterator[str]:
        """Give the keys that the snapshot has, and no row of the source, in order; after `compare`."""
        lines = f"read_parquet({sql_text(self._path(DIGESTS_FILE))})"
        keys = self._session.execute(f"SELECT key FROM {lines} WHERE kind = '{_VANISHED}' ORDER BY key")
        for (key,) in fetched(keys):
            yield key

    def marks(self, most: int) -> bytearray:
        """Say of each row number, up to the largest, whether the snapshot does not have the row; after `compare`."""
        marks = bytearray(most + 1)
        rows = self._session.execute(f"SELECT row FROM read_parquet({sql_text(self._path('unknown'))})")
        for (row,) in fetched(rows):
            marks[row] = 1
        return marks

    def _known(self, digests: Path, unwritten: Path) -> str:
        """Give what the table has by a snapshot: the rows that were written, and what it had where none was.

        Of the rows of one key at most one is written. Where one was, or nobody knows whether one was, what was there
        before is gone.
        """
        lines = f"read_parquet({sql_text(digests)})"
        told = read_csv(unwritten, UNWRITTEN_COLUMNS)
        rows = f"(SELECT * FROM {lines} WHERE kind = '{_ROW}') AS rows"
        gone = self._step(
            "gone",
            f"""
            SELECT DISTINCT key_hash FROM {rows} ANTI JOIN (SELECT row FROM {told} WHERE rejected) AS rejected
                USING (row) WHERE key_hash IN (SELECT key_hash FROM {lines} WHERE kind = '{_BEFORE}')
            """,
        )
        return self._step(
            "known",
            f"""
            SELECT key_hash, high, low, key FROM {rows} ANTI JOIN (SELECT row FROM {told}) AS unwritten USING (row)
            UNION ALL
            SELECT key_hash, high, low, key FROM {lines} WHERE kind = '{_VANISHED}'
            UNION ALL
            SELECT key_hash, high, low, key FROM {lines} AS lines ANTI JOIN {gone} AS gone USING (key_hash)
            WHERE kind = '{_BEFORE}'
            """,
        )

    def _numbers(self, query: str) -> tuple[int, ...]:
        [numbers] = self._session.execute(query).fetchall()
        return tuple(numbers)

    def _step(self, name: str, query: str) -> str:
        return write_parquet(self._session, query, self._path(name), self._space)

    def _path(self, name: str) -> Path:
        return self._space.folder / name


def _told(headers: Sequence[str], rules: RowRules) -> Iterator[str]:
    r"""Write as SQL the texts that tell a row: the headers' digest, and the cells in the order of the headers.

    No cell holds a NUL (`ContentRules`), which stands between them. Every backslash is doubled in every prepared file.
    """
    places = sorted(range(len(headers)), key=headers.__getitem__)
    names = sql_text("\n".join(headers[place] for place in places))
    cells = [f"coalesce(c{place}, '')" for place in places]
    if any(isinstance(one.formula, RowNumber) for one in rules.computed):
        cells.append("row::VARCHAR")
    cells.insert(0, f"sha256({names})")
    for start in range(0, len(cells), _COLUMNS_AT_ONCE):
        yield f"concat_ws(chr(0), {', '.join(cells[start : start + _COLUMNS_AT_ONCE])})"
