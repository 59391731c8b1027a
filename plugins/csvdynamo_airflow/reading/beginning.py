"""What stands before a source's header: Excel's line that names the delimiter, and lines that are no records. Pure."""

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from csvdynamo.datasets.source_rules import Source

_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\r\n"][^\s"]?)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Beginning:
    """The beginning of a source's text.

    Attributes:
        delimiter: What its first line says stands between two cells, None if it is none that says so.
        skipped_lines: Its lines before the header that are no records.
        text: What follows them, as far as the delimiter is looked for in it.
    """

    delimiter: str | None
    skipped_lines: int
    text: str


def find_beginning(head: str, source: Source) -> Beginning:
    """Take what is no record off the beginning of a text.

    Args:
        head: The beginning.
        source: How the data set file says that it is written.
    """
    lines = io.StringIO(head, newline=source.line_end if source.line_end == "\n" else "").readlines()
    told = _SEPARATOR_LINE.fullmatch(lines[0].rstrip("\r\n")) if lines else None
    skipped = max(source.skip_lines, 1 if told else 0)
    rest = lines[skipped:]
    if source.comment:
        rest = [line for line in rest if not line.startswith(source.comment)]
    if source.header_at is not None:
        rest = rest[_place_of(source.header_at, rest) :]
    return Beginning(told["delimiter"] if told else None, skipped, "".join(rest))


def looks_like_cell(cell: str) -> re.Pattern[str]:
    """Give a pattern that finds a text where it may be a cell of a line, whatever the delimiter is."""
    return re.compile(rf"(?:^|[^\w\s])\s*{re.escape(cell)}\s*(?:[^\w\s]|$)")


def _place_of(cell: str, lines: Sequence[str]) -> int:
    """Find the first line that a text may be a cell of, or else one that holds it; 0 if there is none."""
    wanted = unicodedata.normalize("NFC", cell).strip()
    pattern, forms = looks_like_cell(wanted), [unicodedata.normalize("NFC", line) for line in lines]
    places = [place for place, line in enumerate(forms) if pattern.search(line)]
    places += [place for place, line in enumerate(forms) if wanted in line]
    return next(iter(places), 0)


def shows_initial_space(text: str, delimiter: str, quote: str | None) -> bool:
    """Whether the header itself shows that spaces after a delimiter are no part of a cell: a quote follows them.

    Args:
        text: The text, the header first.
        delimiter: What stands between two cells.
        quote: The character round cells.
    """
    if not quote or len(delimiter) > 1:
        return False
    header = next(iter(io.StringIO(text.lstrip(), newline=None)), "")
    return re.search(rf"{re.escape(delimiter)} +{re.escape(quote)}[^{re.escape(quote)}]", header) is not None
