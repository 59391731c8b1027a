"""Describes texts as sources, and rows without a source, without a terminal."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from commands.describing.cell_store import CellStore
from commands.describing.column_types import ColumnFinding, find_type, find_types
from commands.describing.describe_source import describe_source
from commands.describing.description import Description
from commands.describing.key_choice import KeyChoice, choose_key


def describe(content: str | bytes, name: str = "cars", file_name: str = "cars.csv", url: str = "") -> Description:
    """Describe the content of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return describe_source(
            path, name, Path(folder), url=url, file_name=file_name, tell=lambda _what, _done, _total: None
        )


@contextmanager
def stored(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[CellStore]:
    """Give rows as a store has them."""
    import duckdb

    # A folder to spill to makes it one of `cheap_duckdb`, in which each connection has temporary tables of its own.
    with duckdb.connect(":memory:", config={"temp_directory": tempfile.gettempdir()}) as session:
        names = [f"c{place}" for place in range(len(header))]
        session.execute(f"CREATE TEMP TABLE cells (row BIGINT, {', '.join(f'{name} VARCHAR' for name in names)})")
        given = [[number, *(cell if cell.strip() else None for cell in row)] for number, row in enumerate(rows, 1)]
        if given:
            columns = dict(zip(["row", *names], map(list, zip(*given, strict=True)), strict=True))
            lists = ", ".join(f"unnest(${name})" for name in columns)
            session.execute(f"INSERT INTO cells SELECT {lists}", columns)
        yield CellStore(session, "cells", header, len(rows))


def column_of(cells: Sequence[str], header: str = "value") -> ColumnFinding:
    """Find the type of a column."""
    with stored([header], [[cell] for cell in cells]) as store:
        return find_type(store, store.counts()[0])


def key_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> KeyChoice:
    """Choose the key of rows."""
    with stored(header, rows) as store:
        return choose_key(store, find_types(store))
