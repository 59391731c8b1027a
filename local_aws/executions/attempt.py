"""One attempt at an execution: the first, or one for each redrive."""

import threading
from contextlib import AbstractContextManager
from typing import Any, Self

from local_aws.executions.stopping import StopSignal

FIELD = "_attempt"
"""Where MiniStack's record of an execution holds the current one."""

_POLL_SECONDS = 0.05

changing_status: AbstractContextManager[Any] = threading.RLock()
"""Held while an execution's status is looked at and changed: a stop, an ending and a redrive exclude each other."""


class Attempt:
    """An attempt at an execution, in a thread of its own.

    Args:
        previous: the attempt before it, which may still be ending.
    """

    def __init__(self, previous: "Attempt | None" = None) -> None:
        self.stop = StopSignal()
        self._previous = previous
        self._ended = threading.Event()

    @classmethod
    def of(cls, execution: dict[str, Any]) -> Self:
        """The current attempt at an execution."""
        found: Self = execution.setdefault(FIELD, cls())
        return found

    def end(self) -> None:
        """Say that nothing of it runs any more."""
        self._ended.set()

    def await_previous(self) -> None:
        """Return when all attempts before have ended: a stopped Map Run finishes before it is redriven.

        Raises:
            ExecutionStoppedError: this attempt was told to stop meanwhile.
        """
        while self._previous is not None:
            self.stop.check()
            if self._previous._ended.wait(_POLL_SECONDS):
                # One that was stopped while it waited has ended before the attempt that it waited for.
                self._previous = self._previous._previous
