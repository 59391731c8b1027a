"""From a task's attempt to its end: its deferral, and its waits for its turn, among it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_SECONDS = 180.0
"""How long a task may wait for its turn, be deferred, and all in all go on."""

Do = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Does one part of a task, a kind of the task host's by its name and what that asks for; gives what became of it."""


def to_its_end(task_id: str, do: Do) -> dict[str, Any]:
    """Attempt a task once, up to its end; return what it ended with."""
    told = do("attempt", {})
    deadline = time.monotonic() + LONGEST_SECONDS
    while "rescheduled" in told:
        assert time.monotonic() < deadline, f"{task_id} waits for a turn that nobody gives back"
        time.sleep(max(0.0, told["rescheduled"] - time.time()))
        told = do("attempt", {})
    while deferred := told.get("deferred"):
        assert time.monotonic() < deadline, f"{task_id} is deferred again and again"
        event = do("trigger", {"path": deferred["path"], "fields": deferred["fields"]})
        told = do("resume", {"method": deferred["method"], "kwargs": deferred["kwargs"], "told": event})
    return told
