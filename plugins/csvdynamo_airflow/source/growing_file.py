"""A file of unknown length, written in pieces: counted, shown as progress, and stopped before it fills the disk."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from csvdynamo_airflow.workspace import require_free_space

ReportProgress = Callable[[int, int | None], None]
"""Takes the bytes done and the bytes in all, None while those are unknown."""

STEP_BYTES = 16 * 1024 * 1024
"""After how many bytes progress is reported and free space looked at again."""


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
    ) -> None:
        """Open the file.

        Args:
            path: Where it is; created, or emptied unless ``append``.
            report_progress: Is told of every step, and of the end.
            purpose: What the space is for, for the message when there is too little.
            total: Bytes that the file will hold in the end, if known.
            append: Whether to go on at the file's end.

        Raises:
            NoSpaceError: The disk has no room for ``total``.
        """
        self.size = path.stat().st_size if append else 0
        self.total = total
        self._path = path
        self._purpose = purpose
        self._report_progress = report_progress
        self._next_step = self.size + STEP_BYTES
        require_free_space(path.parent, max(0, (total or 0) - self.size), purpose)
        self._file: BinaryIO = path.open("ab" if append else "wb")

    def write(self, piece: bytes) -> None:
        """Write one piece.

        Raises:
            NoSpaceError: The disk fills up.
        """
        self._file.write(piece)
        self.size += len(piece)
        if self.size >= self._next_step:
            self._next_step = self.size + STEP_BYTES
            self._report_progress(self.size, self.total)
            require_free_space(self._path.parent, STEP_BYTES, self._purpose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            self._report_progress(self.size, self.total)
