"""Campaigns of runs under faults, as `make chaos` runs them: a new seed each time, which the output tells."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from commands.project import PYTHON_PATH, ROOT
from tests.chaos import __main__ as chaos
from tests.chaos.faults import FaultKind
from tests.chaos.summary import Summary
from tests.e2e.conftest import Airflow
from tests.support.stacks import Stacks

SEED = "CSVDYNAMO_CHAOS_SEED"
"""Variable that repeats the campaign of a seed."""


def words(stacks: Stacks, runs: int, *options: str) -> list[str]:
    """What the command line says of a campaign."""
    seed = ["--seed", os.environ[SEED]] if os.environ.get(SEED) else []
    return ["--runs", str(runs), "--stacks", str(stacks.folder), *seed, *options]


def campaign(stacks: Stacks, airflow: Airflow, runs: int, *options: str) -> Summary:
    """Run a campaign here, where Airflow is imported already; return its summary."""
    return chaos.run(chaos.parse(words(stacks, runs, *options)), airflow.host)


def command(stacks: Stacks, folder: Path, runs: int) -> dict[str, Any]:
    """Run a campaign by the command; return its summary."""
    summary = folder / "summary.json"
    typed = [sys.executable, "-m", "tests.chaos", *words(stacks, runs, "--summary", str(summary))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *PYTHON_PATH]))}
    done = subprocess.run(typed, check=False, env=environment, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    told: dict[str, Any] = json.loads(summary.read_text())
    return told


def test_no_row_is_lost_doubled_or_changed_whatever_fails(stacks: Stacks, tmp_path: Path) -> None:
    told = command(stacks, tmp_path, len(FaultKind))

    assert told["runs"] == len(FaultKind)
    assert told["runs"] == told["green_at_once"] + told["green_when_run_again"] + told["overtaken"]
    # After a deploy a failed execution is followed by another one instead of being redriven.
    others = told["executions"] - len(FaultKind)
    assert 0 <= others <= told["deploys"]
    assert told["redrives"] + others > 0
    assert set(told["faults"]) == {kind.value for kind in FaultKind}


def test_no_row_is_lost_through_airflow_either(stacks: Stacks, airflow: Airflow) -> None:
    told = campaign(stacks, airflow, 2, "--through-airflow")

    assert told.runs == told.green_at_once + told.green_when_run_again == 2
    assert told.executions == 2
    assert told.faults.total() > 0
