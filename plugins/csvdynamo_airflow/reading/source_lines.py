"""The physical lines of a source that may be records: without what stands before them and after them."""

from typing import TextIO

from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns
from csvdynamo_airflow.reading.text_lines import CutLine, TextLines

_END_OF_TEXT = "\x1a"
"""What DOS leaves after a file's end, right behind the last cell where that has no line end."""
_END_MARKS = _END_OF_TEXT + "\0"
"""What it and a disk's last block leave after a file's last line."""
_ALL_MARKS = tuple(_END_MARKS)


class SourceLines:
    """Gives the lines of a source, in blocks, as `TextLines` does.

    Attributes:
        ended_by_marks: Whether end-of-file marks stood behind the last line or the last cell, which are no part of it.
    """

    def __init__(self, text: TextIO, source_format: SourceFormat) -> None:
        """Take the text, and how it is written."""
        self.ended_by_marks = False
        self._lines = TextLines(text, quote=source_format.quote, line_end=source_format.line_end)
        self._ahead: list[str] | None = None  # a block that was looked at before its turn
        self._skip = source_format.skipped_lines
        self._stand_ins = StandIns(source_format)

    @property
    def characters(self) -> int:
        """How many were read."""
        return self._lines.characters

    @property
    def ends_a_line(self) -> bool:
        """Whether the last of them was a line end."""
        return self._lines.ends_a_line or self.ended_by_marks

    def next_block(self) -> list[str]:
        """Return the next complete lines, an empty list at the end."""
        while lines := self._next_lines():
            skipped = min(self._skip, len(lines))
            self._skip -= skipped
            if rest := self._without_end_marks(lines[skipped:] if skipped else lines):
                return self._stand_ins.put(rest)
        return []

    def _next_lines(self) -> list[str]:
        lines = self._lines.next_block() if self._ahead is None else self._ahead
        self._ahead = None
        return lines

    def _without_end_marks(self, lines: list[str]) -> list[str]:
        """Leave marks out of the end of a block, if nothing but others comes after it."""
        if not lines or isinstance(lines[0], CutLine) or not lines[-1].rstrip("\r\n").endswith(_ALL_MARKS):
            return lines
        self._ahead = self._lines.next_block()
        if any(line.strip(_END_MARKS + "\r\n") for line in self._ahead):
            return lines
        while lines and (rest := _without_marks(lines[-1])) != lines[-1]:
            self.ended_by_marks = True
            lines.pop()
            if rest:
                return [*lines, rest]
        return lines


def _without_marks(line: str) -> str:
    """Take the marks off a line's end; nothing is left of one that has nothing else."""
    body = line.rstrip("\r\n")
    if body and not body.strip(_END_MARKS):
        return ""
    return body.rstrip(_END_OF_TEXT) + line[len(body) :]
