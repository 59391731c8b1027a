"""Sources that are files of the worker, below the one folder that a setting names."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from csvdynamo_airflow.settings import LOCAL_FOLDER
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.protocol import Origin, Source, SourceRules, SourceUrlError, Worker
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile, ReportProgress, refuse_more_than

PIECE_BYTES = 1024 * 1024


class LocalSource:
    """A file of the worker, by its path or a ``file://`` URL."""

    def admit(self, url: str, rules: SourceRules) -> Origin:
        """Admit a path where there is a folder: whether it is below, only the file system can tell."""
        return _admit_file(_file_path(url) if url.lower().startswith("file:") else url, rules)

    def refuse_beforehand(self, origin: Origin, rules: SourceRules) -> Path | None:
        """Refuse a file that is not below the folder, is none, or is too large; give it otherwise."""
        path, folder = _path_and_folder(origin, rules)
        with open_below(path, folder) as source:
            refuse_more_than(rules.max_bytes, os.fstat(source.fileno()).st_size, f"copy {path}")
        return path

    def fetch(self, origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
        """Copy it."""
        path, folder = _path_and_folder(origin, rules)
        return fetch_local(path, folder, target, worker.report_progress, most=rules.max_bytes)


SOURCE: Source = LocalSource()


def fetch_local(
    path: Path, folder: Path, target: Path, report_progress: ReportProgress, *, most: int | None = None
) -> Fetched:
    """Copy a local file, so that what is landed stays the same whatever becomes of the original.

    Args:
        path: The file.
        folder: The folder below which it must be once every symbolic link is followed.
        target: The file to write.
        report_progress: Is told of the bytes copied.
        most: The data set's ``source.max_bytes``.

    Returns:
        Its time of change as ``last_modified``.

    Raises:
        DownloadError: It is not below the folder, missing, no regular file, or not readable.
        DownloadPostponedError: It was written to meanwhile.
        FileTooLargeError: It is larger than ``most``.
        NoSpaceError: There is no room for the copy.
    """
    with open_below(path, folder) as source:
        before = os.fstat(source.fileno())
        space = DiskSpace(target.parent, f"copy {path}")
        with GrowingFile(target, report_progress, space=space, total=before.st_size, most=most) as copy:
            while piece := source.read(PIECE_BYTES):
                copy.write(piece)
        after = os.fstat(source.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or copy.size != before.st_size:
        raise DownloadPostponedError(f"{path} was changed while it was copied. Run again once it is complete.")
    return Fetched(last_modified=formatdate(before.st_mtime, usegmt=True))


@contextmanager
def open_below(path: Path, folder: Path) -> Iterator[BinaryIO]:
    """Open a regular file below a folder, without waiting for the other end of what turns out to be a pipe.

    Symbolic links are followed first, in the folder's path as well. What they lead to is then opened folder by folder
    without following any: a link that is put in its place meanwhile opens nothing.

    Raises:
        DownloadError: It is not below the folder, and the message is the same whether it is there or not; or it is
            below, but no file, or cannot be opened.
    """
    descriptor = _open(path, folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DownloadError(f"{path} is not a file. Give the path of the CSV itself.")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _open(path: Path, folder: Path) -> int:
    try:
        root = folder.resolve(strict=True)
        holder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (OSError, RuntimeError):
        raise DownloadError(f"{LOCAL_FOLDER}={folder}: there is no such folder on this worker.") from None
    try:
        parts = path.resolve().relative_to(root).parts
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that is too long, or not below
        os.close(holder)
        raise DownloadError(
            f"{path} is not below the folder that {LOCAL_FOLDER} names, so it is not read. Put the file there."
        ) from None
    try:
        for part in parts[:-1]:
            holder = _step(holder, part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        return _step(holder, parts[-1] if parts else ".", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise DownloadError(
            f"{path} does not exist on this worker. Correct source.url or the run's parameter."
        ) from None
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror}. Let the worker's user read it.") from error


def _step(holder: int, name: str, flags: int) -> int:
    """Open a name in an open folder, which is closed."""
    try:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=holder)
    finally:
        os.close(holder)


def _file_path(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if parts is None or parts.netloc not in {"", "localhost"}:
        raise SourceUrlError(f"{text} names another machine. Write file:///folder/file for a file of this worker.")
    return unquote(parts.path)


def _admit_file(text: str, rules: SourceRules) -> Origin:
    if not text.isprintable():
        raise SourceUrlError("The source's path has control characters. Correct the run's parameter.")
    if rules.local_folder is None:
        raise SourceUrlError(
            f"{text} is a path, and this worker reads no files as sources: its setting {LOCAL_FOLDER} names no folder. "
            "Give an https URL, or set it."
        )
    path = rules.local_folder / text
    return Origin(text, path, str(path))


def _path_and_folder(origin: Origin, rules: SourceRules) -> tuple[Path, Path]:
    # `admit` gives an origin where there is a folder alone, and each has a path.
    assert origin.path is not None
    assert rules.local_folder is not None
    return origin.path, rules.local_folder
