"""A file of unknown length, written in pieces: counted, shown as progress, and stopped before it fills the disk."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.workspace import require_free_space

ReportProgress = Callable[[int, int | None], None]
"""Takes the bytes done and the bytes in all, None while those are unknown."""

STEP_BYTES = 16 * 1024 * 1024
"""After how many bytes progress is reported and free space looked at again."""


class FileTooLargeError(MigrationError):
    """A file is larger than its data set, or what is to read it, allows."""


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
        purpose: str,
        total: int | None = None,
        append: bool = False,
        most: int | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: Where it is; created, or emptied unless ``append``.
            report_progress: Is told of every step, and of the end.
            purpose: What the space is for, for the message when there is too little.
            total: Bytes that the file will hold in the end, if known.
            append: Whether to go on at the file's end.
            most: The data set's ``source.max_bytes``, None for a file without a limit of its own.

        Raises:
            FileTooLargeError: ``total`` is more than ``most``.
            NoSpaceError: The disk has no room for ``total``.
        """
        self.size = path.stat().st_size if append else 0
        self.total = total
        self._path = path
        self._purpose = purpose
        self._most = most
        self._refuse_more_than_most(total or 0)
        self._report_progress = report_progress
        self._next_step = self.size + STEP_BYTES
        require_free_space(path.parent, max(0, (total or 0) - self.size), purpose)
        self._file: BinaryIO = path.open("ab" if append else "wb")

    def write(self, piece: bytes) -> None:
        """Write one piece.

        Raises:
            FileTooLargeError: The file is larger than is allowed.
            NoSpaceError: The disk fills up.
        """
        self._refuse_more_than_most(self.size + len(piece))
        self._file.write(piece)
        self.size += len(piece)
        if self.size >= self._next_step:
            self._next_step = self.size + STEP_BYTES
            self._report_progress(self.size, self.total)
            require_free_space(self._path.parent, STEP_BYTES, self._purpose)

    def _refuse_more_than_most(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise FileTooLargeError(
                f"To {self._purpose} would take more than {self._most:,} bytes: the source is larger than "
                "source.max_bytes allows. Raise it in the data set file if the source is meant to be so large."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            self._report_progress(self.size, self.total)
