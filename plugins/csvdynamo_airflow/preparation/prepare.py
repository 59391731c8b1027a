"""The task prepare: from the landed source to the file that Step Functions' CSV reader cannot misread."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.folders import names_key
from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.header import Header
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared, prepared_key
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.gates.questions import questions
from csvdynamo_airflow.gates.row_mark import recall_rows
from csvdynamo_airflow.gates.source_gate import judge_encoding, judge_keys, judge_source
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.changes import find_rows_to_write
from csvdynamo_airflow.preparation.gate_error import GateError, hold_to_gates
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from csvdynamo_airflow.preparation.profile import PROFILE_FILE, ruined_cells
from csvdynamo_airflow.preparation.rejected_rows import RejectedRows
from csvdynamo_airflow.preparation.replay.replaying import Replaying
from csvdynamo_airflow.preparation.replay.rows_to_replay import RowsToReplay, find_rows_to_replay
from csvdynamo_airflow.preparation.same_source.handed_on import hand_on
from csvdynamo_airflow.preparation.same_source.made_by import made_by
from csvdynamo_airflow.reading.ruined_codes import told_ruined
from csvdynamo_airflow.reading.text_encoding import shown_encoding
from csvdynamo_airflow.reading.told_reading import told_reading
from csvdynamo_airflow.schema.schema_memory import check_schema
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import ReportProgress
from csvdynamo_airflow.storage.stored_file import fetch, file_sha256, held_version, put_once, upload
from csvdynamo_airflow.storage.workspace import workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["GateError", "Prepared", "prepare"]

NAMES_FILE = "names.json"

log = shown_log(__name__)


def log_progress(done: int, _total: int | None) -> None:
    """Write progress to the task's log."""
    log.info("%s bytes prepared", f"{done:,}")


def prepare(
    landed: Landed,
    dataset: Dataset,
    *,
    s3: "S3Client",
    run_id: str,
    name_execution: Callable[[str], str],
    find_base: Callable[[], Base],
    source_url: str | None = None,
    accept_source: bool = False,
    dry_run: bool = False,
    replaying: Replaying | None = None,
    work_parent: Path | None = None,
    report_progress: ReportProgress = log_progress,
) -> Prepared:
    """Rewrite a landed source (see `prepare_file`), and store the result under a key made of its digest.

    Of a source that the last green run migrated, where only what changed is written, no row is read (`hand_on`).

    Where a gate of the data set asks a person, the file is stored before the answer: it lies on this worker's disk, in
    a folder that ends with this task, and no task has another's. Nothing reads it there until the task start.

    Args:
        landed: What download stored.
        dataset: The data set.
        s3: A boto3 S3 client.
        run_id: The DAG run's id, which names the temporary folder.
        name_execution: Names the execution that migrates the file of a key.
        find_base: Finds what a run may rest on that writes only what changed; called where the data set wants that.
        source_url: Where the run was to read. The last green run's rows are those of the data set's own source: another
            one may have as few as it likes.
        accept_source: Whether a person lets the source pass with too few rows, or a last record that is no row.
        dry_run: Whether nothing is migrated: every row is held against all the rules, as where the data set wants it.
        replaying: The run whose rows are replayed, of which the source is an error CSV; None where none is.
        work_parent: Where to make the temporary folder; the system's temporary folder if None.
        report_progress: Is told of the bytes written.

    Raises:
        RunGoneError: What the run left whose rows are replayed is not there any more.
        SourceFileError: The source is no CSV, or breaks off.
        HeaderError: Its header would lose or mix up columns.
        FileTooLargeError: The prepared file becomes larger than Step Functions reads.
        SchemaError: Its header changed in a way that the data set does not allow.
        GateError: The data set allows no run and asks nobody: so many of its rows are rejected, it has so few beside
            the last green run, or its last record is none.
        RowMarkError: How many the last green run had cannot be read.
        NoSpaceError: The temporary folder's disk has no room.
        ObjectError, ObjectPostponedError: The bucket has another file under a key, or takes none.
    """
    if replaying is None:
        known = hand_on(
            landed,
            dataset,
            s3=s3,
            run_id=run_id,
            name_execution=name_execution,
            find_base=find_base,
            source_url=source_url,
            dry_run=dry_run,
            work_parent=work_parent,
        )
        if known is not None:
            return known
    name = f"{landed.file_name} (from {landed.url})"
    with workspace("prepare", dataset.name, run_id, work_parent) as folder:
        # At least the source and a copy of it; what an archive unpacks to shows only on the way.
        space = DiskSpace(folder, f"prepare {name}")
        space.require(2 * landed.bytes)
        fetch(s3, landed.bucket, landed.key, landed.sha256, folder / SOURCE)
        outcome = prepare_file(
            folder,
            dataset,
            name,
            report_progress,
            landed.sha256,
            with_keys=dataset.write.only_changed,
            replaying=replaying,
        )
        (folder / SOURCE).unlink()  # its room is for the records
        sha256 = file_sha256(outcome.path)
        to_write = (find_rows_to_replay if replaying else find_rows_to_write)(
            s3, landed, outcome, dataset, sha256=sha256, find_base=find_base, space=space
        )
        execution_name = name_execution(to_write.key)
        reading = told_reading(outcome.source_format, dataset)
        schema_changes = check_schema(
            s3,
            dataset,
            landed,
            outcome.headers,
            outcome.path,
            rows=outcome.source_rows,
            run_id=run_id,
            execution=execution_name,
            reading=reading,
        )
        usual_source = source_url == dataset.source.url
        compared = usual_source and dataset.gates.min_rows_percent > 0
        mark = recall_rows(s3, landed.bucket, dataset.name) if compared else None
        faults = judge_source(
            outcome.source_rows,
            mark,
            outcome.last_record,
            dataset.gates,
            accepted=accept_source,
        )
        source_format = outcome.source_format
        faults += judge_encoding(
            shown_encoding(source_format.encoding) if source_format.guessed else None,
            dataset.source.guessed_encoding,
            accepted=accept_source,
        )
        ruined = ruined_cells(outcome.profile)
        keys = Header.of(dataset.rules, outcome.headers).key_names
        faults += judge_keys(told_ruined(ruined, keys))
        faults += to_write.faults(dataset.write)
        texts = [header for header in outcome.headers if header not in {*keys, *_not_text(dataset)}]
        # The same run writes the same records and profile at every attempt, so writing over them is safe.
        rows = RejectedRows.of(
            replace(outcome, path=to_write.judged),
            dataset,
            execution_name,
            space,
            dry_run=dry_run,
            vanished=to_write.vanished,
        )
        profile = folder / PROFILE_FILE
        if outcome.profile:
            with space.open_text(profile) as file:
                json.dump(outcome.profile, file, ensure_ascii=False)
        reports = reports_prefix(dataset.name, execution_name)
        rejected = sum(rows.by_code.values())
        prepared = Prepared(
            bucket=landed.bucket,
            file_key=prepared_key(dataset.name, sha256, landed.file_name),
            sha256=sha256,
            bytes=outcome.path.stat().st_size,
            source_rows=outcome.source_rows,
            prepared_rows=outcome.source_rows - rejected,
            rejected=rejected,
            rejects_by_code=rows.by_code,
            rejects_key=keep_file(s3, rows.records, landed.bucket, reports),
            header=outcome.headers,
            schema_changes=schema_changes,
            execution_name=execution_name,
            rules=dataset.rules.digest,
            at=time.time(),
            source=landed,
            delimiter=source_format.delimiter,
            encoding=source_format.encoding,
            compression=source_format.compression,
            quote=source_format.quote,
            escape=source_format.escape,
            encoding_guessed=source_format.guessed,
            notes=replace(outcome.notes, notes=(*outcome.notes.notes, *told_ruined(ruined, texts).values())),
            profile_key=keep_file(s3, profile if outcome.profile else None, landed.bucket, reports),
            sample_key=keep_file(s3, outcome.sample, landed.bucket, reports),
            sample_sha256=file_sha256(outcome.sample) if outcome.sample else "",
            usual_source=usual_source,
            source_warnings=tuple(fault.message for fault in faults if not fault.fails),
            last_rows=mark.rows if mark else None,
            forecast=rows.forecast,
            made_by=made_by(dataset) if dataset.write.only_changed else "",
            difference=to_write.difference(reports, keep_file(s3, to_write.vanished_list, landed.bucket, reports)),
        )
        if replaying and isinstance(to_write, RowsToReplay):
            prepared = replace(prepared, replay=to_write.replay(s3, landed.bucket, reports, replaying))
        if rows.forecast and rows.foreseen:
            forecast = replace(rows.forecast, rejects_key=keep_file(s3, rows.foreseen, landed.bucket, reports))
            prepared = replace(prepared, forecast=forecast)
        for note in prepared.notes.sentences():
            log.info("%s", note)
        for warning in prepared.source_warnings:
            log.warning("%s", warning)
        if dataset.asks:
            prepared = replace(prepared, questions=questions(prepared, faults, dataset.gates))
        else:
            hold_to_gates(prepared, dataset, faults, reading)
        prepared = replace(prepared, etag=store_file(s3, outcome.path, prepared, dataset))
        to_write.store(s3, prepared, expires=dataset.protection.keep_source_days is not None)
    log.info(
        "%s: %s rows, %s of them rejected; s3://%s/%s",
        name,
        f"{prepared.source_rows:,}",
        f"{prepared.rejected:,}",
        prepared.bucket,
        prepared.file_key,
    )
    return prepared


def _not_text(dataset: Dataset) -> set[str]:
    """Return the headers of columns of another type than text, for which 1.2E+11 is what it says or is rejected."""
    return {column.header for column in dataset.columns if column.type is not ColumnType.TEXT}


def store_file(s3: "S3Client", path: Path, prepared: Prepared, dataset: Dataset) -> str:
    """Upload the prepared file unless it is there; return its version in the bucket, "" where no sample was drawn.

    A check of some keys does not read the file again. So what was there already is held to its digest here.
    """
    bucket, key = prepared.bucket, prepared.file_key
    expires = dataset.protection.keep_source_days is not None
    if prepared.file_header.is_short:
        _upload_names(s3, path.with_name(NAMES_FILE), prepared, dataset.name, expires=expires)
    new = put_once(s3, path, bucket, key, expires=expires)
    if prepared.sample_key is None:
        return ""
    known = s3.head_object(Bucket=bucket, Key=key)["ETag"] if new else ""
    return held_version(s3, bucket, key, prepared.sha256, known=known, made_by="prepare")


def _upload_names(s3: "S3Client", path: Path, prepared: Prepared, dataset: str, *, expires: bool) -> None:
    """Store the names that the file's short ones stand for, before there is a file that needs them."""
    header = prepared.file_header
    with DiskSpace(path.parent, "write the names of the columns").open(path) as file:
        file.write(header.document)
    key = names_key(dataset, header.digest)
    if not put_once(s3, path, prepared.bucket, key, expires=expires):
        held_version(s3, prepared.bucket, key, header.digest, known="", made_by="prepare")
    told = "The header is longer than Step Functions reads: the prepared file has short names for those in s3://%s/%s"
    log.info(told, prepared.bucket, key)


def keep_file(s3: "S3Client", file: Path | None, bucket: str, prefix: str) -> str | None:
    """Store a file if it was written; return its key."""
    if file is None:
        return None
    upload(s3, file, bucket, prefix + file.name)
    return prefix + file.name
