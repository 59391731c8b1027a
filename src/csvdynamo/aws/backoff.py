"""Waiting between attempts: exponential, with full jitter, and never past the Lambda function's time."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

_MAX_DOUBLINGS = 16


@dataclass(frozen=True)
class Backoff:
    """How long to wait before the next attempt, and when to give up.

    Rests on the AWS Builders' Library, "Timeouts, retries, and backoff with jitter".

    Attributes:
        remaining_seconds: The time that the Lambda function has left.
        margin_seconds: What must be left for the work that follows.
    """

    remaining_seconds: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[], float] = random.random
    margin_seconds: float = 5.0
    base_seconds: float = 0.05
    cap_seconds: float = 5.0

    def with_margin(self, seconds: float) -> "Backoff":
        """Return the same with another margin."""
        return replace(self, margin_seconds=seconds)

    def has_time(self, seconds: float = 0.0) -> bool:
        """Tell whether the margin is kept if so many seconds pass."""
        return self.remaining_seconds() - seconds > self.margin_seconds

    def wait(self, attempt: int) -> bool:
        """Sleep after a failed attempt (0 for the first). False, without sleeping, if there is no time for it."""
        ceiling = min(self.cap_seconds, self.base_seconds * 2 ** min(attempt, _MAX_DOUBLINGS))
        seconds = self.uniform() * ceiling
        if not self.has_time(seconds):
            return False
        self.sleep(seconds)
        return True
