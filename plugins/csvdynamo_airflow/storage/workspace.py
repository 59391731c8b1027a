"""A task's private temporary folder, and the free disk space that its work needs."""

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from csvdynamo_airflow.errors import MigrationPostponedError

_MEBIBYTE = 1024 * 1024
_WHAT_TO_DO = "Free space there, or point the worker's TMPDIR at a larger disk."
_FULL = (errno.ENOSPC, errno.EDQUOT)

HEADROOM_BYTES = 64 * 1024 * 1024
"""What is left to others on a disk: a worker whose disk is full cannot even write its log."""


class NoSpaceError(MigrationPostponedError):
    """The temporary folder's disk has too little free space; the message names folder, need and what is free."""


@contextmanager
def workspace(step: str, dataset: str, run_id: str, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it at the end, whatever happens.

    Its name follows from step and run, so that a retry first clears what a killed attempt of the same run left on
    this worker. Folders of other runs are never touched.

    Args:
        step: Which task works there, such as ``prepare``.
        dataset: The data set's name: DAGs of one schedule have runs of the same id.
        run_id: The DAG run's id.
        parent: The folder to make it in; the system's temporary folder if None.

    Yields:
        The empty folder.

    Raises:
        NoSpaceError: The disk is full, whoever wrote to it.
    """
    folder = (parent or Path(tempfile.gettempdir())) / workspace_name(step, dataset, run_id)
    _clear(folder)
    folder.mkdir(mode=0o700, parents=False)  # refuses what another put there meanwhile, a symbolic link included
    try:
        with full_disk_is_told(folder, f"{step} {dataset}"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def workspace_name(step: str, dataset: str, run_id: str) -> str:
    """Name the folder of a step of a run: the same at every attempt."""
    digest = hashlib.sha256("\n".join((dataset, run_id)).encode()).hexdigest()
    return f"csvdynamo-{step}-{digest[:20]}"


def free_bytes(folder: Path) -> int:
    """Return how many bytes of a folder's disk are free to this user."""
    return shutil.disk_usage(folder).free


def require_free_space(folder: Path, needed: int, purpose: str) -> None:
    """Refuse work that the disk has no room for, before it fills the disk.

    Args:
        folder: A folder on the disk in question.
        needed: Bytes that are still to be written.
        purpose: What they are for, for the message.

    Raises:
        NoSpaceError: Fewer bytes are free than are needed, with some headroom for others.
    """
    free = free_bytes(folder)
    if free < needed + HEADROOM_BYTES:
        wanted = _mebibytes(needed + HEADROOM_BYTES, up=True)
        raise NoSpaceError(
            f"{folder.parent} has {_mebibytes(free)} free, but {wanted} are needed to {purpose}. {_WHAT_TO_DO}"
        )


def no_space(folder: Path, purpose: str) -> NoSpaceError:
    """Make the error for a disk that took no more, whatever is free by now."""
    return NoSpaceError(
        f"{folder.parent} had no more room to {purpose}. It has {_mebibytes(free_bytes(folder))} free now, and "
        f"{_mebibytes(HEADROOM_BYTES)} are left to others. {_WHAT_TO_DO}"
    )


@contextmanager
def full_disk_is_told(folder: Path, purpose: str) -> Iterator[None]:
    """Tell the system's "No space left on device" as what it means for the task.

    Args:
        folder: The folder that is written to.
        purpose: What for, for the message.

    Raises:
        NoSpaceError: The disk, or what the user may have of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise no_space(folder, purpose) from error
        raise


def _clear(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _mebibytes(count: int, *, up: bool = False) -> str:
    return f"{-(-count // _MEBIBYTE) if up else count // _MEBIBYTE:,} MiB"
