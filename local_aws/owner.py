"""Wait for another process to end, whoever started it."""

import os
import select
import time

_POLL_SECONDS = 0.5


def wait_for_exit(pid: int) -> None:
    """Return once the process has ended; at once if there is none of that id.

    On Linux the kernel's process handle is used, so that a later process given the same id is not mistaken for it.
    """
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError:
            _poll(pid)
            return
        try:
            select.select([handle], [], [])
        finally:
            os.close(handle)
        return
    _poll(pid)


def _poll(pid: int) -> None:
    while is_running(pid):
        time.sleep(_POLL_SECONDS)


def is_running(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
