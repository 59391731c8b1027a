"""Which rows of a prepared file are written: all of them, or those that the table does not have as they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.write_rules import Vanished, Write
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared, prepared_key
from csvdynamo_airflow.documents.snapshot import Base, ChangedKey, Difference
from csvdynamo_airflow.gates.source_gate import SourceFault
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.preparation.deletions import (
    VanishedKeys,
    judge_deletions,
    list_vanished,
    may_delete,
    unknown_keys,
    write_items,
)
from csvdynamo_airflow.preparation.prepare_file import PreparedFile
from csvdynamo_airflow.preparation.prepared_records import append, copy_rows
from csvdynamo_airflow.snapshots.fetched_base import fetch_snapshot, fetch_suspects
from csvdynamo_airflow.snapshots.row_digests import Found, RowDigests
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import QueryError, open_duckdb
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.query_steps import QuerySteps
from csvdynamo_airflow.storage.stored_file import file_sha256, put_once, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHANGED = "changed_"
"""Stands before the name of a file of the rows that are written, where these are not all."""

log = shown_log(__name__)


@dataclass(frozen=True)
class Comparison:
    """A prepared file beside a snapshot.

    Attributes:
        path: The rows that the snapshot does not have, and the deletions, as a file; the prepared file where that is
            all.
        found: How many there are of each kind, and the digests of all.
        vanished: The keys that vanished, and the deletions of their items; None where nobody wants to know of any, or
            none did.
        base: What that rests on.
        unknown_keys: Records whose keys cannot be told, where items are to be deleted.
        examples: Some of the keys that the file changes, for a person.
    """

    path: Path
    found: Found
    vanished: VanishedKeys | None
    base: Base
    unknown_keys: int = 0
    examples: tuple[ChangedKey, ...] = ()

    @property
    def deletions(self) -> int:
        """How many items are deleted."""
        return self.vanished.deletions if self.vanished else 0

    @property
    def is_in_part(self) -> bool:
        """Whether the execution reads another file than the prepared one."""
        return self.found.unchanged > 0 or self.deletions > 0

    def told(self) -> str:
        """Say what is written, and why."""
        found, snapshot = self.found, self.base.snapshot
        vanished = ""
        if found.vanished:
            vanished = f"; {found.vanished:,} keys vanished, {self._told_deletions(found.vanished)}"
        if snapshot is None:
            return f"All rows are written: {self.base.why_all}{vanished}."
        counts = f"{found.new:,} new and {found.changed:,} changed rows are written, {found.unchanged:,} are unchanged"
        return f"Beside what the run of execution {snapshot.execution} left, {counts}{vanished}."

    def _told_deletions(self, vanished: int) -> str:
        if not self.deletions and self.unknown_keys:
            return (
                f"and stay in the table, since nobody can tell the keys of {self.unknown_keys:,} records of the source"
            )
        if not self.deletions:
            return "and stay in the table"
        return f"and the items of {'all' if self.deletions == vanished else f'{self.deletions:,}'} are deleted"


@dataclass(frozen=True)
class RowsToWrite:
    """The file that the execution reads.

    Attributes:
        path: Where it is.
        key: Its key in the bucket.
        sha256: Its digest, in hexadecimal.
        comparison: What it rests on; None where a data set writes every row.
    """

    path: Path
    key: str
    sha256: str
    comparison: Comparison | None

    @property
    def vanished(self) -> VanishedKeys | None:
        """The keys that vanished, and the deletions of their items; None where there is no list of any."""
        return self.comparison.vanished if self.comparison else None

    @property
    def judged(self) -> Path:
        """The rows that are written as a file that can be held against all the rules, the deletions with them."""
        return self.path

    @property
    def vanished_list(self) -> Path | None:
        """The list of these keys, as a file."""
        return self.vanished.listed if self.vanished else None

    def faults(self, write: Write) -> list[SourceFault]:
        """List what speaks against the deletions."""
        if self.comparison is None:
            return []
        return judge_deletions(self.comparison.deletions, self.comparison.found.known, write)

    def difference(self, prefix: str, vanished_key: str | None) -> Difference | None:
        """Say what of the file is written, and what that rests on; None where a data set writes every row.

        The digests have a name of their own: a run that is prepared again leaves those that a snapshot may name.

        Args:
            prefix: The prefix of what the run says about itself.
            vanished_key: The key of the list of the keys that vanished.
        """
        if self.comparison is None:
            return None
        found, base, digests = self.comparison.found, self.comparison.base, self.comparison.found.digests
        vanished = self.comparison.vanished
        sha256 = file_sha256(digests) if digests else ""
        return Difference(
            file_key=self.key,
            sha256=self.sha256,
            bytes=self.path.stat().st_size,
            new=found.new,
            changed=found.changed,
            unchanged=found.unchanged,
            vanished=found.vanished,
            why_all=base.why_all,
            base=base.snapshot,
            digests_key=f"{prefix}{digests.stem}-{sha256[:16]}{digests.suffix}" if digests else None,
            digests_sha256=sha256,
            table=base.table,
            at=base.at,
            vanished_key=vanished_key,
            vanished_sha256=file_sha256(vanished.listed) if vanished else "",
            deletions=self.comparison.deletions,
            delete_units=vanished.write_units if vanished else 0,
            unknown_keys=self.comparison.unknown_keys,
            examples=self.comparison.examples,
            traces=base.traces,
            before=base.last,
            since=base.writer,
        )

    def store(self, s3: "S3Client", prepared: Prepared, *, expires: bool) -> None:
        """Store the digests of the rows, of which the next snapshot is made, and the file, where it has some of them.

        Args:
            s3: A boto3 S3 client.
            prepared: The prepared file, with the `difference`.
            expires: Whether the bucket deletes the file some days after its upload.

        Raises:
            ObjectError: Another size is stored under its key.
            ObjectPostponedError: The upload failed.
        """
        digests = self.comparison.found.digests if self.comparison else None
        if digests and prepared.difference and prepared.difference.digests_key:
            upload(s3, digests, prepared.bucket, prepared.difference.digests_key)
        if prepared.is_in_part:
            put_once(s3, self.path, prepared.bucket, self.key, expires=expires)


def find_rows_to_write(
    s3: "S3Client",
    landed: Landed,
    prepared: PreparedFile,
    dataset: Dataset,
    *,
    sha256: str,
    find_base: Callable[[], Base],
    space: DiskSpace,
) -> RowsToWrite:
    """Find the rows of a prepared file that are to be written.

    Args:
        s3: A boto3 S3 client.
        landed: What it was prepared from.
        prepared: The prepared file.
        dataset: The data set.
        sha256: The prepared file's digest, in hexadecimal.
        find_base: Finds what a run may rest on that writes only what changed.
        space: The space of the file's folder.

    Raises:
        NoSpaceError: The disk has no room.
    """
    key = prepared_key(dataset.name, sha256, landed.file_name)
    if prepared.keys is None:
        return RowsToWrite(prepared.path, key, sha256, None)
    comparison = compare(s3, landed.bucket, prepared, dataset, find_base(), space=space)
    log.info("%s", comparison.told())
    if not comparison.is_in_part:
        return RowsToWrite(prepared.path, key, sha256, comparison)
    sha256 = file_sha256(comparison.path)
    key = prepared_key(dataset.name, sha256, f"{CHANGED}{landed.file_name}")
    return RowsToWrite(comparison.path, key, sha256, comparison)


def compare(
    s3: "S3Client", bucket: str, prepared: PreparedFile, dataset: Dataset, base: Base, *, space: DiskSpace
) -> Comparison:
    """Find the rows of a prepared file that a snapshot does not have; all of them without one.

    So it does where DuckDB cannot compare them: a run that would write all rows is not lost for that.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        prepared: The prepared file, and the keys of its rows.
        dataset: The data set.
        base: The snapshot.
        space: The space of the file's folder.

    Raises:
        NoSpaceError: The disk has no room.
    """
    try:
        return _compare(s3, bucket, prepared, dataset, base, space=space)
    except QueryError as error:
        log.warning("%s", error)
        rows = prepared.source_rows - sum(prepared.rejects_by_code.values())
        found = Found(new=rows, changed=0, unchanged=0, vanished=0, digests=None)
        why = "the rows could not be compared with those of the last green run"
        return Comparison(prepared.path, found, None, replace(base, snapshot=None, why_all=why))


def _compare(
    s3: "S3Client", bucket: str, prepared: PreparedFile, dataset: Dataset, base: Base, *, space: DiskSpace
) -> Comparison:
    keys = prepared.keys
    if keys is None:
        raise ValueError("the keys of the rows were not kept")
    write, folder = dataset.write, space.folder
    before, base = fetch_snapshot(s3, bucket, base, folder)
    if not write.deletes:
        base = replace(base, traces=())  # nobody looks at them, and so they go on to be told
    suspects, base = fetch_suspects(s3, bucket, base, folder) if write.deletes else ([], base)
    with open_duckdb(space) as session:
        digests, items = RowDigests(QuerySteps(session, space)), None
        digests.read(prepared.path, prepared.headers, dataset.rules, keys)
        digests.know(before, suspects)
        if write.deletes:
            items = write_items(prepared, dataset, space, digests.without_items(prepared.source_rows))
        found = digests.compare(items)
        unknown, vanished = unknown_keys(prepared, found, dataset) if write.deletes else 0, None
        deletes = write.deletes and may_delete(prepared, unknown)
        if found.vanished and write.vanished is not Vanished.KEEP:
            vanished = list_vanished(digests.vanished(), dataset, prepared.headers, space, deletes=deletes)
        digests.keep(deletes=deletes)
        comparison = Comparison(prepared.path, found, vanished, base, unknown, _examples(found, base, dataset))
        if not comparison.is_in_part:
            return comparison
        marks = digests.marks(prepared.source_rows)
    path = space.folder / "changed"
    with GrowingFile(path, lambda *_: None, space=space) as output:
        copy_rows(prepared.path, marks, output)
        if vanished:
            append(vanished.rows, output)
    return replace(comparison, path=path)


def _examples(found: Found, base: Base, dataset: Dataset) -> tuple[ChangedKey, ...]:
    """Give some of the keys that a file changes as a person reads them; of a run that writes all rows none."""
    if base.snapshot is None:
        return ()
    return tuple(replace(one, key=dataset.rules.key.shown(one.key)) for one in found.examples)
