"""How a source is written: what is found before its first row is read."""

from dataclasses import dataclass

from csvdynamo_airflow.reading.text_encoding import UTF8


@dataclass(frozen=True)
class SourceFormat:
    """How a source is written.

    Attributes:
        delimiter: The character between two fields.
        encoding: Python's name of its encoding, ``utf-8-sig`` for UTF-8 with a byte order mark.
        compression: What it is packed in: ``gzip``, ``zip`` or None.
    """

    delimiter: str = ","
    encoding: str = UTF8
    compression: str | None = None
