"""Opening DuckDB takes a sixtieth of the time from the second time on, in the tests' own processes."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest


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


@pytest.fixture(scope="session", autouse=True)
def cheap_duckdb() -> Iterator[None]:
    """Let the tasks that the tests run in their own process open DuckDB cheaply."""
    import duckdb

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", CheapConnections(duckdb.connect, duckdb.Error).connect)
        yield
