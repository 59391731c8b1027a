"""A file of unknown length, written in pieces: counted, shown as progress, and stopped before it fills the disk."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.storage.disk_space import STEP_BYTES, DiskSpace

ReportProgress = Callable[[int, int | None], None]
"""Takes the bytes done and the bytes in all, None while those are unknown; told after every step of `STEP_BYTES`."""


class FileTooLargeError(MigrationError):
    """A file is larger than its data set, or what is to read it, allows."""


def refuse_more_than(most: int | None, size: int, purpose: str) -> None:
    """Refuse a source that is larger than its data set allows.

    Args:
        most: The data set's ``source.max_bytes``, None for a file without a limit of its own.
        size: Bytes that the file has.
        purpose: What they are for, for the message.

    Raises:
        FileTooLargeError: It is larger.
    """
    if most is not None and size > most:
        raise FileTooLargeError(
            f"To {purpose} would take more than {most:,} bytes: the source is larger than "
            "source.max_bytes allows. Raise it in the data set file if the source is meant to be so large."
        )


class GrowingFile:
    """A file that is open for writing; a context manager.

    Attributes:
        size: Bytes that it holds.
        total: Bytes that it will hold, None if unknown.
    """

    def __init__(
        self,
        path: Path,
        report_progress: ReportProgress,
        *,
        space: DiskSpace,
        total: int | None = None,
        append: bool = False,
        most: int | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: Where it is; created, or emptied unless ``append``.
            report_progress: Is told of every step, and of the end.
            space: The space of the folder that it is in.
            total: Bytes that the file will hold in the end, if known.
            append: Whether to go on at the file's end.
            most: The data set's ``source.max_bytes``, None for a file without a limit of its own.

        Raises:
            FileTooLargeError: ``total`` is more than ``most``.
            NoSpaceError: The disk has no room for ``total``.
        """
        self.size = path.stat().st_size if append else 0
        self.total = total
        self._purpose = space.purpose
        self._most = most
        refuse_more_than(most, total or 0, space.purpose)
        self._report_progress = report_progress
        self._next_step = self.size + STEP_BYTES
        space.require(max(0, (total or 0) - self.size))
        self._file = space.open(path, append=append)

    def write(self, piece: bytes) -> None:
        """Write one piece.

        Raises:
            FileTooLargeError: The file is larger than is allowed.
            NoSpaceError: The disk fills up.
        """
        refuse_more_than(self._most, self.size + len(piece), self._purpose)
        self._file.write(piece)
        self.size += len(piece)
        if self.size >= self._next_step:
            self._next_step = self.size + STEP_BYTES
            self._report_progress(self.size, self.total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            self._report_progress(self.size, self.total)
