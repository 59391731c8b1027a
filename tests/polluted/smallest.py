"""The smallest file that shows a fault: lines of a wrong one are taken away as long as it stays wrong."""

from collections.abc import Callable
from dataclasses import replace

from tests.polluted.model import Polluted


def smallest(polluted: Polluted, is_wrong: Callable[[Polluted], bool]) -> Polluted:
    """Take away every line that the fault does not need."""
    lines = polluted.content.splitlines(keepends=True)
    place = len(lines) - 1
    while place >= 0:
        fewer = replace(polluted, content=b"".join(lines[:place] + lines[place + 1 :]))
        if is_wrong(fewer):
            polluted, lines = fewer, [*lines[:place], *lines[place + 1 :]]
        place -= 1
    return polluted
