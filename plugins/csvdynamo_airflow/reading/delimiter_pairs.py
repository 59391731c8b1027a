"""Finding a delimiter of two characters, of which one alone would cut the columns, too. Pure."""

import re
from collections.abc import Iterator

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.reading.delimiter_trial import Trial

_SYMBOL = r"(?:(?![\w\"'\r\n])[\x00-\xff])"  # no emoji, which is text
_PAIR = re.compile(rf"(?=({_SYMBOL}{_SYMBOL}))")
_BEGINS_CELLS = frozenset(" \t$€£¥¢#@&*+-<([{%./\\`\u00a0\u00a1\u00ab\u00b0\u00bf")
"""What every name and every cell but the first may begin with: beside a delimiter it is no part of that."""
_ENDS_CELLS = frozenset(" \t$€£¥¢#*+->)]}%.?!:`\u00a0\u00b0\u00bb")


def find_pair(head: str, bare: str, dataset: Dataset) -> str | None:
    """Find the delimiter of two characters that is evident.

    It gives the columns that the data set cannot do without, neither of its characters stands by itself in the header,
    and it cuts most of the rows as the header, no fewer than one of its characters would. That character is the
    delimiter nevertheless where the other one may be the first or the last one of every cell, unless a quote follows
    the two: a cell's quotes stand next to the delimiter.

    Args:
        head: The beginning of the text, the header and some rows.
        bare: The header without what is in quotes.
        dataset: The data set.
    """
    evident = [pair for pair in _pairs_alone(bare) if _is_evident(head, pair, dataset)]
    return max(evident, key=bare.count, default=None)


def is_half_of_pair(one: str, bare: str) -> bool:
    """Whether a character never stands in a header but next to the same other one, which no cell begins or ends with.

    Args:
        one: The character.
        bare: The header without what is in quotes.
    """
    after = set(re.findall(rf"{re.escape(one)}(.|\Z)", bare))
    before = set(re.findall(rf"(\A|.){re.escape(one)}", bare))
    return any(
        len(beside) == 1 and re.fullmatch(_SYMBOL, mark := next(iter(beside))) is not None and mark not in usual
        for beside, usual in ((after, _BEGINS_CELLS), (before, _ENDS_CELLS))
    )


def _pairs_alone(bare: str) -> Iterator[str]:
    """List the pairs of a header of which neither character stands by itself."""
    for pair in dict.fromkeys(_PAIR.findall(bare)):
        first, second = pair[0], pair[1]
        times = bare.count(pair) * (2 if first == second else 1)
        if bare.count(first) == bare.count(second) == times and (not pair.isspace() or pair == "\t\t"):
            yield pair


def _is_evident(head: str, pair: str, dataset: Dataset) -> bool:
    trial = Trial(head, pair, dataset)
    if not trial.gives_columns or not trial.cuts_most:
        return False
    singles = [Trial(head, one, dataset) for one in dict.fromkeys(pair)]
    if any(one.even_rows > trial.even_rows for one in singles):
        return False
    first, second = pair[0], pair[1]
    if first == second or (second not in _BEGINS_CELLS and first not in _ENDS_CELLS):
        return True
    opening = second + (dataset.source.quote or "\n")
    header, *rows = singles[0].whole_records
    # White space before the quotes of the header's cells, too, is no part of them: `shows_initial_space`.
    if second.isspace() and any(cell.startswith(opening) for cell in header):
        return False
    return any(cell.startswith(opening) for row in rows for cell in row)
