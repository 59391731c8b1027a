"""Finding out what stands between two fields. Pure: the beginning of a text in, a delimiter out."""

import io
import re

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo.datasets.dialects import Header as HeaderIs
from csvdynamo.rules.header import Header
from csvdynamo_airflow.reading.delimiter_pairs import find_pair, is_half_of_pair
from csvdynamo_airflow.reading.delimiter_trial import Trial
from csvdynamo_airflow.reading.header_names import told_names

DELIMITERS = (",", ";", "|", "\t")
"""Those that are looked for, in this order where several fit alike."""

_NEVER = re.compile(r"[\w\s\"'.\-+/\\]")


def find_delimiter(head: str, dataset: Dataset) -> str:
    """Find the delimiter by the header line.

    It is the one that gives the columns that the data set cannot do without; of several, or of none, one that cuts the
    header and leaves its quotes right; of several, one with which most of the first rows are as wide as the header; of
    several still, the one that gives the most columns. A delimiter within quotes is text. Two characters are taken
    where they are evident (`find_pair`). Where none of the usual ones gives the columns, any other character, or white
    space, is taken with which the header and every row are cut alike.

    Args:
        head: The beginning of the text, the header and some rows if it has them.
        dataset: The data set.
    """
    usual = [Trial(head, delimiter, dataset) for delimiter in DELIMITERS]
    best = max(usual, key=lambda trial: trial.fitness)
    first_line = _first_line(head)
    bare = _without_quoted(first_line, dataset.source.quote)
    # Without a header their number alone tells of names: that is less than a usual delimiter that cuts all rows alike.
    contested = {trial.delimiter for trial in usual if dataset.source.header is HeaderIs.NONE and trial.is_even}
    pair = find_pair(head, bare, dataset, DELIMITERS)
    if pair is not None and contested <= set(pair):
        return pair
    if best.gives_columns or contested:
        return best.delimiter
    marks = [one for one in first_line if not _NEVER.match(one) and one not in DELIMITERS]
    others = [Trial(head, one, dataset) for one in (*dict.fromkeys(marks), WHITE_SPACE)]
    evident = [trial for trial in others if trial.gives_columns and trial.is_even and not is_half_of_pair(trial, bare)]
    return max(evident, key=lambda trial: len(trial.records[0]), default=best).delimiter


def header_with_key(head: str, dataset: Dataset) -> list[str] | None:
    """Read the first line as a header that has the partition key's column; None if no delimiter makes it one.

    Args:
        head: The beginning of a text.
        dataset: The data set, which may declare the delimiter.
    """
    for delimiter in (dataset.source.delimiter,) if dataset.source.delimiter else DELIMITERS:
        for header in Trial(_first_line(head), delimiter, dataset).records[:1]:
            if not Header.of(dataset.rules, told_names(header, dataset)[0]).lacking:
                return header
    return None


def _first_line(head: str) -> str:
    return next(iter(io.StringIO(head.lstrip(), newline=None)), "")


def _without_quoted(line: str, quote: str | None) -> str:
    """Take what is in quotes out of a line; a letter stands for it."""
    if not quote:
        return line
    mark = re.escape(quote)
    return re.sub(rf"{mark}(?:[^{mark}]|{mark}{mark})*+(?:{mark}|\Z)", "x", line)
