"""What the last green run prepared, handed on by a run of the same source: not a row of it is read or written."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange
from csvdynamo.errors import RejectError
from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared, prepared_key
from csvdynamo_airflow.documents.schema_change import SchemaChange
from csvdynamo_airflow.documents.snapshot import Base, Difference, KeyChange
from csvdynamo_airflow.gates.row_mark import recall_rows
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.changes import CHANGED
from csvdynamo_airflow.preparation.profile import PROFILE_FILE
from csvdynamo_airflow.preparation.rejected_rows import REJECTS_FILE
from csvdynamo_airflow.preparation.same_source.known_source import DoubtError, KnownSource, know_source, refuse_faults
from csvdynamo_airflow.schema.schema_memory import check_columns
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.result_objects import numbered_lines
from csvdynamo_airflow.storage.stored_file import ObjectError, fetch, upload
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NO_ROWS = hashlib.sha256().hexdigest()

log = shown_log(__name__)


def hand_on(
    landed: Landed,
    dataset: Dataset,
    *,
    s3: "S3Client",
    run_id: str,
    name_execution: Callable[[str], str],
    find_base: Callable[[], Base],
    source_url: str | None,
    dry_run: bool,
    work_parent: Path | None,
) -> Prepared | None:
    """Make what the last green run prepared of the same source this run's; None where the source has to be prepared.

    Its header is held to what the last successful run had, as ever. What that run keeps beside its report is put beside
    this one's as well: the one may expire before the other.

    The arguments and errors are those of `prepare.prepare`.
    """
    if not dataset.write.only_changed:
        return None
    usual_source = source_url == dataset.source.url
    compared = usual_source and dataset.gates.min_rows_percent > 0
    with workspace("known", dataset.name, run_id, work_parent) as folder:
        space = DiskSpace(folder, f"hand on what was prepared of {landed.file_name}")
        try:
            known = know_source(s3, landed, dataset, find_base, folder)
            mark = recall_rows(s3, landed.bucket, dataset.name) if compared else None
            refuse_faults(known, dataset, mark)
            made = _made(known, landed, dataset, name_execution, dry_run=dry_run)
            made = replace(made, usual_source=usual_source, last_rows=mark.rows if mark else None)
            made = replace(made, schema_changes=_schema_changes(s3, made, known, dataset, run_id))
            made = _bring_along(s3, made, known, dataset.name, space)
        except (DoubtError, ObjectError) as doubt:
            log.info("The source is read row by row: %s.", str(doubt).rstrip("."))
            return None
    log.info(
        "Nothing new: %s is the source that run %s migrated. None of its %s rows is read, and the table has them.",
        landed.file_name,
        known.columns.run_id,
        f"{made.source_rows:,}",
    )
    return made


def _schema_changes(
    s3: "S3Client", made: Prepared, known: KnownSource, dataset: Dataset, run_id: str
) -> tuple[SchemaChange, ...]:
    changes = check_columns(
        s3,
        dataset,
        made.source,
        made.header,
        known.columns.columns.sketches,
        rows=made.source_rows,
        run_id=run_id,
        execution=made.execution_name,
    )
    if any(change.action is OnChange.FAIL for change in changes):
        raise DoubtError("its header is another one than that of the last successful run")
    return changes


def _made(
    known: KnownSource, landed: Landed, dataset: Dataset, name_execution: Callable[[str], str], *, dry_run: bool
) -> Prepared:
    # The key is as that of a file without rows, which no execution reads: this run is none of those that wrote.
    key = prepared_key(dataset.name, _NO_ROWS, f"{CHANGED}{landed.file_name}")
    lists = bool(known.vanished)
    difference = Difference(
        file_key=key,
        sha256=_NO_ROWS,
        bytes=0,
        unchanged=known.prepared.prepared_rows,
        vanished=known.vanished,
        base=known.base.snapshot,
        table=known.base.table,
        at=known.base.at,
        vanished_key=known.difference.vanished_key if lists else None,
        vanished_sha256=known.difference.vanished_sha256 if lists else "",
        unknown_keys=known.difference.unknown_keys,
        same_source=known.columns.run_id,
        examples=tuple(one for one in known.difference.examples if one.kind is KeyChange.VANISHED),
        before=known.base.last,
        since=known.base.writer,
    )
    return replace(
        known.prepared,
        source=landed,
        execution_name=name_execution(key),
        at=time.time(),
        forecast=Forecast() if dry_run or dataset.gates.all_rules else None,
        difference=difference,
        rollback=None,
    )


def _bring_along(s3: "S3Client", made: Prepared, known: KnownSource, dataset: str, space: DiskSpace) -> Prepared:
    prefix = reports_prefix(dataset, made.execution_name)

    def put(path: Path) -> str:
        upload(s3, path, made.bucket, prefix + path.name)
        return prefix + path.name

    def copied(key: str | None, sha256: str) -> str | None:
        if key is None:
            return None
        path = space.folder / key.rpartition("/")[2]
        fetch(s3, made.bucket, key, sha256, path)
        return put(path)

    profile, difference = space.folder / PROFILE_FILE, made.difference
    if known.profile:
        with space.open_text(profile) as file:
            json.dump(known.profile, file, ensure_ascii=False)
    if difference:
        listed = copied(difference.vanished_key, difference.vanished_sha256)
        difference = replace(difference, vanished_key=listed)
    return replace(
        made,
        rejects_key=put(rejected_again(s3, made, space)) if made.rejects_key else None,
        profile_key=put(profile) if known.profile else None,
        sample_key=copied(made.sample_key, made.sample_sha256),
        difference=difference,
    )


def rejected_again(s3: "S3Client", made: Prepared, space: DiskSpace) -> Path:
    """Write the records of the rows that prepare rejected then, as rejects of this run.

    Args:
        s3: A boto3 S3 client.
        made: What this run has prepared, and whose `rejects_key` is that of the earlier one.
        space: The space of a private folder.

    Raises:
        DoubtError: They are gone, or are others.
        NoSpaceError: The disk has no room.
    """
    path, rejected, where = space.folder / REJECTS_FILE, 0, f"s3://{made.bucket}/{made.rejects_key}"
    try:
        with space.open_text(path) as file:
            for _, line in numbered_lines(s3, made.bucket, made.rejects_key or ""):
                reject = Reject.from_json(line)
                named = reject_id(made.execution_name, reject.row or 0)
                file.write(replace(reject, execution_name=made.execution_name, reject_id=named).to_json() + "\n")
                rejected += 1
    except (s3.exceptions.NoSuchKey, RejectError) as error:
        raise DoubtError(f"{where} cannot be read") from error
    if rejected != made.rejected:
        raise DoubtError(f"{where} has {rejected:,} rejects, and {made.rejected:,} were told")
    return path


def drawn_again(s3: "S3Client", prepared: Prepared, prefix: str, space: DiskSpace) -> Prepared:
    """Put the rows that an earlier run drew of the same file beside this run's report; without them, none were drawn.

    The other run's expire earlier, and may be gone while this one's table is checked.

    Args:
        s3: A boto3 S3 client.
        prepared: What this run prepared, with the other one's sample.
        prefix: Where this run's report lies.
        space: The space of a private folder.
    """
    if prepared.sample_key is None:
        return prepared
    path = space.folder / prepared.sample_key.rpartition("/")[2]
    try:
        fetch(s3, prepared.bucket, prepared.sample_key, prepared.sample_sha256, path)
    except ObjectError:
        return replace(prepared, sample_key=None, sample_sha256="")
    upload(s3, path, prepared.bucket, prefix + path.name)
    return replace(prepared, sample_key=prefix + path.name)
