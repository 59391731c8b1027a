"""Finding the rows of one key, out of core, and which of them is written.

Three steps, each of which leaves less to the next. While the rows are written, a 64-bit hash of each key goes to a
file; DuckDB finds the hashes that come more than once. The rows of those alone are read again and judged by the core:
only what it accepts has a key and may win. Of those keys DuckDB then finds the winners and the losers.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.refusals import Refusal, duplicate_refusal
from csvdynamo.rules.row_rules import DuplicatePolicy, RowRules
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.transforms import TextFunction, Transform, chain
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import fetched, read_csv

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_QUOTE = '"'
_LONGEST_KEY = 20_000  # characters: 3,072 bytes at most, six characters each where two parts stand in JSON
_DIGEST_BYTES = 16  # what DuckDB's UHUGEINT holds

_WINNER = {
    DuplicatePolicy.FIRST: "min(row)",
    DuplicatePolicy.LAST: "max(row)",
    DuplicatePolicy.REJECT: "NULL::BIGINT",
}


class KeySpool:
    """A temporary file of row numbers and hashes of keys; a context manager.

    A hash is of one process. Where rows are compared with those of another run, a second file has the keys themselves
    (`row_digests.KEY_COLUMNS`), which takes time and room.

    Attributes:
        path: The file of hashes.
        keys: The file of keys; None where there is none.
    """

    def __init__(
        self, path: Path, header: Sequence[str], rules: RowRules, space: DiskSpace, *, with_keys: bool = False
    ) -> None:
        """Open the file.

        Args:
            path: Where to make it.
            header: The headers of the columns that the key is made of; none if it is the row's number.
            rules: The rules that make the key of them.
            space: The space of the folder that it is in.
            with_keys: Whether the keys themselves are wanted, too.
        """
        self.path = path
        self.keys = path.with_name("whole_keys") if with_keys else None
        self._header, self._converter = header, RowConverter(rules)
        self._told = _key_maker(header, rules, _telling_transform)
        self._whole = _key_maker(header, rules, _whole_transform) if with_keys else None
        self._stack = ExitStack()
        self._file = self._stack.enter_context(space.open_text(path))
        self._keys_file = self._stack.enter_context(space.open_text(self.keys)) if self.keys else None

    def add(self, numbers: Iterable[int], columns: Sequence[Sequence[str]]) -> None:
        """Take row numbers, and the cells of the key's columns as they are in the source, a sequence for each column.

        Python's hash is salted, but stays the same within a process; what else it brings together is told apart later.
        """
        if not columns:
            return
        pairs = zip(numbers, self._told(columns), strict=True)
        self._file.write("".join([f"{number},{hash(key)}\n" for number, key in pairs if key and not key.isspace()]))
        if self._keys_file and self._whole:
            whole = zip(numbers, self._whole(columns), strict=True)
            self._keys_file.write("".join([_key_line(number, key) for number, key in whole if key]))

    def add_rejected(self, number: int, cells: Sequence[str]) -> None:
        """Take the key's cells of a row that is rejected for something else: it has a key, and vies with no other."""
        if self._keys_file and self._header:
            key = self._converter.key_of(dict(zip(self._header, cells, strict=True)))
            if key:
                self._keys_file.write(_key_line(number, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()


def _key_line(number: int, key: str) -> str:
    # One that is longer is refused by the rules, and DuckDB's reader takes no line of any length.
    return f'{number},"{key.replace(_QUOTE, _QUOTE * 2)}"\n' if len(key) <= _LONGEST_KEY and not key.isspace() else ""


@dataclass(frozen=True)
class Loser:
    """A row that the rules accept and that is not written, as another row has its key.

    Attributes:
        row: Its number.
        winner: The row that is written instead; None if none is.
        first: The first accepted row that has the key.
        last: The last one.
        count: How many have it.
    """

    row: int
    winner: int | None
    first: int
    last: int
    count: int

    def refusal(self, names: Sequence[str], key: str) -> Refusal:
        """Say why it is not written.

        Args:
            names: The headers of the key's columns.
            key: The key, as a message shows it.
        """
        if self.winner is not None:
            return duplicate_refusal(names, f"row {self.winner} has the same key {key} and is written instead")
        named = [row for row in (self.first, self.last) if row != self.row]
        more = self.count - 1 - len(named)
        rows = ", ".join(f"row {row}" for row in named) + (f" and {more:,} more" if more else "")
        return duplicate_refusal(names, f"the same key {key} is in {rows}, and none of them is written")


def repeated_hashes(session: "DuckDBPyConnection", keys: Path) -> Iterator[int]:
    """Return the numbers, in order, of the rows whose key's hash comes more than once.

    Args:
        session: DuckDB.
        keys: A `KeySpool`'s file, closed.
    """
    table = read_csv(keys, {"row": "BIGINT", "hash": "BIGINT"})
    repeated = f"SELECT hash FROM {table} GROUP BY hash HAVING count(*) > 1"  # noqa: S608
    if session.execute(f"{repeated} LIMIT 1").fetchone() is None:
        return iter(())
    rows = session.execute(f"SELECT row FROM {table} WHERE hash IN ({repeated}) ORDER BY row")  # noqa: S608
    return (row for (row,) in fetched(rows))


def write_accepted(
    file: TextIO, rows: Iterable[tuple[int, list[str]]], headers: Sequence[str], dataset: Dataset
) -> None:
    """Write the rows that the core accepts, each with a digest of its key.

    Args:
        file: Where they go.
        rows: Row numbers and fields, in order.
        headers: Their header.
        dataset: The data set, whose rules judge them.
    """
    converter = RowConverter(dataset.rules)
    for number, fields in rows:
        item = converter.convert(dict(zip(headers, fields, strict=True)))
        if not isinstance(item, Refusal):
            key = dataset.rules.key.of(item).encode("utf-8")
            digest = hashlib.blake2b(key, digest_size=_DIGEST_BYTES).digest()
            file.write(f"{number},{int.from_bytes(digest)}\n")


def find_losers(session: "DuckDBPyConnection", accepted: Path, policy: DuplicatePolicy) -> Iterator[Loser]:
    """Return the rows that are not written, in order.

    Args:
        session: DuckDB.
        accepted: What `write_accepted` wrote.
        policy: Which row of a key is written.
    """
    table = read_csv(accepted, {"row": "BIGINT", "key": "UHUGEINT"})
    # Each key's state has a fixed size, which is what DuckDB can keep on the disk.
    rows = session.execute(
        f"""
        SELECT row, winner, first, last, total
        FROM {table} JOIN (
            SELECT key, {_WINNER[policy]} AS winner, min(row) AS first, max(row) AS last, count(*) AS total
            FROM {table} GROUP BY key HAVING count(*) > 1
        ) USING (key)
        WHERE row IS DISTINCT FROM winner ORDER BY row
        """  # noqa: S608
    )
    return (Loser(*row) for row in fetched(rows))


def _key_maker(
    header: Sequence[str], rules: RowRules, transform_of: Callable[[Sequence[Transform]], TextFunction | None]
) -> Callable[[Sequence[Sequence[str]]], Iterable[str | None]]:
    """Return what makes of columns of cells one text for each row: the same for rows of one key.

    Args:
        header: The headers of the columns.
        rules: The rules.
        transform_of: Makes of the steps of a text what is applied to it, None for nothing.
    """
    # A date is a text to DynamoDB, too, and may be written in several ways.
    column = rules.column(header[0]) if len(header) == 1 else None
    alone = rules.key.sort is None and rules.made(rules.key.partition.name) is None
    if column is not None and column.type is ColumnType.TEXT and alone:
        transform = transform_of(column.transform)
        return lambda columns: columns[0] if transform is None else map(transform, columns[0])
    key_of = RowConverter(rules).key_of
    return lambda columns: (key_of(dict(zip(header, cells, strict=True))) for cells in zip(*columns, strict=True))


def _whole_transform(steps: Sequence[Transform]) -> TextFunction | None:
    """Return the steps, None if there are none."""
    return chain(steps) if steps else None


def _telling_transform(steps: Sequence[Transform]) -> TextFunction | None:
    """Return the steps that can make two cells equal, None if there are none: one-to-one steps at the end never do."""
    while steps and steps[-1].one_to_one:
        steps = steps[:-1]
    return _whole_transform(steps)
