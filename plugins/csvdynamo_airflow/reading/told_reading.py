"""What reading a source rests on that nobody declared: an error may be the guess's, so it names it. Pure."""

from collections.abc import Sequence

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dialects import WHITE_SPACE
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.spreadsheet_cells import HELPER_COLUMNS
from csvdynamo_airflow.reading.text_encoding import UTF8_WITH_MARK, byte_order, shown_encoding

TAKEN_FOR_ERROR_CSV = (
    f"It has the columns {', '.join(HELPER_COLUMNS)}, and was taken for a corrected rejects.csv. If it is none, rename "
    "one of them."
)

_SHOWN_DELIMITERS = {"\t": "a tab", WHITE_SPACE: "white space"}


def told_reading(source_format: SourceFormat, dataset: Dataset) -> str:
    """Say how a source was read by rule, and which settings of the data set file say otherwise.

    Args:
        source_format: How it was read.
        dataset: The data set. What it declares is no guess.

    Returns:
        A sentence or two; "" when nothing was guessed.
    """
    source, encoding = dataset.source, source_format.encoding
    guesses = []
    settings = []
    if source_format.compression:
        guesses.append(f"unpacked from {source_format.compression}")
    if source.encoding is None and encoding != UTF8_WITH_MARK:
        guesses.append(f"as {shown_encoding(encoding)}{_ordered(encoding)}")
        settings.append("source.encoding")
    elif source.encoding is not None and byte_order(encoding):
        guesses.append(f"in {byte_order(encoding)} byte order")
    if source.delimiter is None:
        guesses.append(f"with {shown_delimiter(source_format.delimiter)} between two fields")
        settings.append("source.delimiter")
    if not guesses:
        return ""
    told = f"It was read {_joined(guesses, ' and ')}, as was found by a rule."
    if settings:
        told += f" If that is wrong, set {_joined(settings, ' or ')} in datasets/{dataset.name}.toml."
    return told


def told_encoding(source_format: SourceFormat, dataset: Dataset) -> str:
    """Name the encoding of a source for the message of a reject; one that was found with the setting."""
    shown = shown_encoding(source_format.encoding)
    if dataset.source.encoding is not None or source_format.encoding == UTF8_WITH_MARK:
        return shown
    return f"{shown}, the encoding that was found (source.encoding sets another)"


def shown_delimiter(delimiter: str) -> str:
    """Return a delimiter as messages write it."""
    return _SHOWN_DELIMITERS.get(delimiter, repr(delimiter))


def _ordered(encoding: str) -> str:
    order = byte_order(encoding)
    return f" in {order} byte order" if order else ""


def _joined(texts: Sequence[str], last: str) -> str:
    return last.join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
