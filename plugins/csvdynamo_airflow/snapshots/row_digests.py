"""Digests of a prepared file's rows, and which of them a snapshot does not have: DuckDB's work, in bounded memory.

The core makes an item of the rules and of the row's cells by their headers, and of nothing else. So rows of equal cells
have equal items as long as the rules are the same, whatever the order of the columns; only where an attribute is the
row's number does the item depend on that, too. Digests of cells take seconds where the items' would take minutes.

A key is told by 64 bits of a digest, which may bring two together. A row is known only where all 128 bits of its own
are the same, and its cells have its key: keys that are brought together cost a row that is written again, at most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from csvdynamo.folders import DIGESTS
from csvdynamo.rules.computed import RowNumber
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.snapshot import ChangedKey
from csvdynamo_airflow.snapshots.examples import changed_keys
from csvdynamo_airflow.snapshots.known_lines import BEFORE, LINE, NOTHING, ROW, VANISHED, KnownLines
from csvdynamo_airflow.storage.duckdb_session import read_csv, read_rows_file, sql_text
from csvdynamo_airflow.storage.query_steps import QuerySteps

DIGESTS_FILE = f"{DIGESTS}.parquet"

KEY_COLUMNS = {"row": "BIGINT", "key": "VARCHAR"}
"""The columns of a file of keys: the row's number and its key (`TableKey.of`), of each row that has one."""

ITEM_COLUMNS = {"row": "BIGINT", "item": "VARCHAR", "units": "BIGINT", "keyless": "BOOLEAN"}
"""The columns of a file of items: the row's number, the digest of the item that the rules make of it and the write
units that it takes, neither where they make none, and whether they make no key either."""

_NO_ITEMS = f"(SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in ITEM_COLUMNS.items())} LIMIT 0)"

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
        vanished: Keys that it has, or that runs since may have put into the table, and no readable row of the source.
        digests: The digests of the file's rows, and of what the table has beside them (Parquet); None where they could
            not be compared.
        known: Keys that it has, or that runs since may have put into the table.
        told_keys: Rows of the source whose keys can be told, rejected ones among them.
        examples: Some keys of each kind, and where there are rows, their numbers.
    """

    new: int
    changed: int
    unchanged: int
    vanished: int
    digests: Path | None
    known: int = 0
    told_keys: int = 0
    examples: tuple[ChangedKey, ...] = ()


@dataclass(frozen=True)
class VanishedKey:
    """A key that runs have put into the table, and no row of the source has.

    Attributes:
        key: The key.
        items: The digests of the items that runs have put there, or may have; none where nobody noted them.
        units: Write units that its deletion takes, at most.
    """

    key: str
    items: tuple[str, ...]
    units: int


class RowDigests:
    """Compares a prepared file with a snapshot, step by step, each of which leaves its file to the next."""

    def __init__(self, steps: QuerySteps) -> None:
        """Begin.

        Args:
            steps: Keeps the steps' files.
        """
        self._steps = steps
        self._lines = KnownLines(steps)
        self._known = self._suspected = NOTHING

    def read(self, file: Path, headers: Sequence[str], rules: RowRules, keys: Path) -> None:
        """Digest the rows of a file.

        Each row is there that has a key or is in the file; ``high`` and ``low`` are NULL for one that is not in it.

        Args:
            file: The prepared file.
            headers: Its header, without the row number's column.
            rules: The rules.
            keys: The keys of the source's rows (`KEY_COLUMNS`), also of those that are not in the prepared file.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        read = read_rows_file(file, len(headers), exact=True)
        digested, source = "sha256({})", read
        *earlier, last = _told(headers, rules)
        for number, told in enumerate(earlier):
            query = f"SELECT row, {digested.format(told)} AS digest FROM {source}"
            source = f"{read} JOIN {self._steps.step(f'digests_{number % 2}', query)} USING (row)"
            digested = "sha256(concat_ws(chr(0), digest, {}))"
        # Two numbers, where a digest is made: as a text it would be written and read once more, at four times the size.
        halves = "('0x' || digest[1:16])::UBIGINT AS high, ('0x' || digest[17:32])::UBIGINT AS low"
        query = f"SELECT row, {halves} FROM (SELECT row, {digested.format(last)} AS digest FROM {source})"
        self._rows = self._steps.step(
            "rows",
            f"""
            SELECT row, {_HASH} AS key_hash, high, low, key
            FROM {read_csv(keys, KEY_COLUMNS, texts=True)} AS keys
            FULL JOIN {self._steps.step("digests", query)} AS digests USING (row)
            """,
        )

    def know(self, before: tuple[Path, Path] | None, suspects: Sequence[tuple[Path, Path | None]] = ()) -> None:
        """Take what the table has, and what it may have beside that; after `read`.

        Args:
            before: The digests of a snapshot, and its list of rows that were not written; None without a snapshot.
            suspects: The digests of what the table may have beside that, likewise; without a list of those that were
                not written, any of them may be there. They are known by their keys and items alone.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        if before:
            self._known = self._lines.of_snapshot("known", *before)
        self._suspected = self._lines.suspected(suspects)

    def without_items(self, most: int) -> bytearray:
        """Say of each row number, up to the largest, whether no snapshot tells the row's item; after `know`."""
        told = f"(SELECT key_hash, high, low FROM {self._known} WHERE item IS NOT NULL) AS known"
        return self._steps.marks(
            f"SELECT row FROM {self._rows} AS rows ANTI JOIN {told} USING (key_hash, high, low) WHERE high IS NOT NULL",
            most,
        )

    def compare(self, items: Path | None = None) -> Found:
        """Find what the rows change; after `know`.

        Args:
            items: The items of the rows that `without_items` names (`ITEM_COLUMNS`); None where nobody wants to know of
                them. Those of rows that a snapshot tells go along all the same.

        Raises:
            NoSpaceError: There is no room for the steps' files.
        """
        known, suspected = self._known, self._suspected
        unnoted = "NULL::VARCHAR AS item, NULL::BIGINT AS units, key IS NULL AS keyless"
        noted = read_csv(items, ITEM_COLUMNS) if items else _NO_ITEMS
        rows = self._with_items(noted) if items or self._tells_items() else f"(SELECT *, {unnoted} FROM {self._rows})"
        unknown = self._steps.step(
            "unknown",
            f"""
            SELECT row, key_hash FROM {rows} AS rows
            ANTI JOIN {known} AS known USING (key_hash, high, low) WHERE high IS NOT NULL
            """,
        )
        touched = self._steps.step(
            "touched",
            f"""
            SELECT DISTINCT key_hash FROM {known} AS known SEMI JOIN (
                SELECT key_hash FROM {unknown} UNION ALL SELECT key_hash FROM {rows} WHERE high IS NULL
            ) AS met USING (key_hash)
            """,
        )
        met = f"(SELECT key_hash FROM {rows} WHERE key_hash IS NOT NULL)"
        vanished = self._steps.step(
            "vanished",
            f"""
            SELECT {LINE} FROM (SELECT * FROM {known} UNION ALL SELECT * FROM {suspected}) AS known
                ANTI JOIN {met} AS rows USING (key_hash)
            """,
        )
        # Where none of a key's rows is written, what may be there stays: by the rules, or as DynamoDB or a batch fails.
        self._steps.step(
            "lines",
            f"""
            SELECT '{ROW}' AS kind, row, {LINE} FROM {rows} WHERE high IS NOT NULL AND key_hash IS NOT NULL
            UNION ALL
            SELECT '{BEFORE}', NULL, {LINE} FROM {known} AS known SEMI JOIN {touched} AS touched USING (key_hash)
            UNION ALL
            SELECT '{BEFORE}', NULL, {LINE} FROM {suspected} AS known SEMI JOIN {met} AS rows USING (key_hash)
            """,
        )
        [whole, told] = self._steps.numbers(
            f"SELECT count(*) FILTER (high IS NOT NULL), count(*) FILTER (NOT keyless) FROM {rows}"
        )
        [written, changed] = self._steps.numbers(
            f"SELECT count(*), count(*) FILTER (key_hash IN (SELECT key_hash FROM {touched})) FROM {unknown}"
        )
        [gone] = self._steps.numbers(f"SELECT count(DISTINCT key_hash) FROM {vanished}")
        [keys] = self._steps.numbers(
            f"SELECT count(DISTINCT key_hash) FROM "
            f"(SELECT key_hash FROM {known} UNION ALL SELECT key_hash FROM {suspected})"
        )
        some = changed_keys(self._steps, unknown, self._rows, touched, vanished) if known is not NOTHING else ()
        return Found(
            written - changed, changed, whole - written, gone, self._steps.path(DIGESTS_FILE), keys, told, tuple(some)
        )

    def keep(self, *, deletes: bool) -> None:
        """Write the digests of which the next snapshot is made; after `compare`.

        Args:
            deletes: Whether the run deletes what vanished, as far as its items are known.

        Raises:
            NoSpaceError: There is no room for the file.
        """
        numbers = self._deletable if deletes else "(SELECT '' AS key, 0 AS number LIMIT 0)"
        self._steps.step(
            DIGESTS_FILE,
            f"""
            SELECT kind, row, {LINE} FROM {self._steps.read("lines")}
            UNION ALL
            SELECT '{VANISHED}', -number, {LINE} FROM {self._steps.read("vanished")} LEFT JOIN {numbers} USING (key)
            """,
        )

    def vanished(self) -> Iterator[VanishedKey]:
        """Give the keys that vanished, in order, those first that can be deleted; after `compare`."""
        keys = f"SELECT key, items, units FROM {self._by_key} ORDER BY len(items) = 0, key"
        for key, items, units in self._steps.rows(keys):
            yield VanishedKey(key, tuple(items), units)

    @cached_property
    def _by_key(self) -> str:
        items = "coalesce(list(DISTINCT item ORDER BY item) FILTER (item IS NOT NULL), [])"
        told = f"key, {items} AS items, coalesce(max(units), 0) AS units"
        return self._steps.step("by_key", f"SELECT {told} FROM {self._steps.read('vanished')} GROUP BY key")

    @property
    def _deletable(self) -> str:
        """The keys that can be deleted, with the numbers that `vanished` gives them."""
        return f"(SELECT key, row_number() OVER (ORDER BY key) AS number FROM {self._by_key} WHERE len(items) > 0)"

    def marks(self, most: int) -> bytearray:
        """Say of each row number, up to the largest, whether the snapshot does not have the row; after `compare`."""
        return self._steps.marks(f"SELECT row FROM {self._steps.read('unknown')}", most)

    def _tells_items(self) -> bool:
        return self._steps.has_rows(f"SELECT 1 FROM {self._known} WHERE item IS NOT NULL LIMIT 1")

    def _with_items(self, items: str) -> str:
        """Give the rows with their items: those that are noted, and of rows that a snapshot has what it tells."""
        told = f"(SELECT DISTINCT key_hash, high, low, item AS known_item, units AS known_units FROM {self._known})"
        return self._steps.step(
            "rows_with_items",
            f"""
            SELECT rows.*, coalesce(item, known_item) AS item, coalesce(units, known_units) AS units,
                coalesce(keyless, false) OR key IS NULL AS keyless
            FROM {self._rows} AS rows LEFT JOIN {items} AS items USING (row)
            LEFT JOIN {told} AS known USING (key_hash, high, low)
            """,
        )


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
