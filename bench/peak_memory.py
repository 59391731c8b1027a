"""The most memory that this process held."""

import resource
import sys
from pathlib import Path


def peak_rss_bytes() -> int:
    """Look it up.

    On Linux ``ru_maxrss`` begins with what the process held from which this one was forked, before it became its own:
    the kernel's high-water mark does not.
    """
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
