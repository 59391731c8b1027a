"""When the failures of a Map Run are too many.

The fields: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """The failures that a Map Run may have. Without either limit, none.

    Attributes:
        count: the most failed items; None for no such limit.
        percentage: the most failed items in percent of all, 0 to 100; None for no such limit.
    """

    count: int | None = None
    percentage: float | None = None

    def exceeded(self, failed: int, total: int) -> bool:
        """Whether that many failed items, of that many in all, are past a limit."""
        if self.count is None and self.percentage is None:
            return failed > 0
        over_count = self.count is not None and failed > self.count
        over_percentage = self.percentage is not None and failed * 100 > self.percentage * total
        return over_count or over_percentage
