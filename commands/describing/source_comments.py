"""Which lines of a text are comments. Pure."""

from collections.abc import Sequence

from commands.describing.source_dialect import Dialect, commonest_width, records_of

_MARKS = ("#", "//", "%", "--", "!", "*", ";")
_MOST_SHARE = 0.5


def without_comments(lines: Sequence[str]) -> list[str]:
    """Leave out lines that look like comments, unless most do."""
    rest = [line for line in lines if not line.startswith(_MARKS)]
    return rest if len(rest) >= _MOST_SHARE * len(lines) else list(lines)


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
        alike = sum(
            record.width == width
            for record in (*marked, *(one for line in on_top for one in records_of([line], dialect)))
        )
        # One line above rows that has as many cells is a header that begins so.
        if not alike or (len(on_top) > 1 and not any(record.width == width for record in marked)):
            return mark
    return None
