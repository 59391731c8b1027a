"""The physical lines of a text, many at once and in bounded memory, however long a line is."""

import io
from typing import TextIO

BLOCK_CHARACTERS = 32 * 1024
"""Characters read at once: enough that the work is done in C, few enough to look at again when one row is bad."""

LINE_LIMIT = 4 * 1024 * 1024
"""Characters of one physical line; one that is longer by a block is cut."""

KEPT_CHARACTERS = 64 * 1024
"""How much of a line that is cut is kept."""


class CutLine(str):
    """The beginning of a line that is longer than the limit.

    Attributes:
        length: Characters of the whole line.
        quotes: Quotes among them.
    """

    __slots__ = ("length", "quotes")

    length: int
    quotes: int


class TextLines:
    r"""Reads a text stream that was opened with ``newline=""``: a line ends with ``\n``, ``\r\n`` or ``\r``.

    Attributes:
        characters: How many were read, but for the rest of a line that was cut.
        ends_a_line: Whether the last of them was a line end.
    """

    def __init__(self, text: TextIO, *, quote: str | None = '"', line_end: str | None = None) -> None:
        """Take the text.

        Args:
            text: The stream.
            quote: The character that is counted in a line that is cut, None for none.
            line_end: The one that ends a line, None for all three.
        """
        self.characters = 0
        self.ends_a_line = False
        self._text = text
        self._quote = quote
        self._ends = line_end or ""
        self._ahead = ""
        self._open: list[str] = []  # the pieces of the line that is not yet at its end
        self._open_size = 0

    def next_block(self) -> list[str]:
        """Return the next complete lines, with their line ends; an empty list at the end of the text.

        A line that was cut stands alone in its block.
        """
        while piece := self._read_piece():
            lines = _cut_at(piece, self._ends) if self._ends else io.StringIO(piece, newline="").readlines()
            rest = "" if self._ends_a_line(lines[-1]) else lines.pop()
            if lines:
                lines[0] = self._close(lines[0])
                self._keep(rest)
                return lines
            self._keep(rest)
            if self._open_size > LINE_LIMIT:
                return [self._cut()]
        return [self._close("")] if self._open else []

    def _read_piece(self) -> str:
        piece = self._ahead + self._text.read(BLOCK_CHARACTERS)
        self._ahead = self._text.read(1) if piece.endswith("\r") else ""
        if self._ahead == "\n":  # a line end is never cut in two
            piece, self._ahead = piece + "\n", ""
        self.characters += len(piece)
        if piece:
            self.ends_a_line = self._ends_a_line(piece)
        return piece

    def _keep(self, rest: str) -> None:
        if rest:
            self._open.append(rest)
            self._open_size += len(rest)

    def _close(self, end: str) -> str:
        line = "".join((*self._open, end))
        self._open.clear()
        self._open_size = 0
        return line

    def _cut(self) -> CutLine:
        """Read past the rest of a line that is too long."""
        size = self._open_size
        whole = self._close("")
        line = CutLine(whole[:KEPT_CHARACTERS])
        quotes = self._count_quotes(whole)
        while rest := self._text.readline(BLOCK_CHARACTERS):
            size += len(rest)
            quotes += self._count_quotes(rest)
            self.ends_a_line = self._ends_a_line(rest)
            if self.ends_a_line:
                break
        line.length, line.quotes = size, quotes
        return line

    def _count_quotes(self, text: str) -> int:
        return text.count(self._quote) if self._quote else 0

    def _ends_a_line(self, text: str) -> bool:
        return text.endswith(self._ends or ("\n", "\r"))


def _cut_at(text: str, end: str) -> list[str]:
    *lines, rest = text.split(end)
    return [line + end for line in lines] + ([rest] if rest else [])
