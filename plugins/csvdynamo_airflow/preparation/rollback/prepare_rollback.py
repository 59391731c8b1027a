"""The task prepare of a rollback: the file of the green run before, guarded against what the runs since have left.

No source is read. The rows that the table may have otherwise by now are written again, each over what a run that is
taken back has put there and nothing else; what such a run put under a key that had nothing is deleted likewise.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.guards import GUARD_HEADER, NO_ITEM, Guard
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.prepared import Prepared, prepared_key
from csvdynamo_airflow.documents.snapshot import Base, Difference
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.gates.questions import questions
from csvdynamo_airflow.gates.source_gate import SourceFault
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.deletions import VanishedKeys, list_vanished
from csvdynamo_airflow.preparation.foresight import foresee
from csvdynamo_airflow.preparation.gate_error import GateError
from csvdynamo_airflow.preparation.prepare import keep_file, store_file
from csvdynamo_airflow.preparation.prepared_records import append, numbered_rows
from csvdynamo_airflow.preparation.prepared_rows import ENVELOPE_BYTES, format_rows, item_bytes, read_rows
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.rollback.find_rollback import Rollback, RollbackError
from csvdynamo_airflow.preparation.rollback.run_items import ReadRules, write_run_items
from csvdynamo_airflow.preparation.rollback.taken_back import RowGuard, TakenBack, Undone
from csvdynamo_airflow.preparation.same_source.handed_on import drawn_again, rejected_again
from csvdynamo_airflow.preparation.same_source.known_source import DoubtError
from csvdynamo_airflow.schema.schema_memory import hand_columns_on
from csvdynamo_airflow.snapshots.fetched_base import fetch_both, fetch_older, fetch_snapshot
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.query_steps import QuerySteps
from csvdynamo_airflow.storage.stored_file import ObjectError, fetch, file_sha256, put_once, upload
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BACK = "back_"
"""Stands before the name of the file that a rollback's execution reads."""

WHOLE = "whole"
"""The name of the file of the run before in the task's folder."""

ROLLBACK_GATE = "rollback"

_ITS_OWN = "-"
"""Stands for the digest of no item: the row takes the place of none, and is there already as it is to be."""

_LONGEST_ESCAPE = 6

log = shown_log(__name__)


class RowTooLargeError(MigrationError):
    """No batch has room for a row with its guard."""


@dataclass(frozen=True)
class _File:
    """What a rollback's execution reads.

    Attributes:
        path: The file.
        undone: What is to be undone.
        taken: The items that are taken away.
        base: What is known of the table.
    """

    path: Path
    undone: Undone
    taken: VanishedKeys
    base: Base


def prepare_rollback(
    rollback: Rollback,
    dataset: Dataset,
    *,
    s3: "S3Client",
    run_id: str,
    name_execution: Callable[[str], str],
    find_base: Callable[[], Base],
    read_rules: ReadRules,
    accept_source: bool = False,
    dry_run: bool = False,
    work_parent: Path | None = None,
) -> Prepared:
    """Write the file that takes a run back.

    Args:
        rollback: The run, and the one before.
        dataset: The data set, of the rules that the run before had.
        s3: A boto3 S3 client.
        run_id: The DAG run's id of the rollback, which names the temporary folder.
        name_execution: Names the execution that migrates the file of a key.
        find_base: Finds the snapshot that says what the table has by now.
        read_rules: Gives the rules of a run that is taken back.
        accept_source: Whether a person lets pass that some items cannot be put back.
        dry_run: Whether nothing is migrated.
        work_parent: Where to make the temporary folder; the system's temporary folder if None.

    Raises:
        RollbackError: What a run left is gone.
        GateError: Some items cannot be put back, and nobody let that pass.
        RowTooLargeError, DeletionTooLargeError: A batch has no room for a row with its guard, or for a deletion.
        NoSpaceError: The temporary folder's disk has no room.
        ObjectError, ObjectPostponedError: The bucket has another file under a key, or takes none.
    """
    before = rollback.file
    with workspace("prepare", dataset.name, run_id, work_parent) as folder:
        space = DiskSpace(folder, f"roll back what run {rollback.run_id} wrote")
        space.require(2 * before.bytes)
        whole = folder / WHOLE
        _fetch_kept(s3, before, whole)
        file = _compare(s3, rollback, dataset, base=find_base(), read_rules=read_rules, space=space)
        key = prepared_key(dataset.name, file_sha256(file.path), f"{BACK}{before.source.file_name}")
        execution = name_execution(key)
        reports = reports_prefix(dataset.name, execution)
        listed = keep_file(s3, file.taken.listed if file.taken.deletions else None, before.bucket, reports)
        fault = _judge(rollback, file.undone, dataset, accepted=accept_source)
        prepared = replace(
            before,
            execution_name=execution,
            at=time.time(),
            schema_changes=(),
            last_rows=None,
            questions=(),
            source_warnings=(fault.message,) if fault and not fault.fails else (),
            forecast=_foresee(file, before, dataset, execution, space) if dry_run else None,
            difference=_difference(file, before, key, reports=reports, listed=listed),
            rollback=replace(rollback.told, lost=file.undone.lost),
            replay=None,
        )
        if prepared.rejects_key:
            prepared = replace(prepared, rejects_key=_reject_again(s3, prepared, reports, space))
        prepared = drawn_again(s3, prepared, reports, space)
        hand_columns_on(s3, before.bucket, dataset.name, before.execution_name, run_id=run_id, execution=execution)
        if dataset.asks:
            prepared = replace(prepared, questions=questions(prepared, [fault] if fault else [], dataset.gates))
        elif fault and fault.fails:
            raise GateError([f"{fault.message} {fault.advice}"], prepared)
        expires = dataset.protection.keep_source_days is not None
        prepared = replace(prepared, etag=store_file(s3, whole, prepared, dataset))
        difference = prepared.difference
        if difference and difference.digests_key:
            upload(s3, file.undone.digests, before.bucket, difference.digests_key)
        if prepared.is_in_part:
            put_once(s3, file.path, before.bucket, key, expires=expires)
    log.info("%s", _told(rollback, file, prepared))
    return prepared


def _fetch_kept(s3: "S3Client", before: Prepared, path: Path) -> None:
    try:
        fetch(s3, before.bucket, before.file_key, before.sha256, path)
    except ObjectError as error:
        raise RollbackError(
            f"s3://{before.bucket}/{before.file_key}, the file of the run before, is gone or was changed: trigger the "
            f"DAG with its source, {before.source.url}."
        ) from error


def _reject_again(s3: "S3Client", prepared: Prepared, reports: str, space: DiskSpace) -> str | None:
    """Store the rejects of the run before as this run's; return their key."""
    try:
        return keep_file(s3, rejected_again(s3, prepared, space), prepared.bucket, reports)
    except DoubtError as error:
        raise RollbackError(f"The rejects of the run before are gone, or were changed: {error}.") from error


def _compare(
    s3: "S3Client", rollback: Rollback, dataset: Dataset, *, base: Base, read_rules: ReadRules, space: DiskSpace
) -> _File:
    """Find what is to be undone, and write the file that does."""
    before, folder = rollback.file, space.folder
    items = write_run_items(s3, rollback.runs, dataset, read_rules, space)
    # Nobody looks at the traces, and so they go on to be told.
    left, base = fetch_snapshot(s3, before.bucket, replace(base, traces=()), folder)
    (folder / "run_before").mkdir()
    try:
        known = fetch_both(s3, before.bucket, rollback.before, folder / "run_before")
    except ObjectError as error:
        raise RollbackError(
            f"The snapshot of execution {rollback.before.execution}, which tells what the table had before, is gone or "
            f"was changed: trigger the DAG with the source of that run, {before.source.url}."
        ) from error
    older = fetch_older(s3, before.bucket, rollback.older, folder)
    header = FileHeader(before.header, guarded=True)
    path = folder / "back"
    with open_duckdb(space) as session:
        taken_back = TakenBack(QuerySteps(session, space))
        undone = taken_back.compare(known, items, left, older)
        taken = list_vanished(taken_back.taken(), dataset, (*before.header, GUARD_HEADER), space, deletes=True)
        unchanged = taken_back.unchanged(before.source_rows)
        rows = ((number, record) for number, record in numbered_rows(folder / WHOLE) if not unchanged[number])
        with GrowingFile(path, lambda *_: None, space=space) as output:
            output.write(format_rows([header.line]).encode())
            for row in _guarded(rows, taken_back.guards(), header, dataset):
                output.write(row)
            append(taken.rows, output)
    return _File(path, undone, taken, base)


def _guarded(
    rows: Iterator[tuple[int, bytes]], guards: Iterator[RowGuard], header: FileHeader, dataset: Dataset
) -> Iterator[bytes]:
    """Write behind each row what it may take the place of.

    One of which nothing is told was rejected then, and is again.
    """
    converter, known = RowConverter(dataset.rules), next(guards, None)
    limit = dataset.limits.max_input_bytes_per_batch - ENVELOPE_BYTES
    plain = FileHeader(header.names)
    for number, row in rows:
        found, known = (known, next(guards, None)) if known and known.row == number else (None, known)
        key, digests = found.key if found else "", list(found.items) if found else []
        if found is None or found.unfinished:
            fields = read_rows(row.decode())[0]
            made = converter.convert(plain.named(dict(zip(plain.line, fields, strict=True))))
            # The rules refuse a row before anybody looks at its guard: that has a key which no other row has.
            key = f"{ROW_NUMBER_HEADER} {number}" if isinstance(made, Refusal) else converter.rules.key.of(made)
        if found and (found.deleted or found.unfinished):
            digests.append(NO_ITEM)
        guard = Guard(key, tuple(digests) or (_ITS_OWN,))
        written = row[:-1] + format_rows([["", guard.cell()]]).encode()
        if _LONGEST_ESCAPE * len(written) > limit:
            _refuse_too_large(written, number, header, limit)
        yield written


def _refuse_too_large(row: bytes, number: int, header: FileHeader, limit: int) -> None:
    size = item_bytes(header, read_rows(row.decode())[0][1:])
    if size > limit:
        raise RowTooLargeError(
            f"Row {number} cannot be put back: with what says which items it may take the place of it takes {size:,} "
            f"bytes, and a batch has room for {limit:,}. Raise limits.max_input_bytes_per_batch, and deploy."
        )


def _judge(rollback: Rollback, undone: Undone, dataset: Dataset, *, accepted: bool) -> SourceFault | None:
    """Say what cannot be put back."""
    if not undone.lost:
        return None
    named = ", ".join(map(dataset.rules.key.shown, undone.examples)) + (" …" * (undone.lost > len(undone.examples)))
    return SourceFault(
        f"{undone.lost:,} items that run {rollback.run_id} wrote over or deleted cannot be put back, since no row of "
        f"the file of the run before makes them (they were of older runs, or of others): {named}.",
        "Nothing was uploaded and no row was migrated. To put back the others, and leave what is under these keys as "
        "it is, trigger the DAG again with accept_source.",
        fails=not accepted,
        gate=ROLLBACK_GATE,
        numbers={"items that cannot be put back": undone.lost},
    )


def _foresee(file: _File, before: Prepared, dataset: Dataset, execution: str, space: DiskSpace) -> Forecast:
    """Say what the function will make of the file, as far as that does not depend on what others have changed."""
    with RejectSpool(space.folder / "foreseen", before.header, space) as spool:
        header = FileHeader(before.header, guarded=True)
        return foresee(file.path, header, dataset, execution, spool, vanished=file.taken)


def _difference(file: _File, before: Prepared, key: str, *, reports: str, listed: str | None) -> Difference:
    undone, taken, base = file.undone, file.taken, file.base
    digests = file_sha256(undone.digests)
    return Difference(
        file_key=key,
        sha256=file_sha256(file.path),
        bytes=file.path.stat().st_size,
        new=before.prepared_rows - undone.changed - undone.unchanged,
        changed=undone.changed,
        unchanged=undone.unchanged,
        vanished=taken.deletions,
        why_all=base.why_all,
        base=base.snapshot,
        digests_key=f"{reports}{undone.digests.stem}-{digests[:16]}{undone.digests.suffix}",
        digests_sha256=digests,
        table=base.table,
        at=base.at,
        vanished_key=listed,
        vanished_sha256=file_sha256(taken.listed) if listed else "",
        deletions=taken.deletions,
        delete_units=taken.write_units,
        guarded=True,
        before=base.last,
        since=base.writer,
    )


def _told(rollback: Rollback, file: _File, prepared: Prepared) -> str:
    why = f" Each row is looked at, since {file.base.why_all}." if file.base.why_all else ""
    return (
        f"To take back run {rollback.run_id}, {prepared.rows_to_write:,} rows of the run before (execution "
        f"{rollback.file.execution_name}) are put back where they are not there, {prepared.deletions:,} items are "
        f"taken away, and {prepared.unchanged:,} rows are as they were.{why}"
    )
