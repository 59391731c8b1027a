"""The cells of a source by column, where DuckDB counts them: on the disk, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import bound_spilling, fetched, sql_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUBSET_ROWS = 100_000
"""The first rows, that most of what is no key shows itself in."""

_COLUMNS_AT_ONCE = 50  # DuckDB's memory is bounded, and a file may have thousands
_GROUP_CELLS = 1_000_000  # cells of a row group: its rows are held in memory
_LEAST_GROUP, _MOST_GROUP = 2_048, 61_440
_SPACE = "".join(chr(one) for one in range(0x3001) if chr(one).isspace())


@dataclass(frozen=True)
class ColumnCounts:
    """What was counted of a column.

    Attributes:
        place: Its place, from 0.
        header: Its name.
        rows: The rows there are.
        filled: Cells that are not blank.
        distinct: Different ones among them, about (HyperLogLog).
        text_bytes: Bytes of UTF-8 that they take together.
        longest: Bytes of the longest.
    """

    place: int
    header: str
    rows: int
    filled: int
    distinct: int
    text_bytes: int
    longest: int

    @property
    def blank(self) -> int:
        """Cells that are blank."""
        return self.rows - self.filled


class CellStore:
    """The cells of a file's good rows. A blank cell is NULL, any other as it is in the source.

    Attributes:
        headers: The columns' names; in SQL they are ``c0``, ``c1``, ….
        rows: How many rows there are.
    """

    def __init__(self, session: "DuckDBPyConnection", table: str, headers: Sequence[str], rows: int) -> None:
        self.headers = headers
        self.rows = rows
        self._session = session
        self._table = table

    @classmethod
    def load(
        cls, session: "DuckDBPyConnection", prepared: Path, headers: Sequence[str], rows: int, space: DiskSpace
    ) -> "CellStore":
        """Take a file of the form that prepare writes.

        Args:
            session: DuckDB.
            prepared: The file.
            headers: Its columns, without the row number's.
            rows: Its rows.
            space: The space of the folder that the cells go to.

        Raises:
            NoSpaceError: The disk has no room.
        """
        names = ["row", *_names(len(headers))]
        schema = ", ".join(f"{sql_text(name)}: '{'BIGINT' if name == 'row' else 'VARCHAR'}'" for name in names)
        file = (
            f"read_csv({sql_text(prepared)}, auto_detect=false, header=true, delim=',', "
            rf"""quote='"', escape='"', new_line='\n', columns={{{schema}}})"""
        )
        cells = ", ".join(f"{_cell(name)} AS {name}" for name in names[1:])
        path = space.folder / "cells"
        group = min(_MOST_GROUP, max(_LEAST_GROUP, _GROUP_CELLS // len(headers)))
        session.execute(
            f"COPY (SELECT row, {cells} FROM {file}) TO {sql_text(path)} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group})"
        )
        bound_spilling(session, space)
        return cls(session, f"read_parquet({sql_text(path)})", headers, rows)

    def counts(self) -> list[ColumnCounts]:
        """Count every column's cells."""
        counted = []
        for start in range(0, len(self.headers), _COLUMNS_AT_ONCE):
            places = range(start, min(start + _COLUMNS_AT_ONCE, len(self.headers)))
            wanted = ", ".join(
                f"count({name}), approx_count_distinct({name}), coalesce(sum(strlen({name})), 0), "
                f"coalesce(max(strlen({name})), 0)"
                for name in (f"c{place}" for place in places)
            )
            numbers = list(self._one(f"SELECT {wanted} FROM {self._table}"))
            for place in places:
                filled, distinct, size, longest = (int(numbers.pop(0)) for _ in range(4))
                counted.append(
                    ColumnCounts(place, self.headers[place], self.rows, filled, min(distinct, filled), size, longest)
                )
        return counted

    def values(self, place: int, most: int, unless: str | None = None) -> Iterator[tuple[str, int]]:
        """Give different cells of a column, each with how often it is there.

        Args:
            place: The column.
            most: How many at most.
            unless: A regular expression: cells that match it whole are left out.
        """
        name = f"c{place}"
        other = f" AND NOT regexp_full_match({name}, {sql_text(unless)})" if unless else ""
        query = f"SELECT {name}, count(*) FROM {self._table} WHERE {name} IS NOT NULL{other} GROUP BY 1 LIMIT {most}"
        return ((value, count) for value, count in fetched(self._session.execute(query)))

    def matches(self, place: int, patterns: Sequence[str]) -> list[int]:
        """Count the cells of a column that match each of some regular expressions whole."""
        if not patterns:
            return []
        counts = ", ".join(f"count(*) FILTER (regexp_full_match(c{place}, {sql_text(one)}))" for one in patterns)
        return list(map(int, self._one(f"SELECT {counts} FROM {self._table}")))

    def words(self, place: int, words: Sequence[str], pattern: str) -> list[tuple[str, int]]:
        """Give the cells of a column that are one of some words in small letters, or match a regular expression."""
        name, listed = f"c{place}", ", ".join(map(sql_text, words))
        longest = max(map(len, words)) + 4
        found = (
            f"(strlen({name}) <= {longest} AND lower(trim({name})) IN ({listed})) "
            f"OR (({name} LIKE '%E+%' OR {name} LIKE '##%') AND regexp_full_match({name}, {sql_text(pattern)}))"
        )
        query = f"SELECT {name}, count(*) FROM {self._table} WHERE {found} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100"
        return [(value, count) for value, count in fetched(self._session.execute(query))]

    def some_values(self, place: int, most: int) -> list[str]:
        """Give different cells of a column from all over the file."""
        name, step = f"c{place}", max(1, self.rows // most)
        rows = f"SELECT {name} FROM {self._table} WHERE {name} IS NOT NULL"
        query = f"SELECT DISTINCT {name} FROM (({rows} AND row % {step} = 0 LIMIT {most}) UNION ALL ({rows} LIMIT 100))"
        return sorted(value for (value,) in fetched(self._session.execute(query)))

    def extremes(self, place: int, *, as_number: bool) -> tuple[str, str]:
        """Give the least and the most of a column's cells, as numbers or as texts."""
        name = f"CAST(c{place} AS DOUBLE)" if as_number else f"c{place}"
        least, most = self._one(f"SELECT arg_min(c{place}, {name}), arg_max(c{place}, {name}) FROM {self._table}")
        return str(least), str(most)

    def repeated(self, places: Sequence[int]) -> int:
        """Count the rows whose cells in some columns another row before them has, all of them.

        Args:
            places: The columns; none: all there are.
        """
        names = ", ".join(f"c{place}" for place in places or range(len(self.headers)))
        # 64 bits: of ten million rows two that differ are taken for equal with a chance of one in 400,000.
        total, distinct = self._one(f"SELECT count(*), count(DISTINCT hash({names})) FROM {self._table}")
        return int(total - distinct)

    def subset(self, places: Sequence[int]) -> "CellStore":
        """Give the first rows, in memory: what is equal among them is equal in the file.

        Args:
            places: The columns that it is asked for; of their cells it holds a hash each.
        """
        names = ", ".join(f"hash(c{place}) AS c{place}" for place in places) or "row"
        self._session.execute(
            f"CREATE OR REPLACE TEMP TABLE subset AS SELECT {names} FROM {self._table} WHERE row <= {SUBSET_ROWS}"
        )
        return CellStore(self._session, "subset", self.headers, min(self.rows, SUBSET_ROWS))

    def holds(self, place: int, text: str) -> bool:
        """Say whether a cell of a column has a text in it."""
        [found] = self._one(f"SELECT bool_or(contains(c{place}, {sql_text(text)})) FROM {self._table}")
        return bool(found)

    def sizes(self, bytes_of: Sequence[str], fixed: int) -> tuple[float, int, int]:
        """Size up the items: their average and largest bytes, and the write units of all.

        Args:
            bytes_of: For each column, the SQL of a filled cell's bytes with its name's, ``{cell}`` for the cell.
            fixed: Bytes that every item has beside them.
        """
        parts = [
            f"CASE WHEN c{place} IS NULL THEN 0 ELSE {one.replace('{cell}', f'c{place}')} END"
            for place, one in enumerate(bytes_of)
        ]
        item = " + ".join([str(fixed), *parts])
        average, largest, units = self._one(
            f"SELECT avg(size), max(size), sum((size + 1023) // 1024) FROM (SELECT {item} AS size FROM {self._table})"
        )
        return float(average or 0), int(largest or 0), int(units or 0)

    def some_rows(self, most: int) -> Iterator[tuple[int, list[str]]]:
        """Give rows from all over the file, with their numbers; a blank cell is empty."""
        step = max(1, self.rows // most)
        names = ", ".join(f"coalesce({name}, '')" for name in _names(len(self.headers)))
        query = f"SELECT row, {names} FROM {self._table} WHERE row % {step} = 0 OR row <= 100 LIMIT {most + 100}"
        return ((row, list(cells)) for row, *cells in fetched(self._session.execute(query)))

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self._session.execute(query).fetchone()
        assert row is not None  # of an aggregate there is one always
        return row


def _names(width: int) -> list[str]:
    return [f"c{place}" for place in range(width)]


def _cell(name: str) -> str:
    r"""Write as SQL what a cell is: NULL if it is blank, its backslashes single again."""
    text = rf"CASE WHEN contains({name}, '\') THEN replace({name}, '\\', '\') ELSE {name} END"
    # What begins with a character of ASCII that prints is not blank: that is told first, and costs a tenth.
    seen, filled = f"{name} >= '!' AND {name} < chr(127)", f"trim({name}, {sql_text(_SPACE)}) <> ''"
    return f"CASE WHEN {seen} THEN {text} WHEN {filled} THEN {text} END"
