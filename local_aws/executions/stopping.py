"""Lets a running execution, and all that it started, be told to stop.

An execution runs in threads, which nobody can end from outside: it looks at its signal before each piece of work.
"""

import threading
from contextvars import ContextVar
from enum import StrEnum


class StopReason(StrEnum):
    """Why an execution stops, by the status that it then has."""

    ABORTED = "ABORTED"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"


class ExecutionStoppedError(BaseException):
    """Raised in the threads of an execution that has been told to stop.

    Not an Exception: no error handling of a state may take a stop for a failure of its own.
    """

    def __init__(self, reason: StopReason) -> None:
        super().__init__(f"The execution is stopped: {reason}.")
        self.reason = reason


class StopSignal:
    """Tells threads to stop; safe to use from several threads. The first reason given stays.

    Args:
        parent: a signal whose setting sets this one too.
    """

    def __init__(self, parent: "StopSignal | None" = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reason: StopReason | None = None
        self._children: list[StopSignal] = []
        if parent is not None:
            parent._adopt(self)

    @property
    def reason(self) -> StopReason | None:
        """Why it was set; None while it is not."""
        return self._reason

    def set(self, reason: StopReason) -> None:
        """Tell all who look at this signal, or at one below it, to stop."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            children = list(self._children)
        self._event.set()
        for child in children:
            child.set(reason)

    def check(self) -> None:
        """Raise `ExecutionStoppedError` if the signal is set."""
        if self._reason is not None:
            raise ExecutionStoppedError(self._reason)

    def sleep(self, seconds: float) -> None:
        """Sleep, and raise `ExecutionStoppedError` as soon as the signal is set."""
        self._event.wait(seconds)
        self.check()

    def _adopt(self, child: "StopSignal") -> None:
        with self._lock:
            self._children.append(child)
            reason = self._reason
        if reason is not None:
            child.set(reason)


current: ContextVar[StopSignal | None] = ContextVar("current_stop_signal", default=None)
"""The signal of the execution that the current thread works for."""
