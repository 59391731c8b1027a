"""The smallest file that shows a fault: rows of a wrong one are taken away as long as it stays wrong."""

from collections.abc import Callable
from dataclasses import replace

from tests.polluted.model import Polluted


def smallest(polluted: Polluted, is_wrong: Callable[[Polluted], bool]) -> Polluted:
    """Take away every row that the fault does not need, with all of its lines."""
    groups = _rows(polluted)
    for place in range(len(groups) - 1, 0, -1):
        fewer = replace(polluted, content=b"".join(groups[:place] + groups[place + 1 :]))
        if not any(key.encode() in groups[place] for key in polluted.touched) and is_wrong(fewer):
            polluted, groups = fewer, [*groups[:place], *groups[place + 1 :]]
    return polluted


def _rows(polluted: Polluted) -> list[bytes]:
    """Cut a file before each line with a key: what follows up to the next one belongs to it."""
    groups = [b""]
    for line in polluted.content.splitlines(keepends=True):
        if any(key.encode() in line for key in polluted.truth):
            groups.append(line)
        else:
            groups[-1] += line
    return groups
