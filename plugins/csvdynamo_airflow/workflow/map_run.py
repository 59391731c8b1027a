"""Progress of a Map Run, in rows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import MapRunExecutionCountsTypeDef, MapRunItemCountsTypeDef

_STATES = (
    *(("succeeded", "succeeded"), ("running", "running"), ("pending", "pending")),
    *(("failed", "failed"), ("timedOut", "timed out"), ("aborted", "aborted")),
)


@dataclass(frozen=True)
class Progress:
    """Rows of a Map Run by what became of their batch (DescribeMapRun's ``itemCounts``).

    ``succeeded`` counts the rows of batches that succeeded, rejected rows among them: not rows of the table.
    ``batches`` counts the batches by what became of them.
    """

    total: int = 0
    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0
    batches: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_counts(
        cls, counts: "MapRunItemCountsTypeDef", batches: "MapRunExecutionCountsTypeDef | None" = None
    ) -> Self:
        """Make it from DescribeMapRun's ``itemCounts``, and ``executionCounts`` where the batches are asked for."""
        return cls(
            total=counts["total"],
            pending=counts["pending"],
            running=counts["running"],
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            timed_out=counts["timedOut"],
            aborted=counts["aborted"],
            batches={state: cast(Mapping[str, int], batches)[name] for name, state in _STATES} if batches else {},
        )

    def to_json(self) -> dict[str, Any]:
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
