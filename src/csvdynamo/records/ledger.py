"""The ledger: what became of every source row. Arithmetic only, no I/O."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Ledger:
    """Rows of one run by what became of them.

    Attributes:
        source_rows: Records of the source after its header.
        rejected_before_upload: Refused by prepare.
        written: Items that the Lambda wrote.
        rejected: Refused by the Lambda, or by DynamoDB through it.
        failed: Rows of batches that failed, timed out or were aborted; some of them may be in the table.
        unstarted: Rows of batches that never started, or that were never handed to an execution.
        unchanged: Not written, as an earlier run has put the same item into the table.
    """

    source_rows: int = 0
    rejected_before_upload: int = 0
    written: int = 0
    rejected: int = 0
    failed: int = 0
    unstarted: int = 0
    unchanged: int = 0

    @property
    def unaccounted(self) -> int:
        """Source rows that no witness speaks of; below zero when there are more witnesses than rows."""
        return self.source_rows - (
            self.rejected_before_upload + self.written + self.rejected + self.failed + self.unstarted + self.unchanged
        )

    @property
    def rejects(self) -> int:
        """Rows rejected, by prepare or later."""
        return self.rejected_before_upload + self.rejected

    @property
    def reject_percent(self) -> float:
        """Share of the source rows that was rejected, 0 to 100."""
        return 100 * self.rejects / self.source_rows if self.source_rows else 0.0

    @property
    def failure_percent(self) -> float:
        """Share of the source rows that failed or never started, 0 to 100."""
        return 100 * (self.failed + self.unstarted) / self.source_rows if self.source_rows else 0.0

    def to_json(self) -> dict[str, int]:
        """Write it as the report's ``ledger``; ``unchanged`` is there only where there are such rows."""
        counts = {name: count for name, count in vars(self).items() if name != "unchanged" or count}
        return {**counts, "unaccounted": self.unaccounted}

    @classmethod
    def from_json(cls, document: dict[str, int]) -> Self:
        """Read the report's ``ledger``."""
        return cls(**{name: count for name, count in document.items() if name != "unaccounted"})

    def table(self) -> str:
        """Write it as a table for a terminal or a log, one line a number."""
        lines = [
            ("source rows", self.source_rows),
            ("- rejected before upload", self.rejected_before_upload),
            ("- written", self.written),
            ("- rejected", self.rejected),
            ("- failed", self.failed),
            ("- unstarted", self.unstarted),
            *([("- unchanged", self.unchanged)] if self.unchanged else []),
            ("= unaccounted", self.unaccounted),
        ]
        return "\n".join(f"{label:<26}{count:>12,}" for label, count in lines)
