"""The tests' own shell: importing this module leaves the one that they were started from, as the local commands do.

It is a plugin of pytest, so that it is imported before any module that reads a variable. Their temporary files are in
memory, where the system offers a folder of it with room: they make some hundred thousand files, and each embedded AWS
and each Airflow a database that waits for the disk at every commit.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.support.quick_folder import memory_with

# What a person asks the tests for.
_ASKED = {
    "CSVDYNAMO_CHAINS",
    "CSVDYNAMO_CHAOS_SEED",
    "CSVDYNAMO_FUZZ_EXAMPLES",
    "CSVDYNAMO_WITNESS_PAIRS",
    "CSVDYNAMO_WITNESS_SEED",
}
_BUILD, _KEPT = "CSVDYNAMO_BUILD", "CSVDYNAMO_KEPT"
_ROOT = Path(__file__).resolve().parents[2]
_TEMPORARY = "PYTEST_DEBUG_TEMPROOT"  # below it pytest makes its folder, and takes those of earlier runs away
_ENOUGH_BYTES = 4 << 30
"""Ten times what a run needs; a container may have 64 MiB there."""


def _leave() -> None:
    for name in [name for name in os.environ if name.startswith(("CSVDYNAMO_", "LOCAL_AWS_")) and name not in _ASKED]:
        del os.environ[name]
    if _TEMPORARY not in os.environ and (memory := memory_with(_ENOUGH_BYTES)):
        os.environ[_TEMPORARY] = str(memory)
    # Not the checkout's: a command that a person runs beside the tests works there. What is kept there is found.
    build = tempfile.mkdtemp(prefix="csvdynamo-build-")
    os.environ |= {_BUILD: build, _KEPT: str(_ROOT / "build")}
    atexit.register(shutil.rmtree, build, ignore_errors=True)
    from commands.shell import leave_shell

    leave_shell()


if "PYTEST_XDIST_WORKER" not in os.environ:  # the one that started it has left the shell already
    _leave()
