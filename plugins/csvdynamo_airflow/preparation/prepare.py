"""The task prepare: from the landed source to the file that Step Functions' CSV reader cannot misread."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from csvdynamo.dataset import Dataset
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from csvdynamo_airflow.preparation.prepared import Prepared, prepared_key
from csvdynamo_airflow.preparation.profile import PROFILE_FILE
from csvdynamo_airflow.preparation.reject_spool import write_records
from csvdynamo_airflow.schema.schema_memory import check_schema
from csvdynamo_airflow.source.growing_file import ReportProgress
from csvdynamo_airflow.source.landing import Landed
from csvdynamo_airflow.stored_file import fetch, file_sha256, put_once, upload
from csvdynamo_airflow.workspace import require_free_space, workspace

__all__ = ["Prepared", "prepare"]

REJECTS_FILE = "rejected_before_upload.jsonl"

log = logging.getLogger(__name__)


def log_progress(done: int, _total: int | None) -> None:
    """Write progress to the task's log."""
    log.info("%s bytes prepared", f"{done:,}")


def prepare(
    landed: Landed,
    dataset: Dataset,
    *,
    s3: Any,
    run_id: str,
    name_execution: Callable[[str], str],
    work_parent: Path | None = None,
    report_progress: ReportProgress = log_progress,
) -> Prepared:
    """Rewrite a landed source (see `prepare_file`), and store the result under a key made of its digest.

    Args:
        landed: What download stored.
        dataset: The data set.
        s3: A boto3 S3 client.
        run_id: The DAG run's id, which names the temporary folder.
        name_execution: Names the execution that migrates the file of a key.
        work_parent: Where to make the temporary folder; the system's temporary folder if None.
        report_progress: Is told of the bytes written.

    Raises:
        SourceFileError: The source is no CSV, or breaks off.
        HeaderError: Its header would lose or mix up columns.
        FileTooLargeError: The prepared file becomes larger than Step Functions reads.
        SchemaError: Its header changed in a way that the data set does not allow.
        NoSpaceError: The temporary folder's disk has no room.
        ObjectError, ObjectPostponedError: The bucket has another file under a key, or takes none.
    """
    name = f"{landed.file_name} (from {landed.url})"
    with workspace("prepare", dataset.name, run_id, work_parent) as folder:
        # At least the source and a copy of it; what an archive unpacks to shows only on the way.
        require_free_space(folder, 2 * landed.bytes, f"prepare {name}")
        fetch(s3, landed.bucket, landed.key, landed.sha256, folder / SOURCE)
        outcome = prepare_file(folder, dataset, name, report_progress)
        sha256 = file_sha256(outcome.path)
        file_key = prepared_key(dataset.name, sha256, landed.file_name)
        execution_name = name_execution(file_key)
        schema_changes = check_schema(
            s3,
            dataset,
            landed,
            outcome.headers,
            outcome.path,
            rows=outcome.source_rows,
            run_id=run_id,
            execution=execution_name,
        )
        put_once(s3, outcome.path, landed.bucket, file_key, expires=dataset.protection.keep_source_days is not None)
        reports = reports_prefix(dataset.name, execution_name)
        rejects_key = profile_key = None
        # The same run writes the same records and profile at every attempt, so writing over them is safe.
        if outcome.rejects_by_code:
            write_records(outcome.spools, folder / REJECTS_FILE, dataset.name, execution_name)
            rejects_key = reports + REJECTS_FILE
            upload(s3, folder / REJECTS_FILE, landed.bucket, rejects_key)
        if outcome.profile:
            (folder / PROFILE_FILE).write_text(json.dumps(outcome.profile, ensure_ascii=False), encoding="utf-8")
            profile_key = reports + PROFILE_FILE
            upload(s3, folder / PROFILE_FILE, landed.bucket, profile_key)
        rejected = sum(outcome.rejects_by_code.values())
        prepared = Prepared(
            bucket=landed.bucket,
            file_key=file_key,
            sha256=sha256,
            bytes=outcome.path.stat().st_size,
            source_rows=outcome.source_rows,
            prepared_rows=outcome.source_rows - rejected,
            rejected=rejected,
            rejects_by_code=outcome.rejects_by_code,
            rejects_key=rejects_key,
            header=outcome.headers,
            schema_changes=schema_changes,
            execution_name=execution_name,
            source=landed,
            delimiter=outcome.source_format.delimiter,
            encoding=outcome.source_format.encoding,
            compression=outcome.source_format.compression,
            profile_key=profile_key,
        )
    log.info(
        "%s: %s rows, %s of them rejected; s3://%s/%s",
        name,
        f"{prepared.source_rows:,}",
        f"{prepared.rejected:,}",
        prepared.bucket,
        prepared.file_key,
    )
    return prepared
