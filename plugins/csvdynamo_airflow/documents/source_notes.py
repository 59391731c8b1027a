"""What a source held beside its rows: told in the report, in no number of the ledger."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class SourceNotes:
    """What was read of a source and is no row, or was read otherwise than it is written.

    Attributes:
        blank_records: Records without any value.
        comment_lines: Lines that are comments.
        skipped_lines: Lines before the header.
        notes: What else was left out or read otherwise, a sentence each.
    """

    blank_records: int = 0
    comment_lines: int = 0
    skipped_lines: int = 0
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**asdict(self), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document."""
        return cls(**{**document, "notes": tuple(document.get("notes", ()))})

    def sentences(self) -> list[str]:
        """Tell it for a person."""
        counted = [
            (self.skipped_lines, "line before the header was skipped", "lines before the header were skipped"),
            (self.comment_lines, "line is a comment", "lines are comments"),
            (self.blank_records, "record has no value: it is no row", "records have no value: they are no rows"),
        ]
        return [f"{number:,} {one if number == 1 else many}." for number, one, many in counted if number] + [
            *self.notes
        ]
