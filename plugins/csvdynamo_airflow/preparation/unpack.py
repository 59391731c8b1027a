"""Opening what a source is packed in: gzip, a zip archive of one CSV, or nothing."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from csvdynamo_airflow.preparation.source_error import SourceFileError

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TEXT_NAMES = (".csv", ".tsv", ".tab", ".psv", ".txt")
_LISTED = 10
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Unpacked:
    """A source's own bytes.

    Attributes:
        stream: Reads them.
        compression: What they are packed in: ``gzip``, ``zip`` or None.
    """

    stream: IO[bytes]
    compression: str | None


@contextmanager
def open_unpacked(path: Path, name: str) -> Iterator[Unpacked]:
    """Open a source, told by its first bytes. Nothing is unpacked to the disk.

    Args:
        path: The file.
        name: What to call it in messages.

    Raises:
        SourceFileError: It is corrupt or breaks off, which may show only while it is read; or a zip archive that is
            encrypted, has no CSV or several, or is a spreadsheet.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as stream:
                    yield Unpacked(cast("BinaryIO", stream), "gzip")
            elif magic in _ZIP:
                with zipfile.ZipFile(file) as archive, archive.open(_only_csv(archive, name)) as member:
                    yield Unpacked(member, "zip")
            else:
                yield Unpacked(file, None)
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise SourceFileError(
            f"{name} is corrupt gzip or zip, by its first bytes: {error}. Download it again."
        ) from error
    except EOFError as error:
        raise SourceFileError(
            f"{name} is gzip or zip, by its first bytes, and breaks off before its end. Download it again."
        ) from error
    except NotImplementedError as error:
        raise SourceFileError(
            f"{name} is a zip archive that cannot be unpacked: {error}. Give the CSV itself."
        ) from error


def _only_csv(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Find the one CSV of an archive; what else an archiver puts beside it is left aside."""
    files = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    if any(entry.filename == "[Content_Types].xml" for entry in files):
        raise SourceFileError(f"{name} is a spreadsheet or a document, not a CSV. Save it as CSV.")
    texts = [entry for entry in files if entry.filename.lower().endswith(_TEXT_NAMES)]
    csvs = [entry for entry in texts if entry.filename.lower().endswith(".csv")] or texts or files
    if len(csvs) != 1:
        held = ", ".join(repr(entry.filename) for entry in (csvs or files)[:_LISTED]) or "nothing"
        more = f" and {len(csvs) - _LISTED} more" if len(csvs) > _LISTED else ""
        raise SourceFileError(f"{name} is a zip archive that must hold one CSV; it holds {held}{more}. Give one CSV.")
    if csvs[0].flag_bits & _ENCRYPTED:
        raise SourceFileError(f"{name} is a zip archive whose {csvs[0].filename!r} is encrypted. Give the CSV itself.")
    return csvs[0]


def _is_litter(file_name: str) -> bool:
    path = PurePosixPath(file_name)
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith(".")
