"""An Airflow's empty database is made once, and each home gets a copy of its own."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from commands import airflow_home, kept
from commands.airflow_home import make_airflow_home


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(kept.KEPT, str(tmp_path / "kept"))
    return tmp_path / "kept" / "airflow"


def tables(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        return {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}


def garbage_thresholds(home: Path) -> str:
    """What the home's local settings make of the garbage collector, in a process of their own."""
    program = "import gc, airflow_local_settings; print(gc.get_threshold())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=home / "config", capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


# In Airflow's place: what it wrote last may still be beside the database. A demo of test_make_commands.py has the real.
MIGRATION = """
import os, sqlite3, sys
assert sys.argv[1:] == ["db", "migrate"]
database = sqlite3.connect(os.environ["AIRFLOW_HOME"] + "/airflow.db", isolation_level=None)
database.execute("pragma journal_mode = wal")
for table in ("dag_run", "task_instance", "xcom"):
    database.execute(f"create table {table} (id)")
os._exit(0)
"""


def test_the_next_home_has_a_copy_of_what_airflow_made_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = tmp_path / "migrate.py"
    migrate.write_text(MIGRATION, encoding="utf-8")
    monkeypatch.setattr(airflow_home, "QUICK_AIRFLOW", (sys.executable, str(migrate)))
    first = make_airflow_home(tmp_path / "first")
    monkeypatch.setattr(airflow_home, "QUICK_AIRFLOW", ("/there/is/no/airflow",))
    with closing(sqlite3.connect(first / "airflow.db")) as database:
        database.execute("drop table xcom")

    second = make_airflow_home(tmp_path / "second")

    assert {"dag_run", "task_instance", "xcom"} <= tables(second)
    assert sorted(path.name for path in second.iterdir()) == ["airflow.db", "config"]
    assert garbage_thresholds(second) == "(100000, 20, 20)"


def test_a_database_that_was_not_finished_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    half = tmp_path / "airflow"
    half.write_text('#!/bin/sh\necho half > "$AIRFLOW_HOME/airflow.db"\necho "no such table"\nexit 1\n')
    half.chmod(0o755)
    monkeypatch.setattr(airflow_home, "QUICK_AIRFLOW", (str(half),))

    with pytest.raises(SystemExit, match="no such table"):
        make_airflow_home(tmp_path / "home")

    assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == []
