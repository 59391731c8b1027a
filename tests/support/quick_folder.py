"""A folder for many small files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 1 << 30  # tasks leave 64 MiB free, which is all that a container may have there


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Make a folder in memory, where the system offers one with room, and a temporary one otherwise.

    Some thousand examples that each make a dozen files and folders take a third of their CPU for that on a disk.
    """
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES
    with tempfile.TemporaryDirectory(dir=_MEMORY if in_memory else None, prefix="csvdynamo-test-") as made:
        yield Path(made)
