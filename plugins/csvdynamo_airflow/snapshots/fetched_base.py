"""Fetches what a run may rest on, and what the table may have beside that."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo_airflow.documents.snapshot import Base, Snapshot
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.stored_file import ObjectError, fetch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UNKNOWN = (
    "what an earlier run noted of its items is gone, so nobody knows of all keys that vanished, and items of some may "
    "stay in the table"
)
_NOTHING_KNOWN = "whatever earlier runs may have put into the table under other keys stays there, as none noted it"

log = shown_log(__name__)


def fetch_snapshot(s3: "S3Client", bucket: str, base: Base, folder: Path) -> tuple[tuple[Path, Path] | None, Base]:
    """Fetch the digests of a snapshot, and its list of rows that were not written. One that is gone is none."""
    snapshot = base.snapshot
    if snapshot is None:
        return None, base
    try:
        return fetch_both(s3, bucket, snapshot, folder), base
    except ObjectError:
        why = f"the snapshot s3://{bucket}/{snapshot.key} is gone, or was changed"
        return None, replace(base, snapshot=None, why_all=why)


def fetch_suspects(
    s3: "S3Client", bucket: str, base: Base, folder: Path
) -> tuple[list[tuple[Path, Path | None]], Base]:
    """Fetch what says which items the table may have beside those of the snapshot. What is gone says nothing.

    The report tells of that: items whose keys vanished may stay in the table then, and are in no number of those.
    """
    found: list[tuple[Path, Path | None]] = []
    snapshot, gone = base.last if base.snapshot is None else None, False
    try:
        if snapshot is not None:
            found.append(fetch_both(s3, bucket, snapshot, folder))
    except ObjectError as error:
        gone = True
        log.warning("Items of the last green run are not deleted: %s", error)
    for number, trace in enumerate(base.traces):
        path = folder / f"trace_{number}"
        try:
            fetch(s3, bucket, trace.key, trace.sha256, path)
        except ObjectError as error:
            gone = True
            log.warning("Items of a run that was not green are not deleted: %s", error)
        else:
            found.append((path, None))
    unknown = _UNKNOWN if gone else "" if found else _NOTHING_KNOWN
    return found, replace(base, why_all=f"{base.why_all}; {unknown}") if unknown and base.why_all else base


def fetch_older(s3: "S3Client", bucket: str, snapshots: Sequence[Snapshot], folder: Path) -> list[tuple[Path, Path]]:
    """Fetch snapshots, the newest first, as far as they are there. What is gone says nothing, nor what is older."""
    found: list[tuple[Path, Path]] = []
    for number, snapshot in enumerate(snapshots):
        (place := folder / f"run_older_{number}").mkdir()
        try:
            found.append(fetch_both(s3, bucket, snapshot, place))
        except ObjectError as error:
            log.warning("Nobody knows what was in the table up to execution %s: %s", snapshot.execution, error)
            return found
    return found


def fetch_both(s3: "S3Client", bucket: str, snapshot: Snapshot, folder: Path) -> tuple[Path, Path]:
    """Fetch a snapshot's digests, and its list of rows that were not written.

    Raises:
        ObjectError: One of them is gone, or was changed.
    """
    digests, unwritten = folder / "snapshot", folder / "unwritten"
    fetch(s3, bucket, snapshot.key, snapshot.sha256, digests)
    fetch(s3, bucket, snapshot.unwritten_key, snapshot.unwritten_sha256, unwritten)
    return digests, unwritten
