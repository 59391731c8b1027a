"""How far a command is with a long file, told at the terminal now and then."""

import sys
import time

from csvdynamo.shown import shown

_SILENT_SECONDS = 3.0


class Progress:
    """Tells on standard error how far a long file is, now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Tell it, unless something was told a moment ago."""
        now = time.monotonic()
        if now - self._last < _SILENT_SECONDS:
            return
        self._last = now
        of = "" if total is None else f" of {total:,}"
        unit = "" if what.startswith("columns") else " bytes"
        print(shown(f"… {done:,}{of}{unit} {what}"), file=sys.stderr, flush=True)
