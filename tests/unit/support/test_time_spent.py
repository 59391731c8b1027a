"""The order of the suite's files, and what it tells of its time."""

from types import SimpleNamespace
from typing import Any

from commands.project import ROOT
from tests.support import time_spent


def test_the_long_files_come_first_and_no_test_leaves_its_file(monkeypatch: Any) -> None:
    monkeypatch.setattr(time_spent, "_LONG_FILES", {"tests/b.py": 5, "tests/c.py": 9})
    found = ["tests/a.py::one", "tests/b.py::one", "tests/b.py::two", "tests/c.py::one", "tests/d.py::one"]
    items: Any = [SimpleNamespace(nodeid=nodeid) for nodeid in found]

    time_spent.pytest_collection_modifyitems(items)

    assert [item.nodeid for item in items] == [found[3], found[1], found[2], found[0], found[4]]


def test_every_long_file_is_there() -> None:
    assert [file for file in time_spent._LONG_FILES if not (ROOT / file).exists()] == []


def test_the_seconds_of_a_folder_are_those_of_its_files_and_the_longest_is_told_first() -> None:
    durations = [("tests/unit/a.py::x", 1.0), ("tests/e2e/b.py::x[a::b]", 2.0), ("tests/unit/c.py::y", 2.5)]

    assert time_spent.by_folder(durations) == [("tests/unit", 3.5), ("tests/e2e", 2.0)]
