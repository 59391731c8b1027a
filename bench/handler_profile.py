"""Where the function's CPU goes: ``python -m bench.handler_profile WAY EVENTS`` prints what functions cost."""

import cProfile
import json
import pstats
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.handler_ways import WAYS, written

LEAST_SHARE = 0.0005
"""What costs less is left out."""

Place = tuple[str, int, str]
"""A function's file, line and name."""

_OF_C = "~"


def main() -> None:
    """Profile a way over all events, after its first answer."""
    _, name, path = sys.argv
    events: list[str] = json.loads(Path(path).read_text(encoding="utf-8"))
    way = WAYS[name](events)
    way(events[0])
    # By the processor's time: who waits for an answer costs nothing.
    profile = cProfile.Profile(time.process_time)
    answers = profile.runcall(lambda: [way(event) for event in events])
    found: Any = pstats.Stats(profile)
    shares = {function: seconds / found.total_tt for function, seconds in own_seconds(found.stats).items()}
    shares = {function: share for function, share in shares.items() if share >= LEAST_SHARE}
    print(json.dumps({"written": written(answers), "shares": shares}))


def own_seconds(stats: Mapping[Place, Any]) -> Counter[str]:
    """Give the seconds that each function of Python spent in itself, and in the functions of C that it called.

    Args:
        stats: Of each place, as ``pstats`` has them: calls twice, its own seconds, all its seconds, and who called it.
    """
    own: Counter[str] = Counter()
    for place, (_, _, seconds, _, callers) in stats.items():
        if place[0] != _OF_C or not callers:
            own[_named(place)] += seconds
            continue
        for caller, (_, _, of_caller, _) in callers.items():
            own[_named(caller)] += of_caller
    return own


def _named(place: Place) -> str:
    file, line, function = place
    if file == _OF_C:
        return function.strip("<>{}")
    return f"{'/'.join(Path(file).parts[-2:])} {function}, line {line}"


if __name__ == "__main__":
    main()
