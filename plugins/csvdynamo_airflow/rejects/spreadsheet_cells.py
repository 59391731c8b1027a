"""Cells of a CSV that people open in a spreadsheet, made safe there and read back to the letter. Pure.

A spreadsheet runs a cell that begins with ``= + - @`` as a formula, some also in their full-width forms, and some look
past white space and line ends in front (https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe in front
makes the cell text. A cell that begins with an apostrophe gets one as well, so that every text, whatever it is, comes
back as it was.
"""

import re
import unicodedata

HELPER_COLUMNS = ("_row", "_code", "_column", "_message")
"""The columns that an error CSV has beside the source's. Only in a file with all four are cells restored."""

_FORMULA_STARTS = tuple("=+-@\t\r\n'")
# White space, control characters, and those that take no room: zero-width ones and the byte order mark.
_UNSEEN = re.compile(r"[\s\x00-\x20\x7f-\xa0\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*")


def neutralise(text: str) -> str:
    """Return a cell, of the header or of a row, as an error CSV holds it."""
    return "'" + text if _may_be_formula(text) else text


def restore(text: str) -> str:
    """Return the cell that `neutralise` was given: one leading apostrophe less."""
    return text.removeprefix("'")


def _may_be_formula(text: str) -> bool:
    if not text or text[0].isalnum():
        return False
    if text.startswith(_FORMULA_STARTS):
        return True
    found = _UNSEEN.match(text)
    first = text[found.end() : found.end() + 1] if found else text[:1]
    # NFKC makes the full-width and the small forms of a sign the sign itself.
    return unicodedata.normalize("NFKC", first).startswith(_FORMULA_STARTS)
