"""Progress of a Map Run, in rows. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import MapRunItemCountsTypeDef


@dataclass(frozen=True)
class Progress:
    """Rows of a Map Run by what became of their batch (DescribeMapRun's ``itemCounts``).

    ``succeeded`` counts the rows of batches that succeeded, rejected rows among them: not rows of the table.
    """

    total: int = 0
    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0

    @classmethod
    def from_item_counts(cls, counts: "MapRunItemCountsTypeDef") -> Self:
        """Make it from DescribeMapRun's ``itemCounts``."""
        return cls(
            total=counts["total"],
            pending=counts["pending"],
            running=counts["running"],
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            timed_out=counts["timedOut"],
            aborted=counts["aborted"],
        )

    def to_json(self) -> dict[str, int | float]:
        """Write it as a JSON document, with the percentage done."""
        return {**vars(self), "settled": self.settled, "percent": round(self.percent, 1)}

    @property
    def settled(self) -> int:
        """Rows whose batch came to an end."""
        return self.succeeded + self.failed + self.timed_out + self.aborted

    @property
    def percent(self) -> float:
        """How much is settled, 0 to 100."""
        return 100 * self.settled / self.total if self.total else 0.0

    def sentence(self, rows_per_second: float | None = None) -> str:
        """Say it in one line of a log.

        Args:
            rows_per_second: Rows settled in a second of late, to say how long the rest may take.
        """
        text = f"{self.settled:,} of {self.total:,} rows settled ({self.percent:.1f} %)"
        if lost := self.failed + self.timed_out + self.aborted:
            text += f", {lost:,} of them in batches that failed"
        if rows_per_second and self.settled < self.total:
            remaining = (self.total - self.settled) / rows_per_second
            text += f", {rows_per_second:,.0f} rows/s, about {remaining:,.0f} s left"
        return text
