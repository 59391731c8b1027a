"""How Lambda runs a function's invocations, in simulated time.

Rests on "Lambda scaling behavior" of the developer guide: a function gains 1,000 execution environments in ten seconds,
refilled continuously; an account runs so many functions at once; past either, an invocation is refused (429).
"""

from enum import Enum

from bench.simulation.bucket import Bucket
from csvdynamo_airflow.planning.pace import FUNCTIONS_AT_ONCE

GAINED, GAIN_SECONDS = 1_000, 10
"""Execution environments that a function gains, and in how many seconds."""


class Start(Enum):
    """How an invocation starts."""

    WARM = "in an environment that ran before"
    COLD = "in a new environment"
    REFUSED = "not at all"


class FunctionPool:
    """The execution environments of one function, which has the account for itself.

    Args:
        at_once: Functions that run at once in the account.
    """

    def __init__(self, at_once: int = FUNCTIONS_AT_ONCE) -> None:
        self._at_once = at_once
        self._running = self._environments = 0
        self._gain = Bucket(GAINED / GAIN_SECONDS, GAINED, GAINED)

    def begin(self, now: float) -> Start:
        """Start an invocation; `end` ends it unless it was refused.

        Args:
            now: Seconds since the beginning.
        """
        if self._running == self._at_once:
            return Start.REFUSED
        start = Start.WARM
        if self._running == self._environments:
            if not self._gain.serves(now):
                return Start.REFUSED
            self._gain.take()
            self._environments += 1
            start = Start.COLD
        self._running += 1
        return start

    def end(self) -> None:
        """End an invocation."""
        self._running -= 1
