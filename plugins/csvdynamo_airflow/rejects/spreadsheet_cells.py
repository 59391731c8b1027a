"""Cells of a CSV that people open in a spreadsheet, made safe there and read back to the letter. Pure.

A spreadsheet runs a cell that begins with ``= + - @``, a tab or a carriage return as a formula
(https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe in front makes it text. A cell that begins with
an apostrophe gets one as well, so that every text, whatever it is, comes back as it was.
"""

HELPER_COLUMNS = ("_row", "_code", "_column", "_message")
"""The columns that an error CSV has beside the source's. Only in a file with all four are cells restored."""

_FORMULA_STARTS = tuple("=+-@\t\r'")


def neutralise(text: str) -> str:
    """Return a cell, of the header or of a row, as an error CSV holds it."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def restore(text: str) -> str:
    """Return the cell that `neutralise` was given: one leading apostrophe less."""
    return text.removeprefix("'")
