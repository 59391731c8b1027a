"""Another attempt at AWS: whether it is worth one, how long to wait before it, and when to give up.

Rests on the AWS Builders' Library, "Timeouts, retries, and backoff with jitter".
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

_MAX_DOUBLINGS = 16

_Result = TypeVar("_Result")


def longest_wait(attempt: int, first: float, longest: float) -> float:
    """Bound the seconds after a failed attempt (0 for the first): they double with each, up to the longest. Pure."""
    return min(longest, first * 2.0 ** min(attempt, _MAX_DOUBLINGS))


def may_pass(error: Exception) -> bool:
    """Tell whether another attempt may mend an error (`is_retryable`)."""
    from csvdynamo.aws.aws_errors import is_retryable  # noqa: PLC0415 - imports botocore: not at DAG parse time

    return is_retryable(error)


def raise_lasting(error: Exception) -> None:
    """Raise an error that another attempt would not mend."""
    if not may_pass(error):
        raise error


@dataclass(frozen=True)
class Backoff:
    """How long to wait before the next attempt, and when to give up: exponential, with full jitter.

    Attributes:
        remaining_seconds: The time that is left, such as the Lambda function's. Without it, time is no bound.
        margin_seconds: What must be left for the work that follows.
        tries: Attempts in all.
    """

    remaining_seconds: Callable[[], float] = lambda: math.inf
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[], float] = random.random
    margin_seconds: float = 5.0
    base_seconds: float = 0.05
    cap_seconds: float = 5.0
    tries: float = math.inf

    def with_margin(self, seconds: float) -> "Backoff":
        """Return the same with another margin."""
        return replace(self, margin_seconds=seconds)

    def has_time(self, seconds: float = 0.0) -> bool:
        """Tell whether the margin is kept if so many seconds pass."""
        return self.remaining_seconds() - seconds > self.margin_seconds

    def seconds_after(self, attempt: int) -> float | None:
        """Draw the wait after a failed attempt (0 for the first). None if it was the last one, or time is too short."""
        seconds = self.uniform() * longest_wait(attempt, self.base_seconds, self.cap_seconds)
        return seconds if attempt + 1 < self.tries and self.has_time(seconds) else None

    def wait(self, attempt: int) -> bool:
        """Sleep after a failed attempt. False, without sleeping, if there is to be no other."""
        seconds = self.seconds_after(attempt)
        if seconds is None:
            return False
        self.sleep(seconds)
        return True

    def wait_or_raise(self, attempt: int, error: Exception) -> None:
        """Sleep after an attempt that failed with an error. One that is lasting, or was the last one's, is raised."""
        if not may_pass(error) or not self.wait(attempt):
            raise error

    def attempts(self) -> Iterator[int]:
        """Number the attempts, from 0, and sleep between them. It ends if there is to be no other."""
        for attempt in count():
            yield attempt
            if not self.wait(attempt):
                return

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Call a function until it returns, and return that. Raises what `wait_or_raise` does."""
        attempt = 0
        while True:
            try:
                return function()
            except Exception as error:
                self.wait_or_raise(attempt, error)
                attempt += 1
