"""Opening what a source is packed in: gzip, zstandard, xz, bzip2, a zip archive of CSVs, or nothing."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.zip_members import JoinedMembers
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MAGIC = {
    "gzip": (b"\x1f\x8b",),
    "zst": (b"\x28\xb5\x2f\xfd",),
    "xz": (b"\xfd7zXZ\0",),
    "bz2": tuple(b"BZh%d" % level + after for level in range(1, 10) for after in (b"1AY&SY", b"\x17rE8P\x90")),
    "zip": _ZIP,
}
_MAGIC_BYTES = 10
_TEXT_NAMES = (".csv", ".tsv", ".tab", ".psv", ".txt")
_LISTED = 10
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Unpacked:
    """A source's own bytes.

    Attributes:
        stream: Reads them.
        compression: What they are packed in: ``gzip``, ``zip``, ``zst``, ``xz``, ``bz2`` or None.
        members: The files of a zip archive that are read one after the other, if that was asked for.
    """

    stream: IO[bytes]
    compression: str | None
    members: tuple[str, ...] = ()


@contextmanager
def open_unpacked(path: Path, name: str, most: int | None = None, source: Source | None = None) -> Iterator[Unpacked]:
    """Open a source, told by its first bytes. Nothing is unpacked to the disk.

    Args:
        path: The file.
        name: What to call it in messages.
        most: The data set's ``source.max_unpacked_bytes``, None for no limit. What is not packed has none: it cannot be
            larger than what was fetched.
        source: How the data set file says that it is written, and which files of an archive it is.

    Raises:
        FileTooLargeError: It unpacks to more than ``most``, which shows only while it is read.
        SourceFileError: It is corrupt or breaks off, which may show only while it is read; or a zip archive that is
            encrypted, has no CSV or several, or is a spreadsheet.
    """
    with path.open("rb") as file:
        magic = file.read(_MAGIC_BYTES)
        file.seek(0)
        kind = next((kind for kind, marks in _MAGIC.items() if magic.startswith(marks)), None)
        try:
            if kind is None:
                yield Unpacked(file, None)
            elif kind == "zip":
                with zipfile.ZipFile(file) as archive, _open_members(archive, name, source) as unpacked:
                    yield Unpacked(_limited(unpacked.stream, most, name), kind, unpacked.members)
            else:
                with _open_packed(kind, file, name) as stream:
                    yield Unpacked(_limited(stream, most, name), kind)
        except EOFError as error:
            raise SourceFileError(
                f"{name} is {_shown(kind)}, by its first bytes, and breaks off before its end. Download it again."
            ) from error
        except NotImplementedError as error:
            raise SourceFileError(
                f"{name} is a zip archive that cannot be unpacked: {error}. Give the CSV itself."
            ) from error
        except Exception as error:
            if kind is None or not _is_corruption(error):
                raise
            raise SourceFileError(
                f"{name} is corrupt {_shown(kind)}, by its first bytes: {error}. Download it again."
            ) from error


def _shown(kind: str | None) -> str:
    return "gzip or zip" if kind in ("gzip", "zip") else str(kind)


def _is_corruption(error: Exception) -> bool:
    """Whether a decompressor complains of what it reads, and not the disk; bz2 has no error of its own."""
    if isinstance(error, gzip.BadGzipFile | zipfile.BadZipFile | zlib.error | lzma.LZMAError):
        return True
    return type(error).__name__ == "ZstdError" or (type(error) is OSError and error.errno is None)


def _open_packed(kind: str, file: IO[bytes], name: str) -> Any:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=file)
    if kind == "xz":
        return lzma.LZMAFile(file)
    if kind == "bz2":
        return bz2.BZ2File(file)
    try:
        zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    except ImportError as error:
        raise SourceFileError(
            f"{name} is zstandard, by its first bytes, and the worker has no package backports.zstd to unpack it: "
            "install what requirements.txt names."
        ) from error
    return zstd.ZstdFile(file)


@contextmanager
def _open_members(archive: zipfile.ZipFile, name: str, source: Source | None) -> Iterator[Unpacked]:
    pattern = source.member if source else None
    if source is None or pattern is None:
        with archive.open(_only_csv(archive, name)) as member:
            yield Unpacked(member, "zip")
        return
    files = _files(archive, name)
    wanted = [one for one in files if fnmatchcase(one.filename, pattern) or fnmatchcase(_base(one.filename), pattern)]
    if not wanted:
        raise SourceFileError(
            f"{name} is a zip archive in which no file matches source.member, {pattern!r}; it holds "
            f"{_listed(files)}. Correct the pattern."
        )
    for one in wanted:
        _refuse_encrypted(one, name)
    with JoinedMembers(archive, wanted, source, name) as joined:
        yield Unpacked(cast("IO[bytes]", joined), "zip", tuple(one.filename for one in wanted))


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


def _files(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """List an archive's files; what else an archiver puts beside them is left aside."""
    files = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    if any(entry.filename == "[Content_Types].xml" for entry in files):
        raise SourceFileError(f"{name} is a spreadsheet or a document, not a CSV. Save it as CSV.")
    return files


def _only_csv(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Find the one CSV of an archive."""
    files = _files(archive, name)
    texts = [entry for entry in files if entry.filename.lower().endswith(_TEXT_NAMES)]
    csvs = [entry for entry in texts if entry.filename.lower().endswith(".csv")] or texts or files
    if len(csvs) != 1:
        raise SourceFileError(
            f"{name} is a zip archive that must hold one CSV; it holds {_listed(csvs or files)}. Give one CSV, or say "
            'which files are the source: source.member, such as "*.csv".'
        )
    _refuse_encrypted(csvs[0], name)
    return csvs[0]


def _listed(files: list[zipfile.ZipInfo]) -> str:
    held = ", ".join(repr(entry.filename) for entry in files[:_LISTED]) or "nothing"
    return held + (f" and {len(files) - _LISTED} more" if len(files) > _LISTED else "")


def _refuse_encrypted(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise SourceFileError(f"{name} is a zip archive whose {entry.filename!r} is encrypted. Give the CSV itself.")


def _base(file_name: str) -> str:
    return PurePosixPath(file_name).name


def _is_litter(file_name: str) -> bool:
    path = PurePosixPath(file_name)
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith(".")
