"""The one door to a task's temporary folder: every file there is written through it, and none fills the disk."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from csvdynamo_airflow.storage.workspace import full_disk_is_told, require_free_space

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STEP_BYTES = 16 * 1024 * 1024
"""After how many bytes, in all files of a folder together, its free space is looked at again."""


class DiskSpace:
    """The free space of a folder, looked at while its files grow.

    The bytes are counted over all its files: of many that grow at once, none might take a step by itself before the
    disk is full.

    Attributes:
        folder: The folder.
        purpose: What the space is for, for the message when there is too little.
    """

    def __init__(self, folder: Path, purpose: str) -> None:
        self.folder = folder
        self.purpose = purpose
        self._unseen = 0

    def require(self, needed: int) -> None:
        """Refuse work that the disk has no room for.

        Args:
            needed: Bytes that are still to be written.

        Raises:
            NoSpaceError: Fewer are free, with some headroom for others.
        """
        require_free_space(self.folder, needed, self.purpose)

    def open(self, path: Path, *, append: bool = False) -> BinaryIO:
        """Open a file for writing; its writes raise NoSpaceError when the disk fills up.

        Args:
            path: Where it is; created, or emptied unless ``append``.
            append: Whether to go on at the file's end.

        Raises:
            NoSpaceError: The disk has no room as it is.
        """
        self.require(0)
        return cast("BinaryIO", io.BufferedWriter(_WatchedFile(path, "ab" if append else "wb", self)))

    def open_text(self, path: Path) -> TextIO:
        r"""Open a text file for writing, likewise: UTF-8, ``\n`` as line end."""
        return io.TextIOWrapper(self.open(path), encoding="utf-8", newline="\n")

    def about_to_write(self, size: int) -> None:
        """Take note of bytes before they are written.

        Raises:
            NoSpaceError: The disk has no room for another step.
        """
        self._unseen += size
        if self._unseen >= STEP_BYTES:
            self.require(size + STEP_BYTES)
            self._unseen = 0


class _WatchedFile(io.FileIO):
    """A file below its buffer, so that looking costs once a buffer and not once a row."""

    def __init__(self, path: Path, mode: str, space: DiskSpace) -> None:
        super().__init__(path, mode)
        self._space = space

    def write(self, piece: "ReadableBuffer") -> int:
        self._space.about_to_write(memoryview(piece).nbytes)
        with full_disk_is_told(self._space.folder, self._space.purpose):
            return super().write(piece)
