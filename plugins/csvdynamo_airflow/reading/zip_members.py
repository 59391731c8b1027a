"""Several files of a zip archive read as one: the header of the first one, and the rows of all."""

import codecs
import io
import zipfile
from collections.abc import Sequence
from typing import cast

from csvdynamo.datasets.dialects import Header
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.beginning import looks_like_cell
from csvdynamo_airflow.reading.source_error import SourceFileError

_LINES_LOOKED_AT = 1_000
_LINE_LIMIT = 1024 * 1024
_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class JoinedMembers(io.BufferedIOBase):
    """Reads files of an archive one after the other, all but the first without what is before their first row."""

    def __init__(self, archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], source: Source, name: str) -> None:
        """Take the files.

        Args:
            archive: The archive.
            entries: Its files, in order; one at least.
            source: How the data set file says that they are written.
            name: What to call the archive in messages.
        """
        self._archive = archive
        self._entries = entries
        self._source = source
        self._name = name
        self._position = 0
        self._next = 1
        self._last = b"\n"
        self._ready = b""
        self._head: list[bytes] = []
        self._member = self._open(0)
        self._start()

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be set back, by beginning again."""
        return True

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Read on from a place."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        self._start()
        while self._position < offset and self.read(offset - self._position):
            pass
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, or all."""
        pieces = []
        while size is None or size < 0 or size > 0:
            piece = self.read1(-1 if size is None else size)
            if not piece:
                break
            pieces.append(piece)
            size = size if size is None or size < 0 else size - len(piece)
        return b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        """Read some bytes, at most so many."""
        while True:
            if self._ready:
                end = len(self._ready) if size < 0 else size
                piece, self._ready = self._ready[:end], self._ready[end:]
            else:
                piece = self._member.read1(size)
            if piece:
                self._last = piece[-1:]
                self._position += len(piece)
                return piece
            if self._next == len(self._entries):
                return b""
            self._open_next()

    def close(self) -> None:
        """Close the file that is open."""
        self._member.close()
        super().close()

    def _open(self, place: int) -> zipfile.ZipExtFile:
        return cast("zipfile.ZipExtFile", self._archive.open(self._entries[place]))

    def _start(self) -> None:
        self._position = 0
        self._last = b"\n"
        self._next = 1
        self._member = self._open(0)
        mark, self._head, rest = self._read_head(self._member)
        self._ready = mark + b"".join(self._head) + rest

    def _open_next(self) -> None:
        entry = self._entries[self._next]
        self._member.close()
        self._member = self._open(self._next)
        _, head, rest = self._read_head(self._member)
        if self._header(head) != self._header(self._head):
            raise SourceFileError(
                f"{self._name} holds {entry.filename!r}, whose header is not that of {self._entries[0].filename!r}: "
                "files that are read as one have the same. Narrow source.member."
            )
        self._next += 1
        self._ready = (b"" if self._last in (b"\n", b"\r") else b"\n") + rest

    def _read_head(self, member: zipfile.ZipExtFile) -> tuple[bytes, list[bytes], bytes]:
        """Read what is before the first row of a file: its byte order mark, its lines, and what was read beyond."""
        first = member.readline(_LINE_LIMIT)
        if first.startswith(_OTHER_MARKS):
            raise SourceFileError(
                f"{self._name} holds files in UTF-16, which cannot be read as one. Give them in UTF-8."
            )
        mark = codecs.BOM_UTF8 if first.startswith(codecs.BOM_UTF8) else b""
        first = first.removeprefix(mark)
        source, lines = self._source, list[bytes]()
        before = max(source.skip_lines, int(first.lower().startswith((b"sep=", b'"sep='))))
        cell = looks_like_cell(source.header_at) if source.header_at else None
        comment = source.comment.encode() if source.comment else b"\0"
        quote = source.quote.encode() if source.quote else b"\0"
        records = source.header_lines if source.header is Header.FIRST else 0
        rest = first
        while rest and (before > 0 or records > 0) and len(lines) < _LINES_LOOKED_AT:
            line = rest
            if before > 0:
                before -= 1
            elif (
                line.strip()
                and not line.startswith(comment)
                and (cell is None or cell.search(line.decode(errors="replace")))
            ):
                cell, records = None, records - 1
                while line.count(quote) % 2 and (more := member.readline(_LINE_LIMIT)):
                    line += more  # a cell of the header goes on
            lines.append(line)
            rest = member.readline(_LINE_LIMIT) if before > 0 or records > 0 else b""
        return mark, lines, rest

    def _header(self, head: Sequence[bytes]) -> list[bytes]:
        """Return the part of what is before the first row that has to be the same in each file."""
        lines = self._source.header_lines if self._source.header is Header.FIRST else 0
        return [line.strip() for line in head[len(head) - lines :]] if lines else []
