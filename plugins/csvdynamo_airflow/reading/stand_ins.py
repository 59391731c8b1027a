"""Characters that stand for others while a source is read, since Python's reader takes one character for a delimiter.

A delimiter of two characters, or of white space, becomes one that no text has; so does a line end that ends no line. In
the cells they become again what they were.
"""

import re
from collections.abc import Sequence

from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import MARK, SourceFormat
from csvdynamo_airflow.reading.text_lines import CutLine

_TAKEN, _RETURN, _FEED = "\ufdd1", "\ufdd2", "\ufdd3"
_PRIVATE = re.compile(f"[{MARK}-{_FEED}]")
_OUTSIDE = (
    "a cell holds a character from U+FDD0 to U+FDD3, which no text has: the source cannot be read with this delimiter"
)
_BROKEN = "a cell holds a line break, which a source with white space between its cells cannot have"


class StandIns:
    """Puts them into lines, and takes them out of records.

    Attributes:
        needed: Whether there are any.
    """

    def __init__(self, source_format: SourceFormat) -> None:
        """Take how the source is written."""
        self._delimiter = source_format.delimiter
        self._line_end = source_format.line_end
        self.needed = len(self._delimiter) > 1 or self._line_end is not None
        quote = re.escape(source_format.quote or "")
        quoted = rf"{quote}(?:[^{quote}]|{quote}{quote})*+{quote}(?=[ \t]|\Z)|" if quote else ""
        self._word = re.compile(rf"{quoted}[^ \t]+")

    def put(self, lines: list[str]) -> list[str]:
        """Put them into lines."""
        return [line if isinstance(line, CutLine) else self._put(line) for line in lines] if self.needed else lines

    def are_in(self, text: str) -> bool:
        """Whether a text has others than delimiters."""
        return self.needed and _PRIVATE.search(text.replace(MARK, "")) is not None

    def taken_out(self, records: Sequence[list[str] | BadRecord]) -> Sequence[list[str] | BadRecord]:
        """Make the cells of records what they were."""
        return list(map(self._taken_out, records)) if self.needed else records

    def _put(self, line: str) -> str:
        text = _PRIVATE.sub(_TAKEN, line)
        body = text.rstrip("\r\n") if self._line_end is None else text.removesuffix(self._line_end)
        end = text[len(body) :]
        if self._line_end is not None:
            body, end = body.replace("\r", _RETURN).replace("\n", _FEED), "\n" if end else ""
        if self._delimiter == WHITE_SPACE:
            return MARK.join(self._word.findall(body)) + end
        return (body.replace(self._delimiter, MARK) if len(self._delimiter) > 1 else body) + end

    def _taken_out(self, record: list[str] | BadRecord) -> list[str] | BadRecord:
        if isinstance(record, BadRecord):
            fields = list(map(self._original, record.fields))
            return BadRecord(record.code, record.message, fields, self._original(record.text), record.column)
        text = "".join(record)
        if _TAKEN in text:
            return BadRecord(RejectCode.BAD_ENCODING, _OUTSIDE, list(map(self._original, record)))
        if self._delimiter == WHITE_SPACE and ("\n" in text or "\r" in text):
            return BadRecord(RejectCode.BAD_QUOTE, _BROKEN, list(map(self._original, record)))
        return list(map(self._original, record)) if _PRIVATE.search(text) else record

    def _original(self, text: str) -> str:
        text = text.replace(_RETURN, "\r").replace(_FEED, "\n")
        return text.replace(MARK, " " if self._delimiter == WHITE_SPACE else self._delimiter)
