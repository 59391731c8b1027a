"""A campaign of runs under faults, as `make chaos` runs it: a new seed each time, which its output tells."""

import json
import os
import subprocess
import sys
from pathlib import Path

from commands.project import PYTHON_PATH, ROOT
from tests.chaos.faults import FaultKind

RUNS = 60


def test_no_row_is_lost_doubled_or_changed_whatever_fails(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    seed = os.environ.get("CHAOS_SEED")
    command = [sys.executable, "-m", "tests.chaos", "--runs", str(RUNS), "--streams", "2", "--summary", str(summary)]

    done = subprocess.run(
        [*command, *(["--seed", seed] if seed else [])],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *PYTHON_PATH]))},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    print(done.stdout)
    told = json.loads(summary.read_text())
    assert told["runs"] == told["green_at_once"] + told["green_when_run_again"] == RUNS
    assert told["executions"] == RUNS
    assert told["redrives"] > 0
    assert set(told["faults"]) == {kind.value for kind in FaultKind}
