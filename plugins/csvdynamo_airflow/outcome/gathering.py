"""The one reading of what a run left: its tables and its error files are written beside its report."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from csvdynamo.folders import FIREHOSE_ERRORS_PREFIX
from csvdynamo.records.result_files import Manifest
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.outcome import ROWS_FILE, Outcome, RowStanding
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.naming import reports_prefix, results_prefix
from csvdynamo_airflow.outcome.error_csv import ERROR_CSV_FILE, write_error_csv
from csvdynamo_airflow.outcome.error_objects import (
    digest_of_objects,
    list_error_objects,
    read_rejects,
    read_rejects_before_upload,
)
from csvdynamo_airflow.outcome.examples import EXAMPLES_FILE, write_examples
from csvdynamo_airflow.outcome.objects_read import OBJECTS_FILE, read_objects, write_objects
from csvdynamo_airflow.outcome.outcome_spool import OutcomeSpool
from csvdynamo_airflow.outcome.outcome_tables import OutcomeTables, Sources
from csvdynamo_airflow.outcome.result_files import read_results
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from csvdynamo_airflow.storage.result_objects import StoredObject, find_manifest, find_object, list_objects
from csvdynamo_airflow.storage.stored_file import fetch, file_sha256
from csvdynamo_airflow.storage.workspace import require_free_space, workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REJECTS_FILE = "rejects.jsonl"
UNFINISHED_FILE = "unfinished.jsonl"
BATCHES_FILE = "batches.parquet"
_FILES = (REJECTS_FILE, UNFINISHED_FILE, ERROR_CSV_FILE, ROWS_FILE, BATCHES_FILE, OBJECTS_FILE, EXAMPLES_FILE)

_BYTES_A_RESULT_BYTE = 3  # as a rule: a row is written out twice, each time with what is said of its batch
_CONTENT_TYPES = {".jsonl": "application/x-ndjson", ".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}


def gather(
    s3: "S3Client", dataset_name: str, prepared: Prepared, execution: Execution | None, earlier: Outcome | None = None
) -> Outcome:
    """Read what a run left, and put its outcome beside its report.

    That is the table of the rows that were not plainly written, the table of batches, the list of the objects that were
    read, and the error files: the rejects as JSON lines, those of prepare, then the Lambda function's; the rows of
    batches that did not succeed as JSON lines; and all of them as one CSV. What an earlier attempt wrote is written
    over, with nothing where nothing is left: after a redrive no file may go on naming rows that are in the table.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: The prepared file.
        execution: The run's newest execution, None when none was started.
        earlier: What an earlier call of this attempt returned, when rejects were missing: the result files are not read
            again, only the objects in which rejects may have arrived since.

    Raises:
        csvdynamo.errors.RejectError: An error file has a line that is no reject record.
        csvdynamo.errors.ResultFileError: A result file is malformed.
        ObjectError: What the earlier call wrote is gone or was changed.
        NoSpaceError: The temporary folder has no room for the files.
    """
    with workspace("error_files", dataset_name, prepared.execution_name) as folder:
        gathering = _Gathering(s3, dataset_name, prepared, execution, folder)
        return gathering.go_on(earlier) if earlier else gathering.begin()


class _Gathering:
    def __init__(
        self, s3: "S3Client", dataset_name: str, prepared: Prepared, execution: Execution | None, folder: Path
    ) -> None:
        self._s3, self._dataset_name, self._prepared, self._execution = s3, dataset_name, prepared, execution
        self._space = DiskSpace(folder, "write the error files")
        self._folder = folder
        self._objects: list[StoredObject] = []
        self._error_objects = ""

    def begin(self) -> Outcome:
        """Read everything."""
        manifest = self._find_manifest()
        with OutcomeSpool(self._space) as spool:
            self._read_results(spool, manifest)
            self._read_rejects(spool)
        return self._write(spool, Sources.read_now(spool), answered=manifest is not None)

    def go_on(self, earlier: Outcome) -> Outcome:
        """Read the rejects alone; take what the result files say from the tables that were written before."""
        rows, batches = self._folder / "earlier_rows", self._folder / "earlier_batches"
        self._fetch(earlier, earlier.rows_key, rows)
        self._fetch(earlier, earlier.batches_key, batches)
        with self._space.open(self._folder / UNFINISHED_FILE):
            pass
        if earlier.unfinished_key:
            self._fetch(earlier, earlier.unfinished_key, self._folder / UNFINISHED_FILE)
        self._fetch(earlier, earlier.objects_key, self._folder / "earlier_objects")
        read = read_objects(self._folder / "earlier_objects")
        self._objects += [one for one in read if one.key.startswith(results_prefix(earlier.execution))]
        with OutcomeSpool(self._space) as spool:
            self._read_rejects(spool)
        return self._write(spool, Sources.read_before(spool, rows, batches), answered=True)

    def _find_manifest(self) -> Manifest | None:
        if self._execution is None:
            return None
        found = list_objects(self._s3, self._prepared.bucket, results_prefix(self._execution.name))
        self._objects += map(StoredObject.of, found)
        return find_manifest(self._s3, self._prepared.bucket, self._execution.name)

    def _read_results(self, spool: OutcomeSpool, manifest: Manifest | None) -> None:
        with self._space.open(self._folder / UNFINISHED_FILE) as out:
            if manifest is None or self._execution is None:
                return
            size = sum(one.size for one in (*manifest.failed, *manifest.pending))
            purpose = "write out the rows of batches that failed"
            require_free_space(self._folder, _BYTES_A_RESULT_BYTE * size, purpose)
            bucket, execution = self._prepared.bucket, self._execution.name
            read_results(
                self._s3,
                bucket,
                manifest,
                header=self._prepared.file_header,
                execution=execution,
                dataset=self._dataset_name,
                spool=spool,
                out=out,
            )

    def _read_rejects(self, spool: OutcomeSpool) -> None:
        bucket = self._prepared.bucket
        if stored := find_object(self._s3, bucket, self._prepared.rejects_key):
            self._objects.append(stored)
            read_rejects_before_upload(self._s3, bucket, stored.key, spool)
        if self._execution is None:
            return
        for stored in self._arriving(self._execution.name):
            number, is_ours = spool.add_object(stored.key), False
            for reject in read_rejects(self._s3, bucket, stored.key, self._execution.name):
                spool.add_reject(reject, RowStanding.REJECTED, number)
                is_ours = True
            if is_ours or not stored.key.startswith(FIREHOSE_ERRORS_PREFIX):  # others' records are none of this run's
                self._objects.append(stored)

    def _arriving(self, execution: str) -> Iterator[StoredObject]:
        """Give the objects that may hold rejects, those that come while they are read among them."""
        known: dict[str, StoredObject] = {}
        while new := self._unknown(known, execution):
            yield from new
            known |= {one.key: one for one in new}
        self._error_objects = digest_of_objects(known.values())

    def _unknown(self, known: Mapping[str, StoredObject], execution: str) -> list[StoredObject]:
        listed = list_error_objects(self._s3, self._prepared.bucket, execution)
        return sorted(one for one in listed if one.key not in known)

    def _write(self, spool: OutcomeSpool, sources: Sources, *, answered: bool) -> Outcome:
        rejects, unfinished, table, rows, batches, objects, examples = (self._folder / name for name in _FILES)
        with open_duckdb(self._space) as session:
            tables = OutcomeTables(session, sources, self._space, rows, batches)
            outcome = tables.tally()
            with spool.records.open("rb") as records, self._space.open(rejects) as out:
                out.writelines(_records(records, tables.records()))
                with self._space.open(examples) as shown:
                    write_examples(_records(records, tables.examples()), shown)
        write_objects(self._objects, objects, self._space)
        written = 0
        with rejects.open("rb") as first, unfinished.open("rb") as then, self._space.open(table) as csv:
            if first.seek(0, os.SEEK_END) or then.seek(0, os.SEEK_END):
                written = write_error_csv(first, self._prepared.header, csv, then)
        _hold_to_the_tables(outcome, written)
        keys = [self._upload(file) for file in (rejects, table, unfinished, rows, batches, objects, examples)]
        key, csv_key, unfinished_key, rows_key, batches_key, objects_key, _ = keys
        return replace(
            outcome,
            key=key,
            csv_key=csv_key,
            unfinished_key=unfinished_key,
            rows_key=rows_key,
            batches_key=batches_key,
            objects_key=objects_key,
            digests={key: file_sha256(self._folder / key.rpartition("/")[2]) for key in keys if key},
            error_objects=self._error_objects,
            execution=self._execution.name if self._execution else "",
            redrives=self._execution.redrives if self._execution else 0,
            answered=answered,
        )

    def _fetch(self, earlier: Outcome, key: str | None, path: Path) -> None:
        assert key is not None
        fetch(self._s3, self._prepared.bucket, key, earlier.digests[key], path, made_by="fetch_error_files")

    def _upload(self, file: Path) -> str | None:
        """Upload a file that holds something, and empty the object of one that does not; return the key if it does."""
        bucket = self._prepared.bucket
        key = reports_prefix(self._dataset_name, self._prepared.execution_name) + file.name
        if not file.stat().st_size:
            if find_object(self._s3, bucket, key):
                self._s3.put_object(Bucket=bucket, Key=key, Body=b"")
            return None
        self._s3.upload_file(str(file), bucket, key, ExtraArgs={"ContentType": _CONTENT_TYPES[file.suffix]})
        return key


def _records(records: IO[bytes], places: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    for start, size in places:
        records.seek(start)
        yield records.read(size)


def _hold_to_the_tables(outcome: Outcome, written: int) -> None:
    """Refuse error files that have not a row for each that the tables have.

    Raises:
        MigrationError: Rows are missing in them, or are told twice.
    """
    told = outcome.before + outcome.rejects + outcome.failed + outcome.unstarted
    if written != told:
        raise MigrationError(
            f"The error files have {written:,} rows, and the tables that they were made of tell {told:,} that were not "
            "written: clear this task. If it happens again, it is a fault of csvdynamo."
        )
