"""Finding a delimiter of two characters, of which one alone would cut the columns, too. Pure."""

import re
from collections.abc import Collection, Iterator

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.reading.delimiter_trial import Trial

_SYMBOL = r"(?:(?![\w\"'\r\n])[\x00-\xff])"  # no emoji, which is text
_PAIR = re.compile(rf"(?=({_SYMBOL}{_SYMBOL}))")
_BEGINS_CELLS = frozenset(" \t$€£¥¢#@&*+-<([{%./\\`\u00a0\u00a1\u00ab\u00b0\u00bf")
"""What every name and every cell but the first may begin with: beside a delimiter it is no part of that."""
_ENDS_CELLS = frozenset(" \t$€£¥¢#*+->)]}%.?!:`\u00a0\u00b0\u00bb")


def find_pair(head: str, bare: str, dataset: Dataset, usual: Collection[str]) -> str | None:
    """Find the delimiter of two characters that is evident.

    It gives the columns that the data set cannot do without, neither of its characters stands by itself in the header,
    and it cuts most of the rows as the header, no fewer than one of its characters would. That character is the
    delimiter nevertheless where it is a usual one, and the other one may be the first or the last one of every cell,
    unless a quote follows the two: a cell's quotes stand next to the delimiter.

    Args:
        head: The beginning of the text, the header and some rows.
        bare: The header without what is in quotes.
        dataset: The data set.
        usual: The delimiters of one character that most files have.
    """
    evident = [pair for pair in _pairs_alone(bare) if _is_evident(head, pair, dataset, usual)]
    return max(evident, key=bare.count, default=None)


def is_half_of_pair(single: Trial, bare: str) -> bool:
    """Whether a character never stands in a header but next to the same other one, which is hardly the cells' own.

    It is if no cell begins or ends with it, or if all of them would: then nobody can tell, and the file is refused.

    Args:
        single: The character, and how it cuts the rows.
        bare: The header without what is in quotes.
    """
    one = re.escape(single.delimiter)
    after, before = set(re.findall(rf"{one}(.|\Z)", bare)), set(re.findall(rf"(\A|.){one}", bare))
    rows = single.whole_records[1:]
    for beside, likely, cells in (
        (after, _BEGINS_CELLS, [cell[:1] for row in rows for cell in row[1:]]),
        (before, _ENDS_CELLS, [cell[-1:] for row in rows for cell in row[:-1]]),
    ):
        mark = beside.pop() if len(beside) == 1 else ""
        if mark in ("", " ", "\t", "\u00a0") or re.fullmatch(_SYMBOL, mark) is None:
            continue
        if mark not in likely or (bare.count(single.delimiter) > 1 and set(cells) == {mark}):
            return True
    return False


def _pairs_alone(bare: str) -> Iterator[str]:
    """List the pairs of a header of which neither character stands by itself."""
    for pair in dict.fromkeys(_PAIR.findall(bare)):
        first, second = pair[0], pair[1]
        times = bare.count(pair) * (2 if first == second else 1)
        if bare.count(first) == bare.count(second) == times and (not pair.isspace() or pair == "\t\t"):
            yield pair


def _is_evident(head: str, pair: str, dataset: Dataset, usual: Collection[str]) -> bool:
    trial = Trial(head, pair, dataset)
    if not trial.gives_columns or not trial.cuts_most:
        return False
    first, second = (Trial(head, one, dataset) for one in (pair[0], pair[1]))
    if max(first.even_rows, second.even_rows) > trial.even_rows:
        return False
    begins, ends = second.delimiter in _BEGINS_CELLS, first.delimiter in _ENDS_CELLS
    none_is_usual = not set(pair) & set(usual)
    if pair[0] == pair[1] or not any(
        of_cells and single.gives_columns and (none_is_usual or single.delimiter in usual)
        for of_cells, single in ((begins, first), (ends, second))
    ):
        return True
    opening = second.delimiter + (dataset.source.quote or "\n")
    header, *rows = first.whole_records
    # White space before the quotes of the header's cells, too, is no part of them: `shows_initial_space`.
    if second.delimiter.isspace() and any(cell.startswith(opening) for cell in header):
        return False
    return any(cell.startswith(opening) for row in rows for cell in row)
