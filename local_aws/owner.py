"""Wait for another process to end, whoever started it."""

import os
import select
import time

_POLL_SECONDS = 0.5


def wait_for_exit(pid: int, seconds: float | None = None) -> bool:
    """Return once the process has ended; at once if there is none of that id.

    On Linux the kernel's process handle is used, so that a later process given the same id is not mistaken for it.

    Args:
        pid: Its id.
        seconds: How long to wait; None for as long as it takes.

    Returns:
        Whether it has ended.
    """
    if not hasattr(os, "pidfd_open"):
        return _poll(pid, seconds)
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return _poll(pid, seconds)
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def _poll(pid: int, seconds: float | None) -> bool:
    deadline = None if seconds is None else time.monotonic() + seconds
    while is_running(pid):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def is_running(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
