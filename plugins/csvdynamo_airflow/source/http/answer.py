"""An HTTP answer that is taken for whole only if it is: what Python's own lets pass is an error here."""

import io
import socket
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

_END_SECONDS = 1.0


class ExcessError(HTTPException):
    """More bytes came than the answer announced."""


class _WholeLines(io.BufferedReader):
    """Lines of a header or of a chunk's size, each of which has to have its end."""

    in_header = True

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        cut = not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size)
        if cut and (line or self.in_header):
            raise IncompleteRead(line)
        return line


class WholeAnswer(HTTPResponse):
    r"""An answer of which a part is never taken for the whole.

    `http.client` takes a connection that closes within the header for the header's end, and so a file of which nothing
    came for an empty one; it takes ``0`` for the last chunk's size where ``0a\\r\\n`` was cut; and it leaves alone what
    comes after the announced length. A request for such an answer says ``Connection: close``: the end of the body is
    the end of the connection, and what comes before it is noticed.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._socket = sock
        self._lines = _WholeLines(self.fp.detach())
        self.fp = self._lines

    def begin(self) -> None:
        """Read the status and the header."""
        super().begin()
        self._lines.in_header = False
        self.will_close = (
            True  # as it was asked to, whether it says so or not: nothing is asked on this connection again
        )

    def read1(self, n: int = -1) -> bytes:
        """Read what has come of the body, at most so many bytes."""
        piece = super().read1(n)
        if self.length == 0 and self.fp is not None and not self.chunked:
            self._refuse_excess()
        return piece

    def _refuse_excess(self) -> None:
        self._socket.settimeout(_END_SECONDS)
        try:
            excess = self._lines.read1(1)
        except OSError:  # a server that keeps its connection open, or drops it: the body was whole before
            return
        if excess:
            raise ExcessError("more bytes came than were announced")
