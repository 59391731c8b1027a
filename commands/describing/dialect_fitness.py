"""How well a way of writing cuts a text into records and cells. Pure."""

import re
from collections.abc import Sequence

from commands.describing.cell_kinds import is_blank, is_figure, is_moment
from commands.describing.dialect_candidates import SURE, USUAL
from commands.describing.source_dialect import Dialect, Record, commonest_width
from csvdynamo.datasets.dialects import WHITE_SPACE

_NO_CELL_OF_TABS = re.compile(r"[\t|^~¦\x01\x1f]|(?<=\S) {3,}(?=\S)")
_NO_CELL = re.compile(
    r"[;\t|^~¦\x01\x1f]|,(?=\S)|(?<=\S) {2,}(?=\S)"
)  # what a cell hardly holds, but for the delimiter itself


def fitness(records: Sequence[Record], dialect: Dialect, *, whole: bool) -> float:
    """Say how well a dialect cuts a text, from 0 to 1.

    It is the share of the records that have the commonest width and sound quotes, less where there are few cells, and
    much less where cells hold what looks like another delimiter.

    Args:
        records: The text's, read with it.
        dialect: The dialect.
        whole: Whether the last record is whole.
    """
    records = [record for record in (records if whole or len(records) < 2 else records[:-1]) if record.filled]
    if not records:
        return 0.0
    width = commonest_width(records)
    even = [record for record in records if record.width == width and record.sound]
    if width < 2 or not even:
        return 0.0
    cells = [cell for record in even[:200] for cell in record.cells]
    share = len(even) / len(records)
    if _habit(dialect) < 1.0 and _cuts_cells(records, width, dialect):
        return 0.0
    spread = (width - 1) / width
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        spread = (2 * width - 2) / (2 * width - 1)  # as many cells as with one of its characters, no more, no less
    return share * spread * _clean_share(cells, dialect) ** 2 * _habit(dialect)


def _cuts_cells(records: Sequence[Record], width: int, dialect: Dialect) -> bool:
    """Whether what is seldom a delimiter cuts what is one cell: below a header of one word, or a date with its time."""
    if len(records) > 1 and records[0].width == 1 and records[1].width == width:
        return True
    glue = " " if dialect.delimiter == WHITE_SPACE else dialect.delimiter
    lines = [glue.join(record.cells) for record in records[:200]]
    return sum(map(is_moment, lines)) > 0.8 * len(lines)


def _clean_share(cells: Sequence[str], dialect: Dialect) -> float:
    clean = sum(_is_clean(cell, dialect) for cell in cells)
    return clean / len(cells)


def _is_clean(cell: str, dialect: Dialect) -> bool:
    text = cell.strip()
    if is_blank(text):
        return True
    if dialect.quote is None and text[0] == '"' == text[-1]:
        return False
    if is_figure(text):
        return True
    if text in USUAL or (dialect.delimiter == WHITE_SPACE and text.endswith((",", ";"))):
        return False
    # Whoever writes a tab between cells needs no quotes round those with commas.
    marks = (_NO_CELL_OF_TABS if dialect.delimiter in ("\t", "|", *SURE) else _NO_CELL).findall(text)
    return all((mark.strip(" ") or " ") in dialect.delimiter for mark in marks)


def _habit(dialect: Dialect) -> float:
    if dialect.delimiter in USUAL or dialect.delimiter in SURE:
        return 1.0
    if len(dialect.delimiter) == 2 and dialect.delimiter != WHITE_SPACE:
        return 1.01
    return 0.7 if dialect.delimiter == WHITE_SPACE else 0.6
