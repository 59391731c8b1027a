"""Opening a source file as text, whatever it is packed in, and refusing what is no CSV."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from csvdynamo_airflow.errors import MigrationError

HEAD_BYTES = 4096
UTF8_BOM = b"\xef\xbb\xbf"

_GZIP = b"\x1f\x8b"
_WEB_PAGE = re.compile(rb"\s*(<!doctype html|<html|<head|<\?xml)", re.IGNORECASE)
_UTF16_OR_32_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PK\x05\x06": "an empty zip archive",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x28\xb5\x2f\xfd": "zstandard",
    _GZIP: "gzip within gzip",
}
_STRAY_CONTROLS = 8  # a few cost their rows, not the file
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))


class SourceFileError(MigrationError):
    """A source file cannot be read as a CSV at all; the message names it and what to do."""


@contextmanager
def open_source(path: Path, name: str) -> Iterator[TextIO]:
    """Open a source as text, in constant memory: plain or gzip (told by its first bytes), UTF-8 with or without a BOM.

    Bytes that are no UTF-8 become lone surrogates (PEP 383), so that they cost one record and not the file. Line ends
    stay as they are.

    Args:
        path: The file.
        name: What to call it in messages.

    Raises:
        SourceFileError: It is empty, a web page, UTF-16, another format, or corrupt gzip. The last may show only while
            it is read.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            source = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
            head = source.read(HEAD_BYTES)
            refuse_head(head, name)
            source.seek(len(UTF8_BOM) if head.startswith(UTF8_BOM) else 0)
            with TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline="") as text:
                yield text
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceFileError(f"{name} is corrupt gzip: {error}. Download it again.") from error
    except EOFError as error:
        raise SourceFileError(f"{name} is gzip that breaks off before its end. Download it again.") from error


def refuse_unless_csv(path: Path, name: str) -> None:
    """Refuse a file whose first bytes cannot be those of a CSV.

    Raises:
        SourceFileError: See `open_source`.
    """
    with open_source(path, name):
        pass


def refuse_head(head: bytes, name: str) -> None:
    """Refuse the first bytes (unpacked) of a file that cannot be a CSV.

    Raises:
        SourceFileError: They are of a web page, of UTF-16, of another format, or none at all.
    """
    if not head.removeprefix(UTF8_BOM).strip():
        if len(head) < HEAD_BYTES:
            raise SourceFileError(f"{name} is empty: not even a header. Check what its publisher serves.")
        raise SourceFileError(f"{name} begins with {HEAD_BYTES} bytes of white space. Check what its publisher serves.")
    if _WEB_PAGE.match(head.removeprefix(UTF8_BOM)):
        raise SourceFileError(
            f"{name} is a web page, not a CSV. Open its address in a browser: a login or a notice may be in the way."
        )
    for magic, kind in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise SourceFileError(f"{name} is {kind}, not a CSV or a gzipped CSV. Give the CSV itself.")
    if head.startswith(_UTF16_OR_32_BOMS):
        raise SourceFileError(f"{name} is UTF-16 or UTF-32. Convert it to UTF-8: iconv -f UTF-16 -t UTF-8.")
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    if controls > max(_STRAY_CONTROLS, len(head) // 20):
        raise SourceFileError(f"{name} is binary, not text. Give the CSV itself, in UTF-8.")
