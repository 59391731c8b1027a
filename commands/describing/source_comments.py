"""Which lines of a text are comments. Pure."""

from collections.abc import Sequence

from commands.describing.cell_kinds import is_figure
from commands.describing.source_dialect import Dialect, Record, commonest_width, records_of
from commands.describing.source_header import HeaderPlace

_MARKS = ("#", "//", "%", "--", "!", "*", ";")
_MOST_SHARE = 0.5


def without_comments(lines: Sequence[str]) -> list[str]:
    """Leave out lines that look like comments, unless most do."""
    rest = [line for line in lines if not line.startswith(_MARKS)]
    return rest if len(rest) >= _MOST_SHARE * len(lines) else list(lines)


def header_in_comment(lines: Sequence[str], comment: str, place: HeaderPlace, dialect: Dialect) -> list[Record]:
    """Find the names of the columns in the last comment above the rows.

    Args:
        lines: The text's lines.
        comment: What comments begin with.
        place: Where the rows begin.
        dialect: How they are written.

    Returns:
        The header as a record; none where that comment has as many words as no row has cells.
    """
    above = [line for line in lines[: place.line] if line.startswith(comment)]
    if not above or not place.rows:
        return []
    bare = above[-1].lstrip(comment[0] + " ") if dialect.delimiter != "\t" else above[-1].lstrip(comment[0]).lstrip(" ")
    records = records_of([bare], dialect)
    names = [cell.strip() for cell in records[0].cells] if records else []
    fits = 1 < len(names) == place.rows[0].width and all(names) and len(set(names)) == len(names)
    return [] if not fits or any(map(is_figure, names)) else records


def find_comment(lines: Sequence[str], dialect: Dialect) -> str | None:
    """Find what comments begin with: lines above the table, or of other widths than its rows.

    Args:
        lines: The text's lines.
        dialect: How they are written.
    """
    for mark in _MARKS:
        if dialect.delimiter in mark or dialect.quote == mark or not any(line.startswith(mark) for line in lines):
            continue
        above = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith(mark)), 0)
        records = records_of(lines[above:], dialect)
        marked = [record for record in records if lines[above + record.line].startswith(mark)]
        others = [record for record in records if record.filled and record not in marked]
        on_top = [line for line in lines[:above] if line.strip()]
        if not others or len(on_top) + len(marked) == 0 or len(marked) > _MOST_SHARE * len(records):
            continue
        width = commonest_width(others)
        on_top_records = [record for line in on_top for record in records_of([line], dialect)]
        alike = sum(one.width == width and (one.filled > 1 or width == 1) for one in (*marked, *on_top_records))
        # One line above rows that has as many cells is a header that begins so.
        if not alike or (len(on_top) > 1 and not any(record.width == width for record in marked)):
            return mark
    return None
