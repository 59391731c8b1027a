"""What holds for every test."""

import gc
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.cheap_duckdb import make_duckdb_cheap

# The first one leaves the shell, before anything that reads a variable is imported.
pytest_plugins = [
    "tests.support.own_shell",
    "tests.support.cheap_clients",
    "tests.support.time_spent",
]

# Collected where it is named alone: it needs a browser, and minutes.
collect_ignore = ["browser"]


@pytest.fixture(scope="session", autouse=True)
def private_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep each test process's temporary files to itself, its children's among them.

    A task names its temporary folder by data set and run, and clears what it finds there: two test processes that use
    the same names would clear each other's.
    """
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_duckdb() -> None:
    """Let the tasks that the tests run in their own process open DuckDB cheaply."""
    make_duckdb_cheap()


def pytest_configure() -> None:
    """Give no example a time to keep: beside other work the first one, which fills caches, takes long."""
    from hypothesis import settings

    settings.register_profile("suite", settings(), deadline=None)
    settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import without the garbage collector, which would look at the same million objects again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported and collected, some million objects that stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run that its processes share."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if mine.name.startswith("popen-gw") else mine
