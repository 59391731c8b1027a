"""Which of a source's columns are migrated: all, but for those that an error CSV adds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from csvdynamo_airflow.reading.record_blocks import EXTRA_FIELDS, UNREAD_LINES, BadRecord
from csvdynamo_airflow.reading.spreadsheet_cells import HELPER_COLUMNS, MARKED_WITHIN, restore, restore_front

_ADDED = {*HELPER_COLUMNS, EXTRA_FIELDS, UNREAD_LINES, MARKED_WITHIN}


@dataclass(frozen=True)
class SourceColumns:
    """A source's columns.

    Attributes:
        all: Every header of the file.
        headers: The headers of the columns that are migrated.
        kept: The places of those, from 0, if the source is a corrected error CSV: its other columns are the four that
            such a file adds and the three that it may, and each of its cells was made safe for a spreadsheet. None for
            any other source.
        marked_within: Whether cells of such a file were made safe elsewhere than in front, too.
    """

    all: tuple[str, ...]
    headers: tuple[str, ...]
    kept: tuple[int, ...] | None
    marked_within: bool = False

    @classmethod
    def of(cls, header: Sequence[str]) -> "SourceColumns":
        """Take a source's header."""
        if not set(HELPER_COLUMNS) <= set(header):
            return cls(tuple(header), tuple(header), None)
        kept = tuple(place for place, name in enumerate(header) if name not in _ADDED)
        marked_within = MARKED_WITHIN in header
        back = restore if marked_within else restore_front
        return cls(tuple(header), tuple(back(header[place]) for place in kept), kept, marked_within)

    def migrated(self, fields: list[str]) -> list[str]:
        """Return the fields of a row that are migrated, as their publisher wrote them."""
        return fields if self.kept is None else [self._back(fields[place]) for place in self.kept]

    def migrated_part(self, bad: BadRecord) -> BadRecord:
        """Return a bad record with the fields that a good one would have had migrated, and those past the header."""
        if self.kept is None:
            return bad
        fields = [self._back(bad.fields[place]) for place in self.kept if place < len(bad.fields)]
        return replace(bad, fields=fields + bad.fields[len(self.all) :])

    def number_cell(self, record: Sequence[str] | BadRecord) -> str:
        """Return the cell of an error CSV's record that says which row it is; "" where it has none."""
        fields = record.fields if isinstance(record, BadRecord) else record
        place = self.all.index(HELPER_COLUMNS[0])
        return fields[place] if place < len(fields) else ""

    def _back(self, cell: str) -> str:
        return restore(cell) if self.marked_within else restore_front(cell)
