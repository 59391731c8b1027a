"""How a source is written: what is found, and what the data set file says, before its first row is read."""

import csv
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from csvdynamo_airflow.reading.text_encoding import UTF8

MARK = "\ufdd0"
"""What stands for a delimiter that is no single character while a source is read: no text has it, since Unicode keeps
it for such uses."""

MOST_LINES_IN_DOUBT = 10
"""How far a quote that is wrong casts doubt, in lines: cells of more lines than this are taken for cells of as many."""


@dataclass(frozen=True)
class QuoteHabits:
    """What the beginning of a source shows of how its writer quotes. It decides what a quote out of place may be.

    Attributes:
        doubles: Whether a quote within a cell was doubled: then one that is not is none of the writer's.
        lines: Physical lines of the longest cell, at most `MOST_LINES_IN_DOUBT`.
        careless: Whether so many quotes are out of place that they tell nothing of the rows round them.
        bare: Delimiter and line ends, if they stand in quoted cells without the escape character: then one that has it
            lost the quote between the two.
    """

    doubles: bool = False
    lines: int = 1
    careless: bool = False
    bare: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SourceFormat:
    """How a source is written.

    Attributes:
        delimiter: What stands between two fields: one or two characters, or `dialects.WHITE_SPACE`.
        encoding: Python's name of its encoding, ``utf-8-sig`` for UTF-8 with a byte order mark.
        compression: What it is packed in: ``gzip``, ``zip``, ``zst``, ``xz``, ``bz2`` or None.
        quote: The character round cells, None for a source without any quoting.
        escape: The character before one that stands for itself, None where there is none.
        skip_initial_space: Whether spaces after a delimiter are no part of a cell.
        line_end: The one that ends a line, None for all three.
        comment: What a line begins with that is no record, None where there are none.
        skipped_lines: Lines before the header that are no records.
        guessed: Whether the encoding was found, and nothing proves it.
        members: The files of a zip archive that are read one after the other, if that was asked for.
        habits: How its writer quotes.
    """

    delimiter: str = ","
    encoding: str = UTF8
    compression: str | None = None
    quote: str | None = '"'
    escape: str | None = None
    skip_initial_space: bool = False
    line_end: str | None = None
    comment: str | None = None
    skipped_lines: int = 0
    guessed: bool = field(default=False, compare=False)
    members: tuple[str, ...] = ()
    habits: QuoteHabits = field(default=QuoteHabits(), compare=False)

    @property
    def mark(self) -> str:
        """The one character that stands between two fields once lines are read (`source_lines.SourceLines`)."""
        return self.delimiter if len(self.delimiter) == 1 else MARK

    @cached_property
    def options(self) -> dict[str, Any]:
        """What Python's reader is told."""
        return {
            "delimiter": self.mark,
            "quotechar": self.quote,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "skipinitialspace": self.skip_initial_space,
        }
