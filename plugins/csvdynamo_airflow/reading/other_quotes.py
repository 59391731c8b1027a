"""A row of several lines in quotes of another kind than its file's: each line may look like a row by itself. Pure.

Such a row is seen where one of its lines is none: together they are one row of the right width once another mark is the
quote.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace

from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.source_format import SourceFormat

OTHER_QUOTES = "'`|~^\u00a6\u00b4\u2019\u201d"
"""Marks that some programs put round cells."""

_MOST_CHARACTERS = 64 * 1024
_ANY = re.compile(f"[{re.escape(OTHER_QUOTES)}]")

IN_OTHER_QUOTES = (
    "it and the lines next to it are one row if another mark is the quote: correct its quotes, or set source.quote if "
    "the whole file is written so"
)


def closing_marks(text: str, source: SourceFormat) -> list[str]:
    """List the marks of which a record has one that none in it opens: those round a cell are two, within it doubled.

    Args:
        text: The record.
        source: How the file is written.
    """
    taken = (source.mark, source.quote, source.escape)
    return [mark for mark in set(_ANY.findall(text)) if text.count(mark) % 2 and mark not in taken]


def lines_of_one_row(before: Sequence[str], text: str, marks: Sequence[str], width: int, source: SourceFormat) -> int:
    """Tell how many records before one are lines of the same row, if another mark is the quote; 0 if it is none.

    Two cells of the row have such quotes at least, and it has none elsewhere: an apostrophe here and there is text.

    Args:
        before: The text of the records before it.
        text: Its own text.
        marks: The marks that it may close.
        width: How many cells a row has.
        source: How the file is written.
    """
    for mark in marks:
        quotes, size = 0, len(text)
        for records in range(1, len(before) + 1):
            size += len(before[-records])
            if size > _MOST_CHARACTERS:  # none that a person wrote; a hostile file is read no more often for it
                break
            quotes += before[-records].count(mark)
            if quotes % 2 and _is_row([*before[-records:], text], width, replace(source, quote=mark)):
                return records
    return 0


def _is_row(lines: Sequence[str], width: int, source: SourceFormat) -> bool:
    whole = [line.rstrip("\r\n") + "\n" for line in lines]
    try:
        rows = list(csv.reader(whole, strict=True, **source.options))
    except csv.Error:
        return False
    if len(rows) != 1 or len(rows[0]) != width:
        return False
    quotes, text = Quotes(source), "".join(whole)
    return quotes.are_sound(text) and quotes.quoted_cells(text) > 1
