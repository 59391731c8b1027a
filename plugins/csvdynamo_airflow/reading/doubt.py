"""Records that were read well, and stand next to a quote that is wrong: they may be lines of a cell. Pure.

Where a quote was lost, two readings are as good: the lines after it, or before it, are records of their own, or lines
of the cell that it stood at. In a source whose cells have no line breaks only the first one is likely.
"""

from collections import deque
from collections.abc import Iterator

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import MOST_LINES_IN_DOUBT

LINES_HELD = MOST_LINES_IN_DOUBT - 1

IN_DOUBT = (
    "it stands next to a quote that is wrong, in a file whose cells hold line breaks: it may be lines of a cell there"
)

Record = list[str] | BadRecord


class HeldRecords:
    """The last records before the one that is read, held back until it is known what that is."""

    def __init__(self) -> None:
        self._held: deque[Record] = deque()

    @property
    def ends_badly(self) -> bool:
        """Whether the last one is a bad one."""
        return bool(self._held) and isinstance(self._held[-1], BadRecord)

    def texts(self, mark: str) -> list[str]:
        """Return the text of each, as far as it can be told.

        Args:
            mark: What stands between two fields.
        """
        return [_text(record, mark) for record in self._held]

    def good(self, records: int) -> int:
        """Count the good ones among the last records."""
        return sum(not isinstance(record, BadRecord) for record in list(self._held)[-records:])

    def add(self, record: Record) -> Iterator[Record]:
        """Hold a record; give those that nothing speaks against any more."""
        self._held.append(record)
        while len(self._held) > LINES_HELD:
            yield self._held.popleft()

    def doubt(self, records: int) -> None:
        """Make bad ones of the last good records.

        Args:
            records: How many. What is bad already is passed over: it may be lines of the same cell.
        """
        for place in range(len(self._held) - 1, -1, -1):
            record = self._held[place]
            if isinstance(record, BadRecord):
                continue
            if records <= 0:
                break
            self._held[place] = BadRecord(RejectCode.BAD_QUOTE, IN_DOUBT, record)
            records -= 1

    def release(self) -> list[Record]:
        """Give all of them."""
        held = list(self._held)
        self._held.clear()
        return held


def _text(record: Record, mark: str) -> str:
    return (record.text or mark.join(record.fields)) if isinstance(record, BadRecord) else mark.join(record)
