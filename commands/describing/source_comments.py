"""Which lines of a text are comments. Pure."""

from collections.abc import Sequence

from commands.describing.source_dialect import Dialect, commonest_width, records_of

_MARKS = ("#", "//", "%", "--", "!", "*", ";")
_LINES = 4_000
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
    some = lines[:_LINES]
    for mark in _MARKS:
        marked = [line for line in some if line.startswith(mark)]
        others = [line for line in some if line.strip() and not line.startswith(mark)]
        if not marked or len(others) < 1 or dialect.delimiter in mark:
            continue
        above = all(line.startswith(mark) or not line.strip() for line in some[: len(marked)])
        records = records_of(others, dialect)
        if not records:
            continue
        width = commonest_width(records)
        alike = sum(one.width == width for line in marked for one in records_of([line], dialect)[:1])
        if (above and (alike < len(marked) or len(marked) > 1)) or not alike:
            return mark
    return None
