"""Opening what a source is packed in: gzip, a zip archive of one CSV, or nothing."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

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
def open_unpacked(path: Path, name: str, most: int | None = None) -> Iterator[Unpacked]:
    """Open a source, told by its first bytes. Nothing is unpacked to the disk.

    Args:
        path: The file.
        name: What to call it in messages.
        most: The data set's ``source.max_unpacked_bytes``, None for no limit. What is not packed has none: it cannot be
            larger than what was fetched.

    Raises:
        FileTooLargeError: It unpacks to more than ``most``, which shows only while it is read.
        SourceFileError: It is corrupt or breaks off, which may show only while it is read; or a zip archive that is
            encrypted, has no CSV or several, or is a spreadsheet.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as stream:
                    yield Unpacked(_limited(stream, most, name), "gzip")
            elif magic in _ZIP:
                with zipfile.ZipFile(file) as archive, archive.open(_only_csv(archive, name)) as member:
                    yield Unpacked(_limited(member, most, name), "zip")
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


class _Limited(io.BufferedIOBase):
    """What a packed stream unpacks to, up to a limit: an archive may hold a thousand times its own size."""

    def __init__(self, stream: io.BufferedIOBase, most: int, name: str) -> None:
        self._stream = stream
        self._most = most
        self._name = name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        return self._checked(self._stream.read(-1 if size is None else size))

    def read1(self, size: int = -1, /) -> bytes:
        return self._checked(self._stream.read1(size))

    def _checked(self, piece: bytes) -> bytes:
        if self._stream.tell() > self._most:
            raise FileTooLargeError(
                f"{self._name} unpacks to more than {self._most:,} bytes, which is what source.max_unpacked_bytes "
                "allows. Raise it in the data set file if the source is meant to be so large."
            )
        return piece


def _limited(stream: object, most: int | None, name: str) -> IO[bytes]:
    packed = cast("io.BufferedIOBase", stream)
    return cast("IO[bytes]", packed if most is None else _Limited(packed, most, name))


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
