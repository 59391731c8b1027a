"""A folder for many small files."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_PREFIX = "csvdynamo-test-"
_ENOUGH_BYTES = 1 << 30  # tasks leave 64 MiB free, which is all that a container may have there


def memory_with(room: int) -> Path | None:
    """Find the system's folder in memory; None where it offers none, or one with less room in bytes."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= room else None


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Make a folder in memory, where the system offers one with room, and a temporary one otherwise.

    Some thousand examples that each make a dozen files and folders take a third of their CPU for that on a disk.
    """
    for left in _MEMORY.glob(f"{_PREFIX}*"):  # by a process that was killed: nobody else would give the memory back
        if not psutil.pid_exists(int(left.name.split("-")[-2])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=memory_with(_ENOUGH_BYTES), prefix=f"{_PREFIX}{os.getpid()}-") as made:
        yield Path(made)
