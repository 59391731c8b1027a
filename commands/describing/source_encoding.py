"""Which encoding a source is in that is neither UTF-8 nor marked: a guess by the letters that it gives. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commands.describing.letters import is_usual_ideograph, plausibility

CANDIDATES = (
    "windows-1252",
    "windows-1250",
    "windows-1254",
    "windows-1251",
    "iso8859-2",
    "gb18030",
    "cp932",
    "big5",
    "cp949",
    "euc-jp",
    "iso8859-15",
    "windows-1257",
    "windows-1253",
    "windows-1255",
    "windows-1256",
    "koi8-r",
    "mac_roman",
    "cp850",
    "cp852",
    "cp866",
    "iso8859-5",
    "cp874",
)
"""Encodings that are tried, the commoner ones first: of those that fit alike the first is taken."""

_EAST = {"gb18030": "gb2312", "big5": "big5", "cp932": "shift_jis", "euc-jp": "euc-jp", "cp949": "euc-kr"}
_WORD = re.compile(rb"[^,;\t|\"\r\n]*[\x80-\xff][^,;\t|\"\r\n]*")
_LOOKED_AT = 64 * 1024
_SHOWN = 3
_LONGEST = 40
_STEP = 0.004  # what a place in the list is worth
_CLOSE = 0.35
_ENOUGH = 4


@dataclass(frozen=True)
class EncodingGuess:
    """What an encoding may be.

    Attributes:
        encoding: The likeliest.
        others: Others that give another text, the likelier first.
        cells: Some cells with other letters, as each of them gives them, by encoding.
    """

    encoding: str
    others: Sequence[str]
    cells: dict[str, list[str]]


def is_mostly_utf8(high: bytes) -> bool:
    """Whether bytes that are not of ASCII are UTF-8, but for a few.

    Args:
        high: Lines that have them.
    """
    text = high.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= one <= "\udcff" for one in text)
    sound = sum(one > "\x7f" for one in text) - bad
    return bad <= sound


def guess_encoding(high: bytes) -> EncodingGuess:
    """Guess an encoding.

    Args:
        high: Lines that have bytes over 0x7F.
    """
    data = b"\n".join(dict.fromkeys(high[:_LOOKED_AT].splitlines()))
    scored = sorted(
        ((_score(data, encoding) - _STEP * place, encoding) for place, encoding in enumerate(CANDIDATES)), reverse=True
    )
    best = scored[0][1]
    texts = {_decoded(data, best): best}
    for score, encoding in scored[1:]:
        if score >= scored[0][0] - _CLOSE and score > 0:
            texts.setdefault(_decoded(data, encoding), encoding)
    encodings = list(texts.values())[:_SHOWN]
    words = sorted(set(_words(data)), key=lambda word: len({_decoded(word, one) for one in encodings}), reverse=True)
    cells = {one: [_decoded(word, one) for word in words[:_SHOWN]] for one in encodings}
    return EncodingGuess(best, encodings[1:], cells)


def _words(data: bytes) -> Iterator[bytes]:
    for match in _WORD.finditer(data):
        word = match[0].strip()
        if len(word) <= _LONGEST:
            yield word


def _score(data: bytes, encoding: str) -> float:
    text = _decoded(data, encoding)
    lost = text.count("\ufffd")
    if lost > 0.02 * sum(one > "\x7f" for one in text):
        return -2.0 - lost / len(text)
    score = plausibility(text.replace("\ufffd", ""))
    if encoding not in _EAST:
        return score
    few = max(0, _ENOUGH - sum(one > "\u2fff" for one in text))  # one may come about by chance
    return score + _bonus_of_east(text, encoding) - 0.2 * few


def _bonus_of_east(text: str, encoding: str) -> float:
    """Tell encodings of East Asia apart, in which the same bytes are other ideographs: by kana, and by those in use."""
    letters = [one for one in text if one > "\u2fff"]
    if not letters:
        return -1.0
    kana = sum("\u3040" <= one < "\u30ff" for one in letters) / len(letters)
    if encoding in ("cp932", "euc-jp"):
        return 0.15 if kana > 0.1 else -0.1
    if encoding == "cp949":
        hangul = sum("\uac00" <= one < "\ud7a4" for one in letters) / len(letters)
        usual = sum(_is_usual_hangul(one) for one in letters) / len(letters)
        return 0.1 * usual if hangul > 0.7 else -0.5
    usual = sum(_leads_low(one, _EAST[encoding]) for one in letters) / len(letters)
    return 0.1 * usual - 0.5 * kana - (0.3 if usual < 0.7 else 0.0)


def _leads_low(one: str, encoding: str) -> bool:
    try:
        data = one.encode(encoding)
    except UnicodeEncodeError:
        return False
    return data[0] <= (0xD7 if encoding == "gb2312" else 0xC6) or not is_usual_ideograph(one)


def _is_usual_hangul(one: str) -> bool:
    try:
        return 0xB0 <= one.encode("euc-kr")[0] <= 0xC8
    except UnicodeEncodeError:
        return False


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "replace")
