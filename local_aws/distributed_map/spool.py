"""Byte strings kept in a file, so that a Map Run of a million rows does not hold them in memory."""

import os
import tempfile
import threading
from array import array


class Spool:
    """An append-only list of byte strings in an unnamed temporary file; safe to use from several threads.

    The file goes when the spool is closed or no longer referred to.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = array("Q")
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, body: bytes) -> int:
        """Add a byte string and return its index."""
        with self._lock:
            self._file.write(body)
            self._ends.append((self._ends[-1] if self._ends else 0) + len(body))
            return len(self._ends) - 1

    def __getitem__(self, index: int) -> bytes:
        with self._lock:
            self._file.flush()
            start = self._ends[index - 1] if index else 0
            return os.pread(self._file.fileno(), self._ends[index] - start, start)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
