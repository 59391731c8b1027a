r"""Finding out a text's encoding. Pure: bytes in, a name out.

A byte order mark decides. Without one, UTF-16 shows by the NUL that stands in every other byte of ASCII characters.
What is left is UTF-8 or Windows-1252, which only the whole file tells: a file in UTF-8 with a few bad bytes loses their
rows and no more, while a file in Windows-1252 must not lose every row that has an accent. The rule weighs

- for UTF-8: the characters of several bytes that are sound UTF-8, which other encodings hardly ever give by chance;
- for Windows-1252: single bytes over 0x7F, no other beside them, that read as it: a letter with an ASCII letter next to
  it (``Caf\xe9``), or a sign such as ``\x80`` (the euro), ``\x92`` (an apostrophe) or ``\xb0`` (the degree);
- against Windows-1252: bytes that it leaves undefined (``\x81 \x8d \x8f \x90 \x9d``), and ``\xff``.

The file is Windows-1252 if what speaks for that outnumbers everything else together, and otherwise UTF-8.
"""

import codecs
import re

UTF8 = "utf-8"
UTF8_WITH_MARK = "utf-8-sig"
UTF16_LITTLE = "utf-16-le"
UTF16_BIG = "utf-16-be"
WINDOWS_1252 = "windows-1252"

_MARKS = {codecs.BOM_UTF8: UTF8_WITH_MARK, codecs.BOM_UTF16_LE: UTF16_LITTLE, codecs.BOM_UTF16_BE: UTF16_BIG}
_SHOWN = {UTF8: "UTF-8", UTF8_WITH_MARK: "UTF-8", UTF16_LITTLE: "UTF-16", UTF16_BIG: "UTF-16"}
_MOSTLY_NUL = 0.4
_SELDOM_NUL = 0.05

_OVER_ASCII = bytes(range(0x80, 0x100))
_LEAD_BYTES = bytes(range(0xC2, 0xF5))
_LONGEST_SEQUENCE = 4
_LONGEST_WAIT = 64 * 1024

# Python writes a byte that is no UTF-8 as a lone surrogate, U+DC80 to U+DCFF (PEP 383).
_SOUND = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
_LETTER = r"[\udcc0-\udcd6\udcd8-\udcf6\udcf8-\udcfe]"
_SIGN = r"[\udc80\udc82-\udc8c\udc8e\udc91-\udc9c\udc9e-\udcbf\udcd7\udcf7]"
_READS_AS_1252 = re.compile(
    rf"(?<![^\x00-\x7f])(?:(?<=[A-Za-z]){_LETTER}|{_LETTER}(?=[A-Za-z])|{_SIGN})(?![^\x00-\x7f])"
)
_NEVER_1252 = re.compile(r"[\udc81\udc8d\udc8f\udc90\udc9d\udcff]")


def byte_order_mark(head: bytes) -> bytes:
    """Return the byte order mark that a file begins with, as often as it does; empty if none."""
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    return 2 * mark if mark and head.startswith(2 * mark) else mark


def encoding_of_head(head: bytes) -> str | None:
    """Tell the encoding from a file's first bytes; None if they leave open UTF-8 and Windows-1252."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    first, second = _nul_share(head[0::2]), _nul_share(head[1::2])
    if second >= _MOSTLY_NUL and first <= _SELDOM_NUL:
        return UTF16_LITTLE
    if first >= _MOSTLY_NUL and second <= _SELDOM_NUL:
        return UTF16_BIG
    return None


class EncodingEvidence:
    """Tells UTF-8 from Windows-1252 by a whole file, piece by piece, in constant memory."""

    def __init__(self) -> None:
        self._for_utf8 = 0
        self._for_1252 = 0
        self._against_1252 = 0
        self._waiting = b""

    def add(self, piece: bytes) -> None:
        """Look at the next bytes."""
        if piece.isascii() and self._waiting.isascii():
            self._waiting = piece[-1:] or self._waiting
            return
        data = self._waiting + piece
        # Bytes over 0x7F at the end wait for what follows, together with the character before them: a byte is judged
        # by its neighbours. A text that never has an ASCII character is judged all the same.
        end = len(data.rstrip(_OVER_ASCII))
        start_of_waiting = max(0, end - 1) if len(data) - end < _LONGEST_WAIT else len(data) - _LONGEST_SEQUENCE
        self._waiting = data[start_of_waiting:]
        self._weigh(data[: max(end, start_of_waiting)])

    def encoding(self) -> str:
        """Return the verdict over all pieces."""
        self._weigh(self._waiting)
        self._waiting = b""
        return WINDOWS_1252 if self._for_1252 > self._for_utf8 + self._against_1252 else UTF8

    def _weigh(self, data: bytes) -> None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("utf-8", "surrogateescape")
            self._for_utf8 += len(_SOUND.findall(text))
            self._for_1252 += len(_READS_AS_1252.findall(text))
            self._against_1252 += len(_NEVER_1252.findall(text))
        else:
            self._for_utf8 += len(data) - len(data.translate(None, _LEAD_BYTES))


def shown_encoding(encoding: str) -> str:
    """Return an encoding's name as messages write it."""
    return _SHOWN.get(encoding) or encoding.replace("cp125", "windows-125").replace("windows", "Windows")


def is_proven(encoding: str, head: bytes) -> bool:
    """Whether an encoding that was found is more than a guess.

    Args:
        encoding: It. ASCII is found as UTF-8, which takes hardly any text of another encoding.
        head: The file's first bytes.
    """
    return encoding == UTF8 or bool(byte_order_mark(head))


def byte_order(encoding: str) -> str | None:
    """Return how an encoding orders the bytes of a character, as messages write it; None where there is one way."""
    return {UTF16_LITTLE: "little-endian", UTF16_BIG: "big-endian"}.get(encoding)


def _nul_share(data: bytes) -> float:
    return data.count(0) / len(data) if data else 0.0
