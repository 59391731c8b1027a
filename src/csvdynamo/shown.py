"""The one door through which text from outside goes before a person sees it: in a message, a log, a mail, a terminal.

Keys, cells, headers, addresses, what a server or a service answers: any of it may hold what clears a terminal, rings
its bell, turns the direction of the text, or begins a new line that looks like one of ours. So lines are shown one by
one before they are joined: the errors of this project do that with theirs, its loggers with what is put into theirs.
"""

import json

_LONGEST = 2000
_LONGEST_QUOTED = 60


class ShownLines(str):
    """Text of several lines, each of which went through the door: its line feeds are ours."""

    __slots__ = ()


def shown(text: object, longest: int = _LONGEST) -> str:
    r"""Return a text as a part of one line, whatever it is.

    What does not print is escaped as Python does: control characters, line feeds among them, line separators, half
    surrogate pairs, and the marks that make text run from right to left. A long text loses its middle, since a message
    begins with the file or the key and ends with what is wrong.

    Args:
        text: The text, or anything that has one.
        longest: The most characters of the result.
    """
    whole = _without_middle(str(text), longest)
    if whole.isprintable():
        return whole
    escaped = (one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in whole)
    return _without_middle("".join(escaped), longest)


def shown_lines(text: str) -> ShownLines:
    """Return a text whose line feeds are known to be ours, each line as `shown` returns it."""
    return ShownLines("\n".join(map(shown, text.split("\n"))))


def quoted(text: str) -> str:
    """Return a value as a message shows it: in double quotes, on one line, shortened."""
    if len(text) > _LONGEST_QUOTED:
        text = text[: _LONGEST_QUOTED - 1] + "…"
    return shown(json.dumps(text, ensure_ascii=False))


def _without_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[:half]} … {text[-half:]}"
