"""Telling what a file is that is no CSV, by its first bytes alone and never by what its server calls it. Pure.

What begins as a format does that is text, or whose mark might be text, is that format unless its first line is a header
with the partition key's column: then it can be migrated, whatever its first cell looks like.
"""

import re

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.reading.delimiter import header_with_key

_MARKS = {
    b"PK\x03\x04": "a zip archive or a spreadsheet within another archive",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\x1f\x8b": "gzip within gzip or zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel or Word file",
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
}
_TEXT_MARKS = {
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"BZh": "bzip2",
    b"GIF8": "a GIF image",
    b"SQLite format 3": "an SQLite database",
    b"{\\rtf": "a rich text document",
}
_DOCUMENTS = (
    (re.compile(r"<(\?xml|[a-z_][\w.-]*:)", re.IGNORECASE), "a web page or XML"),
    (re.compile(r"<(!doctype|!--|[a-z][\w.-]*(?=[\s/>]))", re.IGNORECASE), "a web page"),
)
# An array's first value is a value of JSON, too: [id] may be a header, as SQL Server writes names.
_JSON = re.compile(r"\{\s*[\"}]|\[\s*(?:[\"\]]|\[\s*[\"\]\d-]|\{\s*[\"}])")
_SHOWN_CHARACTERS = 20


def marked_format(head: bytes) -> tuple[str, str] | None:
    """Tell a format by a mark that no text begins with.

    Returns:
        What it is and what it begins with, as messages write them; None if it is none of those that are known.
    """
    return next(((kind, repr(mark)) for mark, kind in _MARKS.items() if head.startswith(mark)), None)


def text_marked_format(head: bytes, text: str, dataset: Dataset) -> tuple[str, str] | None:
    """Tell a format by a mark that might be a column's name.

    Args:
        head: The first bytes (unpacked).
        text: The same, decoded, without a byte order mark.
        dataset: The data set, which says what the key's column is.

    Returns:
        As `marked_format` does.
    """
    for mark, kind in _TEXT_MARKS.items():
        if head.startswith(mark) and header_with_key(text, dataset) is None:
            return kind, repr(mark)
    return None


def document_format(text: str, dataset: Dataset) -> tuple[str, str] | None:
    """Tell a document that is text: HTML, XML or JSON.

    Args:
        text: The first characters, without a byte order mark.
        dataset: The data set, which says what the key's column is.

    Returns:
        As `marked_format` does.
    """
    begun = text.lstrip()
    shown = repr(begun.split(maxsplit=1)[0][:_SHOWN_CHARACTERS]) if begun else ""
    if _JSON.match(begun):
        return "JSON", shown
    for beginning, kind in _DOCUMENTS:
        if beginning.match(begun) and not _is_header(begun, dataset):
            return kind, shown
    return None


def _is_header(text: str, dataset: Dataset) -> bool:
    """Whether the first line is a header with the key. A page may be one line with any name in it, and many tags."""
    header = header_with_key(text, dataset)
    return header is not None and header[0].count("<") == 1 and "</" not in "".join(header)
