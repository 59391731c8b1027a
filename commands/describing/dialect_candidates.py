"""Which delimiters, quotes and escapes a text may be written with. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from commands.describing.source_dialect import Dialect
from csvdynamo.datasets.dialects import WHITE_SPACE

USUAL = (",", ";", "\t", "|")
"""Delimiters of most files, in this order where several fit alike."""

_SELDOM = "^~§¦¬\x01\x02\x07\x1c\x1d\x1e\x1f:!#$%&*=@\u00a0"
SURE = _SELDOM[: _SELDOM.index(":")]
"""Others: where one of these stands in every line, that is what it is for."""

_QUOTES = re.escape("'`~^$%*@!#&/|¦§”“„«»\u2018\u2019")
_ESCAPES = re.escape("\\^%?/~!`$#@*&¦")
_PAIR = re.compile(r"[^\w\s\"'.\-+/\\(){}\[\]<>]{2}")
_RUN = re.compile(r"(?<=\S)(?:[ \t]*\t[ \t]+|[ \t]+\t[ \t]*)(?=\S)")
_LINES = 4_000


def delimiters_of(lines: Sequence[str]) -> list[str]:
    """List what may stand between two cells: the usual ones, and others that most lines hold."""
    filled = [line for line in lines[:_LINES] if line.strip()]
    held = Counter(one for line in filled for one in set(line))
    often = [one for one in _SELDOM if held[one] >= 0.8 * len(filled) > 0]
    between = Counter(one for line in filled for one in set(re.findall(r'[^"]"([^\w\s"])"[^"]', f" {line} ")))
    often += [one for one, count in between.items() if count >= 0.8 * len(filled) and one not in (*USUAL, *often)]
    pairs = [2 * one for one in (";", "|", *often) if _stands_in_pairs(filled, one)]
    pairs += [one for one in _mixed_pairs(filled) if one not in pairs]
    pairs += [r"\t"] if sum(r"\t" in line for line in filled) >= 0.8 * len(filled) > 0 else []
    spaces = [WHITE_SPACE] if held[" "] + held["\t"] >= 0.8 * len(filled) > 0 else []
    if held["\t"] >= 0.8 * len(filled) and sum(_RUN.search(line) is not None for line in filled) < 0.5 * len(filled):
        spaces = []  # tabs alone stand between cells, which may hold spaces
    return [*(one for one in USUAL if held[one]), *pairs, *often, *spaces]


def _mixed_pairs(lines: Sequence[str]) -> list[str]:
    """List two characters that stand beside each other in most lines, and never apart."""
    held = Counter(pair for line in lines for pair in set(_PAIR.findall(line)) if pair[0] != pair[1])
    often = [pair for pair, count in held.most_common(3) if count >= 0.8 * len(lines)]
    return [pair for pair in often if not any(pair[0] in line.replace(pair, "") for line in lines)]


def _stands_in_pairs(lines: Sequence[str], one: str) -> bool:
    """Whether a character stands in most lines, and hardly ever alone or at a line's end: there cells are blank."""
    pairs = [line for line in lines if 2 * one in line and one not in line.replace(2 * one, "")]
    inner = [line for line in pairs if not line.strip().endswith(one)]
    return len(pairs) >= 0.8 * len(lines) > 0 and len(inner) >= 0.5 * len(pairs)


def variants_of(text: str, delimiter: str) -> Iterator[Dialect]:
    """List the ways of quoting that a text with a delimiter may be written in, the likeliest first.

    Args:
        text: The text, or the beginning of it.
        delimiter: What stands between two cells.
    """
    for line_end in (None, *_line_ends_of(text)):
        plain = Dialect(delimiter, line_end=line_end)
        yield plain
        mark = "[ \t]" if delimiter == WHITE_SPACE else re.escape(delimiter)
        for quote in ('"', *_quotes_of(text, mark)):
            if quote != '"':
                yield replace(plain, quote=quote)
            if len(delimiter) == 1 and re.search(rf"{mark} +{re.escape(quote)}|^ *[^{mark}\s]+{mark} ", text):
                yield replace(plain, quote=quote, skip_initial_space=True)
            if delimiter != WHITE_SPACE:
                yield from (replace(plain, quote=quote, escape=one) for one in _escapes_of(text, quote, mark))
        if _quotes_are_text(text, mark):
            yield replace(plain, quote=None)


def _line_ends_of(text: str) -> list[str]:
    """List what alone may end a line, where several kinds of line ends stand."""
    pairs, feeds, returns = text.count("\r\n"), text.count("\n"), text.count("\r")
    lone = (feeds - pairs) + (returns - pairs)
    if pairs and lone:
        return ["\r\n"]
    return ["\n", "\r"] if feeds and returns and not pairs else []


def _quotes_of(text: str, mark: str) -> list[str]:
    """List what beside a double quote may stand round cells: as often before as after them."""
    opening = Counter(re.findall(rf"(?:^|{mark}|[\r\n]) *([{_QUOTES}])(?!{mark}|[\r\n]|\Z)", text))
    closing = Counter(re.findall(rf"(?<!\A)([{_QUOTES}])(?={mark}|[\r\n]|\Z)", text))
    both = [one for one, count in opening.most_common() if count > 1 and 0.5 * count <= closing[one] <= 2 * count]
    return [one for one in both if re.fullmatch(mark, one) is None][:2]


def _escapes_of(text: str, quote: str, mark: str) -> list[str]:
    """List what may stand before a quote, or a delimiter, that is text."""
    before = Counter(re.findall(rf"([{_ESCAPES}]){re.escape(quote)}(?!{mark}|[\r\n]|\Z)", text))
    found = [one for one, _ in before.most_common(3) if re.fullmatch(mark, one) is None and one != quote]
    before_text = re.search(rf"\\{re.escape(quote)}(?!{mark}|[\r\n]|\Z)", text)
    if before_text or len(re.findall(rf"\\{mark}", text)) > 1:
        found.insert(0, "\\")
    return list(dict.fromkeys(found))


def _quotes_are_text(text: str, mark: str) -> bool:
    """Whether quotes stand before cells or after them, and hardly ever both."""
    opening = len(re.findall(rf'(?:^|{mark}|[\r\n])"(?!{mark}|[\r\n]|\Z)', text))
    closing = len(re.findall(rf'(?<!^)(?<!{mark})(?<![\r\n])"(?={mark}|[\r\n]|\Z)', text))
    return '"' in text and min(opening, closing) <= 0.1 * max(opening, closing)
