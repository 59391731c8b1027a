"""What a cell looks like: a number, a date, a code, words. Pure. For a guess at what is a header, never for a type."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

BLANK_WORDS = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "nan",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "---",
        ".",
        "..",
        "...",
        "?",
        "*",
        "x",
        "\\n",
    ]
)
"""Words that stand for nothing, in small letters."""

_NUMBER = re.compile(
    r"[(<>~≈]?[+\-\u2212]?\s?[$€£¥]?\s?[+\-\u2212]?(?:\d[\d\s\u00a0.,'\u2019]*|[.,]\d+)(?:[eE][+-]?\d+)?\s?[%€$£°*]?\)?"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp][Mm])?(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_DAY = (
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}"
    r"|[A-Za-z]{3}[- ]\d{2}|\d{4}-\d{2}"
)
_MOMENT = re.compile(rf"(?:{_DAY})(?:[T ]+{_TIME})?|{_TIME}")
_YEAR = re.compile(r"(?:1[89]|20|21)\d{2}(?:[-/]\d{2,4})?")
_RUNS = re.compile(r"(.)\1+")
_NEARLY_ALL = 0.9
_LONGEST_NAME = 60
_REMEMBERED = 5000  # cells: each candidate for how a source is written looks at much the same ones


def is_blank(cell: str) -> bool:
    """Whether a cell holds nothing, or a word for it."""
    text = cell.strip()
    return not text or text.lower() in BLANK_WORDS


@lru_cache(_REMEMBERED)
def is_figure(cell: str) -> bool:
    """Whether a cell is a number, a date or a time."""
    return bool(_NUMBER.fullmatch(cell.strip())) or is_moment(cell)


@lru_cache(_REMEMBERED)
def is_moment(cell: str) -> bool:
    """Whether a cell is a date or a time."""
    return _MOMENT.fullmatch(cell.strip()) is not None


def is_year(cell: str) -> bool:
    """Whether a cell is a year, which columns are named after, too."""
    return _YEAR.fullmatch(cell.strip()) is not None


@lru_cache(_REMEMBERED)
def shape_of(cell: str) -> str:
    """Write a cell with one ``9`` for a run of digits and one ``a`` for a run of letters."""
    kinds = ("9" if one.isdigit() else "a" if one.isalpha() else one for one in cell.strip())
    return _RUNS.sub(r"\1", "".join(kinds))


@dataclass(frozen=True)
class ColumnLook:
    """What the cells of a column look like.

    Attributes:
        values: How often each value comes.
        filled: How many cells hold something.
        figures: Whether nearly all of those are numbers, dates or times.
        moments: Whether nearly all of those are dates or times.
        years: Whether nearly all of those are years.
        shape: The shape of nearly all of them, if it tells them from words: it has a digit; "" if there is none.
    """

    values: Counter[str]
    filled: int
    figures: bool
    moments: bool
    years: bool
    shape: str

    @classmethod
    def of(cls, cells: Sequence[str]) -> "ColumnLook":
        """Look at a column's cells."""
        filled = [cell.strip() for cell in cells if not is_blank(cell)]
        enough = _NEARLY_ALL * len(filled)
        shape, times = Counter(map(shape_of, filled)).most_common(1)[0] if filled else ("", 0)
        return cls(
            Counter(filled),
            len(filled),
            bool(filled) and sum(map(is_figure, filled)) >= enough,
            bool(filled) and sum(map(is_moment, filled)) >= enough,
            bool(filled) and sum(map(is_year, filled)) >= enough,
            shape if times >= enough and "9" in shape else "",
        )

    def vote(self, cell: str) -> float:
        """Say whether a cell is unlike those of the column, as a name is (above 0), or like them (below 0)."""
        text = cell.strip()
        if is_blank(text) or not self.filled:
            return 0.0
        if self.figures:
            return self._vote_of_figures(text)
        if is_figure(text):
            return -0.5 if not is_year(text) else 0.0
        if self.shape:
            return -1.0 if shape_of(text) == self.shape else 1.0
        if text in self.values:
            return -1.0
        return self._vote_of_words(text)

    def _vote_of_figures(self, text: str) -> float:
        if not is_figure(text):
            return 1.0
        if is_moment(text) and not self.moments:
            return 1.0  # a column of numbers that is named after a day
        return 0.0 if is_year(text) and not self.years else -1.0

    def _vote_of_words(self, text: str) -> float:
        lengths = {len(value) for value in self.values}
        if self.filled > 2 and len(lengths) == 1 and lengths != {len(text)}:
            return 0.5
        if len(text) > _LONGEST_NAME:
            return -0.3
        few = self.filled >= 20 and len(self.values) <= self.filled / 4
        return 0.5 if few else 0.1
