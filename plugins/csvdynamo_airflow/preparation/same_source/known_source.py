"""Whether a source is the one that the last green run migrated, so that no row of it has to be read. Nothing is stored.

Its bytes are the same, and so are the rules, the settings and the code that read them; what that run prepared is in the
bucket, and the table has every row of it. Where anything of that is in doubt, or a gate has something to say that it
did not say then, the source is prepared as ever.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo.aws.stored_object import read_versioned
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.header import Header
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Base, Difference, Snapshot
from csvdynamo_airflow.gates.row_mark import RowMark
from csvdynamo_airflow.gates.source_gate import judge_encoding, judge_keys, judge_source
from csvdynamo_airflow.preparation.profile import ruined_cells
from csvdynamo_airflow.preparation.same_source.made_by import made_by
from csvdynamo_airflow.reading.ruined_codes import told_ruined
from csvdynamo_airflow.reading.text_encoding import shown_encoding
from csvdynamo_airflow.schema.schema_memory import RunColumns, read_columns
from csvdynamo_airflow.snapshots.kept_runs import read_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.storage.stored_file import fetch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_SPARE = timedelta(days=1)
"""How long a file has to stay in the bucket that nobody uploads again: until the run has checked the table."""


class DoubtError(Exception):
    """Why the source has to be read."""


@dataclass(frozen=True)
class KnownSource:
    """A source that a green run has migrated, and of which the table has every row that prepare did not reject.

    Attributes:
        prepared: What that run prepared of it.
        difference: What of it that run wrote.
        columns: What its columns hold, and which DAG run that was.
        profile: The profile of its columns, None where it has none.
        base: The snapshot that the run left, which holds.
    """

    prepared: Prepared
    difference: Difference
    columns: RunColumns
    profile: Mapping[str, Any] | None
    base: Base

    @property
    def vanished(self) -> int:
        """How many keys that vanished before have an item in the table still."""
        return self.difference.vanished - self.difference.deletions


def know_source(
    s3: "S3Client", landed: Landed, dataset: Dataset, find_base: Callable[[], Base], folder: Path
) -> KnownSource:
    """Find the run that migrated a source last.

    Args:
        s3: A boto3 S3 client.
        landed: The source.
        dataset: The data set.
        find_base: Finds what a run may rest on that writes only what changed.
        folder: A private folder.

    Raises:
        DoubtError: There is none, or something of it is in doubt.
        ObjectError: The list of the rows that it did not write is gone, or was changed.
        NoSpaceError: The disk has no room.
    """
    snapshot = StoredPointer(s3, landed.bucket, dataset.name).read().snapshot
    if snapshot is None:
        raise DoubtError("no snapshot of a green run is there")
    prepared = _same_source(read_prepared(s3, landed.bucket, dataset.name, snapshot.execution), landed, dataset)
    base, difference = find_base(), prepared.difference
    of = (difference.digests_key, difference.digests_sha256) if difference else None
    if difference is None or base.snapshot != snapshot or of != (snapshot.key, snapshot.sha256):
        raise DoubtError(base.why_all or "the snapshot is of another file than the last green run prepared")
    _refuse_unwritten(s3, prepared, snapshot, folder)
    _refuse_gone(s3, prepared, snapshot, dataset.protection.keep_source_days)
    columns = read_columns(s3, prepared.bucket, dataset.name, prepared.execution_name)
    if columns is None:
        raise DoubtError("what its columns hold was not kept")
    known = KnownSource(prepared, difference, columns, _read_profile(s3, prepared), base)
    if dataset.write.deletes and (known.vanished or base.traces):
        raise DoubtError("there are items that may have to be deleted")
    return known


def refuse_faults(known: KnownSource, dataset: Dataset, mark: RowMark | None) -> None:
    """Make sure that no gate has anything to say that it did not say then, nor a person let anything pass.

    Its rejects are those of then, and so are the gates: they let them pass.

    Args:
        known: The source.
        dataset: The data set.
        mark: The rows of the last green run, None if it is not to be compared with them, or there was none.

    Raises:
        DoubtError: A gate has.
    """
    prepared, gates = known.prepared, dataset.gates
    guessed = shown_encoding(prepared.encoding) if prepared.encoding_guessed else None
    keys = Header.of(dataset.rules, prepared.header).key_names
    told = judge_encoding(guessed, dataset.source.guessed_encoding, accepted=False)
    told += judge_keys(told_ruined(ruined_cells(known.profile), keys))
    if (
        prepared.questions
        or prepared.source_warnings != tuple(fault.message for fault in told)
        or any(fault.fails for fault in told)
        or judge_source(prepared.source_rows, mark, None, gates, accepted=False)
    ):
        raise DoubtError("a gate has something to say about it")


def _same_source(prepared: Prepared | None, landed: Landed, dataset: Dataset) -> Prepared:
    if prepared is None:
        raise DoubtError("what the last green run prepared was not kept")
    if not prepared.prepared_rows or prepared.source.sha256 != landed.sha256 or prepared.replay:
        raise DoubtError("it is another one than that of the last green run")
    if prepared.rollback:
        raise DoubtError("the last green run took another one back, and did not look which keys had vanished before")
    if prepared.made_by != made_by(dataset):
        raise DoubtError("the settings, or the code that reads it, were changed since the last green run")
    return prepared


def _refuse_unwritten(s3: "S3Client", prepared: Prepared, snapshot: Snapshot, folder: Path) -> None:
    """Refuse a file of which the table has not every row.

    Rows that prepare rejected are on the list, each of them, and are rejected again. One that the function rejected is
    tried again, and so is a deletion of which nobody knows.
    """
    path = folder / "unwritten"
    fetch(s3, prepared.bucket, snapshot.unwritten_key, snapshot.unwritten_sha256, path)
    with path.open(encoding="utf-8") as file:
        absent = sum(1 for _ in file)
    if absent != prepared.rejected:
        raise DoubtError("the table has not every row of it, or an item that was to be deleted")


def _refuse_gone(s3: "S3Client", prepared: Prepared, snapshot: Snapshot, keep_days: int | None) -> None:
    """Refuse a prepared file that is not in the bucket, or not for long, and a snapshot that serves no other run."""
    _head(s3, prepared.bucket, snapshot.key)
    head, where = _head(s3, prepared.bucket, prepared.file_key), f"s3://{prepared.bucket}/{prepared.file_key}"
    if head["ContentLength"] != prepared.bytes or (prepared.etag and head["ETag"] != prepared.etag):
        raise DoubtError(f"{where} is another file than was prepared")
    if keep_days is not None and datetime.now(UTC) - head["LastModified"] > timedelta(days=keep_days) - _SPARE:
        raise DoubtError(f"{where} expires soon")


def _head(s3: "S3Client", bucket: str, key: str) -> "HeadObjectOutputTypeDef":
    try:
        return s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        raise DoubtError(f"s3://{bucket}/{key} is gone") from error


def _read_profile(s3: "S3Client", prepared: Prepared) -> Mapping[str, Any] | None:
    if prepared.profile_key is None:
        return None
    try:
        profile: Mapping[str, Any] = json.loads(read_versioned(s3, prepared.bucket, prepared.profile_key)[0])
    except (s3.exceptions.NoSuchKey, ValueError) as error:
        raise DoubtError("the profile of its columns cannot be read") from error
    return profile
