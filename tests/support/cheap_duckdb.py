"""Opening DuckDB takes a sixtieth of the time from the second time on, in a process of the tests'."""

from collections.abc import Mapping
from typing import Any


class CheapConnections:
    """Gives connections to one database in memory, as a database of their own would behave: nothing is created in it.

    A setting of a connection is one of the database, so it is made again for each. Tasks open one at a time.
    """

    def __init__(self, connect: Any, error: type[Exception]) -> None:
        self._connect, self._error = connect, error
        self._opened: dict[str, Any] = {}

    def connect(self, database: str, *, config: Mapping[str, Any] | None = None) -> Any:
        """Open what `duckdb.connect` would open."""
        if config is None or "temp_directory" not in config:
            return self._connect(database, config=config or {})
        settings = dict(config)
        folder = settings.pop("temp_directory")
        name = f"{database} {sorted(settings.items())}"
        if name not in self._opened:
            self._opened[name] = self._connect(database, config=settings)
        connection = self._opened[name].cursor()
        try:
            connection.execute("SET temp_directory = ?", [folder])
        except self._error:  # it has spilled to another one
            del self._opened[name]
            return self._connect(database, config=dict(config))
        return connection


def make_duckdb_cheap() -> None:
    """Let DuckDB be opened cheaply for the rest of this process: each fork of it has a database of its own."""
    import duckdb

    connect: Any = CheapConnections(duckdb.connect, duckdb.Error).connect
    duckdb.connect = connect
