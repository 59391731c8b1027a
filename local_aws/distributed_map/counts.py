"""The counts that DescribeMapRun reports, in items and in child executions.

The fields: https://docs.aws.amazon.com/step-functions/latest/apireference/API_MapRunItemCounts.html
"""

import threading
from enum import StrEnum

_FIELDS = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
    "failuresNotRedrivable",
    "pendingRedrive",
)


class Stage(StrEnum):
    """Where a child execution is, by the name of the count that it is in."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timedOut"
    ABORTED = "aborted"
    PENDING_REDRIVE = "pendingRedrive"


class Counts:
    """The counts of a Map Run; safe to use from several threads.

    Attributes:
        items: DescribeMapRun's ``itemCounts``, kept up to date in place.
        executions: DescribeMapRun's ``executionCounts``, kept up to date in place.
    """

    def __init__(self) -> None:
        self.items = dict.fromkeys(_FIELDS, 0)
        self.executions = dict.fromkeys(_FIELDS, 0)
        self._lock = threading.Lock()

    def add(self, items: int) -> None:
        """Count a new pending child of that many items."""
        with self._lock:
            for counts, number in self._both(items):
                counts["total"] += number
                counts["pending"] += number

    def move(self, items: int, before: Stage, after: Stage) -> None:
        """Count a child of that many items at another stage than before."""
        with self._lock:
            for counts, number in self._both(items):
                counts[before] -= number
                counts[after] += number

    def written(self, items: int) -> None:
        """Count a child of that many items whose result is in a result file, or in the state's output."""
        with self._lock:
            for counts, number in self._both(items):
                counts["resultsWritten"] += number

    def forget_written(self) -> None:
        """Count no result as written: the files are about to be written anew."""
        with self._lock:
            self.items["resultsWritten"] = self.executions["resultsWritten"] = 0

    def clear(self) -> None:
        """Count nothing: the items are about to be read anew."""
        with self._lock:
            for counts in (self.items, self.executions):
                counts.update(dict.fromkeys(_FIELDS, 0))

    @property
    def failed_items(self) -> int:
        """The items of children that failed or timed out, which the failure thresholds compare."""
        with self._lock:
            return self.items["failed"] + self.items["timedOut"]

    @property
    def total_items(self) -> int:
        """All items read so far."""
        return self.items["total"]

    def _both(self, items: int) -> tuple[tuple[dict[str, int], int], ...]:
        return (self.items, items), (self.executions, 1)
