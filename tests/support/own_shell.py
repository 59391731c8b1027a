"""The tests' own shell: importing this module leaves the one that they were started from, as the local commands do.

It is a plugin of pytest, so that it is imported before any module that reads a variable.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# What a person asks the tests for.
_ASKED = {"CSVDYNAMO_CHAOS_SEED", "CSVDYNAMO_FUZZ_EXAMPLES", "CSVDYNAMO_WITNESS_PAIRS", "CSVDYNAMO_WITNESS_SEED"}
_BUILD, _KEPT = "CSVDYNAMO_BUILD", "CSVDYNAMO_KEPT"
_ROOT = Path(__file__).resolve().parents[2]


def _leave() -> None:
    for name in [name for name in os.environ if name.startswith(("CSVDYNAMO_", "LOCAL_AWS_")) and name not in _ASKED]:
        del os.environ[name]
    # Not the checkout's: a command that a person runs beside the tests works there. What is kept there is found.
    build = tempfile.mkdtemp(prefix="csvdynamo-build-")
    os.environ |= {_BUILD: build, _KEPT: str(_ROOT / "build")}
    atexit.register(shutil.rmtree, build, ignore_errors=True)
    from commands.shell import leave_shell

    leave_shell()


if "PYTEST_XDIST_WORKER" not in os.environ:  # the one that started it has left the shell already
    _leave()
