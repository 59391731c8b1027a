"""Airflow's command that ends at once: its exit status, what it says, and what asked to be called at the end.

In Airflow's place is a module of a few lines, in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands.project import ROOT

COMMAND = ROOT / "commands" / "airflow_command.py"
START = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_path(sys.argv[1], run_name='__main__')"


def run(folder: Path, body: str) -> "subprocess.CompletedProcess[str]":
    """Run the command over an Airflow whose ``main`` is one line."""
    package = folder / "airflow"
    package.mkdir()
    (package / "__init__.py").touch()
    text = f"import atexit, concurrent.futures, sys\n\ndef main():\n    {body}\n"
    (package / "__main__.py").write_text(text, encoding="utf-8")
    words = [sys.executable, "-c", START, str(folder), str(COMMAND)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(words, env=buffered, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('DagRun failed')", 1, "DagRun failed\n"),
    ],
)
def test_it_ends_as_airflow_does(tmp_path: Path, body: str, status: int, said: str) -> None:
    done = run(tmp_path, body)

    assert (done.returncode, done.stderr) == (status, said)


def test_an_error_is_told_with_its_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "raise ValueError('no such DAG')")

    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ValueError: no such DAG\n")


def test_what_asked_to_be_called_at_the_end_is_called_and_everything_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "atexit.register(print, 'at the end'); print('said', end=' ')")

    assert done.stdout == "said at the end\n"


def test_a_thread_that_waits_for_work_is_not_waited_for(tmp_path: Path) -> None:
    done = run(tmp_path, "globals().update(pool=concurrent.futures.ThreadPoolExecutor(1)); pool.submit(int)")

    assert done.returncode == 0
