"""Regular expressions of a data set file: those whose matching may take for ever are refused where that can be told."""

import re
import re._parser  # type: ignore[import-not-found] # behind re.compile; it has no public name, and one form since 3.11
from collections.abc import Iterable, Iterator
from typing import Any

_MANY = 16
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")

_Token = tuple[Any, Any]


def compile_pattern(text: str) -> re.Pattern[str]:
    r"""Compile a pattern of Python's `re`.

    A repetition that repeats nothing but another repetition, as in `(a+)+` or `(\w*\s?)*`, tries every way to share a
    text between the two before it gives up: 30 characters take minutes. It is refused. Other patterns that are slow in
    this way pass; a batch that meets them ends by the Lambda function's timeout.

    Raises:
        ValueError: It is not a pattern, or one that is refused; the message says why.
    """
    try:
        pattern = re.compile(text)
        nested = any(map(_repeats_a_repeat, _tokens(re._parser.parse(text))))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is not a regular expression of Python's re: {error}") from error
    if nested:
        raise ValueError(
            "repeats a repetition, as (a+)+ does, which may take for ever on some text: repeat once, or make the inner "
            "one possessive, as in (a++)+"
        )
    return pattern


def _tokens(parsed: Iterable[_Token]) -> Iterator[_Token]:
    """Yield every token of a parsed pattern, whatever it is in.

    What is atomic never goes back once it has matched, so it is no repetition to count; what is in it may be.
    """
    for token in parsed:
        yield token
        for body in _bodies(token):
            yield from _tokens(body)


def _bodies(token: _Token) -> list[Iterable[_Token]]:
    name, value = str(token[0]), token[1]
    if name in (*_REPEATS, "POSSESSIVE_REPEAT"):
        return [value[2]]
    if name == "ATOMIC_GROUP":
        return [value]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    if name in ("ASSERT", "ASSERT_NOT", "GROUPREF_EXISTS"):
        return [body for body in value[1:] if body is not None]
    return []


def _repeats_a_repeat(token: _Token) -> bool:
    return str(token[0]) in _REPEATS and token[1][1] >= _MANY and any(map(_elastic, _branches(token[1][2])))


def _branches(body: Iterable[_Token]) -> list[list[_Token]]:
    """The ways through a repetition's body, with groups around the whole of it taken off."""
    tokens = list(body)
    if len(tokens) == 1 and str(tokens[0][0]) in ("SUBPATTERN", "BRANCH"):
        return [way for inner in _bodies(tokens[0]) for way in _branches(inner)]
    return [tokens]


def _elastic(tokens: list[_Token]) -> bool:
    """Tell whether one repetition can be all that there is: the others need not be there."""
    long = [token for token in tokens if _is_long(token)]
    needed = [token for token in tokens if not (str(token[0]) in _REPEATS and token[1][0] == 0)]
    return any(all(token is one for token in needed) for one in long)


def _is_long(token: _Token) -> bool:
    """Tell whether a token, or the group that it is, is a repetition of many lengths."""
    if str(token[0]) == "SUBPATTERN":
        return any(_elastic(way) for way in _branches([token]))
    if str(token[0]) not in _REPEATS:
        return False
    return token[1][1] >= _MANY or any(map(_elastic, _branches(token[1][2])))
