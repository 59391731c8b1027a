"""Fetching a source that is a file of the worker."""

from email.utils import formatdate
from pathlib import Path

from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.growing_file import GrowingFile, ReportProgress

PIECE_BYTES = 1024 * 1024


def fetch_local(path: Path, target: Path, report_progress: ReportProgress) -> Fetched:
    """Copy a local file, so that what is landed stays the same whatever becomes of the original.

    Args:
        path: The file.
        target: The file to write.
        report_progress: Is told of the bytes copied.

    Returns:
        Its time of change as ``last_modified``.

    Raises:
        DownloadError: It is missing, no regular file, or not readable.
        DownloadPostponedError: It was written to meanwhile.
        NoSpaceError: There is no room for the copy.
    """
    if not path.exists():
        raise DownloadError(f"{path} does not exist on this worker. Correct source.url or the run's parameter.")
    if not path.is_file():
        raise DownloadError(f"{path} is not a file. Give the path of the CSV itself.")
    before = path.stat()
    try:
        source = path.open("rb")
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror}. Let the worker's user read it.") from error
    with (
        source,
        GrowingFile(target, report_progress, purpose=f"copy {path}", total=before.st_size) as copy,
    ):
        while piece := source.read(PIECE_BYTES):
            copy.write(piece)
    after = path.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or copy.size != before.st_size:
        raise DownloadPostponedError(f"{path} was changed while it was copied. Run again once it is complete.")
    return Fetched(last_modified=formatdate(before.st_mtime, usegmt=True))
