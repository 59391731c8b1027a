"""Texts that a regular expression takes, for one without anchors, references and looks ahead or behind.

Hypothesis has a strategy for any expression, which takes a hundred times as long for each text.
"""

import functools
import random
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_MORE = 3
"""Repetitions beyond the fewest, where a draw takes neither the fewest nor the most."""


def matching_text(pattern: str, draw: random.Random) -> str:
    """Draw a text that a regular expression takes whole.

    Args:
        pattern: The expression.
        draw: What is drawn from.

    Raises:
        NotImplementedError: The expression has a part that this does not know.
    """
    return _text(_parsed(pattern), draw)


@functools.cache
def _parsed(pattern: str) -> Any:
    return _parser.parse(pattern)


def _text(parts: Any, draw: random.Random) -> str:
    return "".join(_part(str(name), said, draw) for name, said in parts)


def _part(name: str, said: Any, draw: random.Random) -> str:
    match name:
        case "LITERAL":
            return chr(said)
        case "RANGE":
            first, last = said
            return chr(draw.choice([first, last, draw.randint(first, last)]))
        case "IN":
            return _text([draw.choice(said)], draw)
        case "BRANCH":
            return _text(draw.choice(said[1]), draw)
        case "SUBPATTERN":
            return _text(said[-1], draw)
        case "MAX_REPEAT":
            fewest, most, repeated = said
            most = min(most, fewest + 20)
            times = draw.choice([fewest, most, draw.randint(fewest, min(most, fewest + _MORE))])
            return "".join(_text(repeated, draw) for _ in range(times))
        case _:
            raise NotImplementedError(name)
