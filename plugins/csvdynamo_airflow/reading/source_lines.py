"""The physical lines of a source that may be records: without what stands before them and after them."""

from typing import TextIO

from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns
from csvdynamo_airflow.reading.text_lines import CutLine, TextLines

_END_OF_TEXT = "\x1a"
"""What DOS leaves after a file's end, right behind the last cell where that has no line end."""
_END_MARKS = _END_OF_TEXT + "\0"
"""What it and a disk's last block leave after a file's last line."""


class SourceLines:
    """Gives the lines of a source, in blocks, as `TextLines` does.

    Attributes:
        ended_by_marks: Whether end-of-file marks stood after the last line end, which are none of its lines.
    """

    def __init__(self, text: TextIO, source_format: SourceFormat) -> None:
        """Take the text, and how it is written."""
        self.ended_by_marks = False
        self._lines = TextLines(text, quote=source_format.quote, line_end=source_format.line_end)
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
        while lines := self._lines.next_block():
            skipped = min(self._skip, len(lines))
            self._skip -= skipped
            if rest := self._without_end_marks(lines[skipped:]):
                return self._stand_ins.put(rest)
        return []

    def _without_end_marks(self, lines: list[str]) -> list[str]:
        if self._lines.ends_a_line or len(lines) != 1 or isinstance(lines[0], CutLine):
            return lines
        [line] = lines  # the last one, without a line end
        rest = line.rstrip(_END_OF_TEXT) if line.strip(_END_MARKS) else ""
        self.ended_by_marks = rest != line
        return [rest] if rest else []
