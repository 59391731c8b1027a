"""Cells of a CSV that people open in a spreadsheet, made safe there and read back to the letter. Pure.

A spreadsheet runs a cell that begins with ``= + - @`` as a formula, some also in their full-width forms, and some look
past white space and line ends in front (https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe in front
makes the cell text.

Where a semicolon, a tab or a bar separates cells, as in many countries a semicolon does, a comma does not, and the
quotes around a cell that is not the first of its line are taken for text: the file's cell ``x;=1+1`` is two cells
there, of which the second one is a formula. So each piece of a cell that may become one gets its own apostrophe.

What begins with an apostrophe gets one as well, so that every text, whatever it is, comes back as it was.
"""

import re
import unicodedata

HELPER_COLUMNS = ("_row", "_code", "_column", "_message")
"""The columns that an error CSV has beside the source's. Only in a file with all four are cells restored."""

MARKED_WITHIN = "_marked_within"
"""The column that an error CSV has where a cell has an apostrophe of `neutralise` elsewhere than in front.

It says how the cells are restored: an apostrophe after a semicolon in a file without it is the source's own.
"""

_FORMULA_STARTS = tuple("=+-@\t\r\n'")
# White space, control characters, and those that take no room: zero-width ones and the byte order mark. Quotes, because
# who takes a piece for a cell takes its first one for the beginning of a quoted cell, and the next one for its end.
_UNSEEN = re.compile(r"[\"\s\x00-\x20\x7f-\xa0\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*")
_WITHIN = re.compile(r"(?<=[;|\t\r\n])[^;|\t\r\n]+")
"""A piece of a cell that some program may take for a cell, or a line, of its own."""


def neutralise(text: str) -> str:
    """Return a cell, of the header or of a row, as an error CSV holds it."""
    cell = _WITHIN.sub(_neutralise_piece, text)
    return "'" + cell if _may_be_formula(text) else cell


def restore(text: str) -> str:
    """Return the cell that `neutralise` was given: one apostrophe less in front, and in front of each piece."""
    return restore_front(_WITHIN.sub(lambda piece: piece[0].removeprefix("'"), text))


def restore_front(text: str) -> str:
    """Return a cell that has an apostrophe of `neutralise` in front at most."""
    return text.removeprefix("'")


def is_marked_within(text: str) -> bool:
    """Say whether `neutralise` puts an apostrophe elsewhere in a cell than in front."""
    return any(map(_may_be_formula, _WITHIN.findall(text)))


def _neutralise_piece(piece: re.Match[str]) -> str:
    return "'" + piece[0] if _may_be_formula(piece[0]) else piece[0]


def _may_be_formula(text: str) -> bool:
    if not text or text[0].isalnum():
        return False
    if text.startswith(_FORMULA_STARTS):
        return True
    found = _UNSEEN.match(text)
    first = text[found.end() : found.end() + 1] if found else text[:1]
    # NFKC makes the full-width and the small forms of a sign the sign itself.
    return unicodedata.normalize("NFKC", first).startswith(_FORMULA_STARTS)
