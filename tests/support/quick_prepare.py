"""prepare in a tenth of the time, for tests that take thousands of small files through it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from csvdynamo_airflow.preparation import prepare_file
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from tests.support.quick_folder import quick_folder


@contextmanager
def quick_prepare() -> Iterator[Path]:
    """Give a folder for the tasks: DuckDB is opened once, and asked only where a hash comes again."""
    with quick_folder() as folder, prepare_quickly(folder):
        yield folder


@contextmanager
def prepare_quickly(folder: Path) -> Iterator[None]:
    """Open DuckDB once, and ask it only where a hash comes again; no profile is made."""

    def repeated_hashes(_session: object, keys: Path) -> Iterator[int]:
        lines = [line.split(",") for line in keys.read_text().splitlines()]
        counts = Counter(hashed for _, hashed in lines)
        return iter([int(row) for row, hashed in lines if counts[hashed] > 1])

    with open_duckdb(DiskSpace(folder, "test")) as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare_file, "open_duckdb", lambda _space: nullcontext(session))
        patch.setattr(prepare_file, "repeated_hashes", repeated_hashes)
        patch.setattr(prepare_file, "profile_columns", lambda *_, **__: None)
        yield
