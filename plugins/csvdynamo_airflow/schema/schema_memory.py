"""What a data set's last successful run had for columns, kept in the bucket, and the gate that compares with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.aws.stored_object import read_object
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.schema_change import SchemaChange, SchemaError, refuse_failures, warnings
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.schema.column_sketch import ColumnSketch, sketch_columns
from csvdynamo_airflow.schema.schema_gate import LastColumns, judge_header

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

COLUMNS_FILE = "columns.json"
"""Beside a run's report: what it would be remembered by."""

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)

log = shown_log(__name__)


@dataclass(frozen=True)
class RunColumns:
    """The columns of a run, and which run it was.

    Attributes:
        columns: Header, sketches and renames.
        source_sha256: The source's digest.
        rows: The source's rows.
        run_id: The DAG run.
        execution: The name of the run's execution.
    """

    columns: LastColumns
    source_sha256: str
    rows: int
    run_id: str
    execution: str

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        columns = self.columns
        return {
            "header": list(columns.header),
            "sketches": {name: sketch.to_json() for name, sketch in columns.sketches.items()},
            "renames": dict(columns.renames),
            "source_sha256": self.source_sha256,
            "rows": self.rows,
            "run_id": self.run_id,
            "execution": self.execution,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            columns=LastColumns(
                header=tuple(document["header"]),
                sketches={name: ColumnSketch.from_json(sketch) for name, sketch in document["sketches"].items()},
                renames=dict(document["renames"]),
            ),
            source_sha256=document["source_sha256"],
            rows=document["rows"],
            run_id=document["run_id"],
            execution=document["execution"],
        )


def memory_key(dataset_name: str) -> str:
    """Name the object that remembers a data set's last successful run."""
    return f"{REPORTS_PREFIX}{dataset_name}/last_successful.json"


def check_schema(
    s3: "S3Client",
    dataset: Dataset,
    landed: Landed,
    headers: Sequence[str],
    prepared_file: Path,
    *,
    rows: int,
    run_id: str,
    execution: str,
    reading: str = "",
) -> tuple[SchemaChange, ...]:
    """Hold a prepared file's header against the data set file and the last successful run, before it is uploaded.

    What the run would be remembered by is put beside its report.

    Args:
        s3: A boto3 S3 client.
        dataset: The data set.
        landed: The source.
        headers: The source's header.
        prepared_file: The prepared file, on this worker's disk.
        rows: The source's rows.
        run_id: The DAG run.
        execution: The name of the run's execution.
        reading: What the header rests on that nobody declared, for the message of a refusal.

    Returns:
        Every change, with what the data set wants done about it.

    Raises:
        SchemaError: A change fails the run and no person is to be asked about it, or what is remembered cannot be read.
    """
    sketches = sketch_columns(prepared_file, headers)
    return check_columns(
        s3, dataset, landed, headers, sketches, rows=rows, run_id=run_id, execution=execution, reading=reading
    )


def check_columns(
    s3: "S3Client",
    dataset: Dataset,
    landed: Landed,
    headers: Sequence[str],
    sketches: Mapping[str, ColumnSketch],
    *,
    rows: int,
    run_id: str,
    execution: str,
    reading: str = "",
) -> tuple[SchemaChange, ...]:
    """Do as `check_schema`, with what the columns hold in the place of the file; the other arguments are the same."""
    last = recall_run(s3, landed.bucket, dataset.name)
    verdict = judge_header(headers, dataset, last.columns if last else None, sketches)
    for sentence in warnings(verdict.changes):
        log.warning("%s", sentence)
    if not dataset.asks:
        refuse_failures(verdict.changes, f"{landed.file_name} (from {landed.url})", dataset.name, reading)
    columns = LastColumns(tuple(headers), sketches, verdict.renames)
    _keep(s3, landed.bucket, dataset.name, RunColumns(columns, landed.sha256, rows, run_id, execution))
    return verdict.changes


def hand_columns_on(
    s3: "S3Client", bucket: str, dataset_name: str, earlier: str, *, run_id: str, execution: str
) -> None:
    """Put what an earlier run would be remembered by beside the report of one that takes its file over, if it was kept.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        dataset_name: The data set.
        earlier: The name of the earlier run's first execution.
        run_id: The DAG run that takes the file over.
        execution: The name of its execution.
    """
    columns = read_columns(s3, bucket, dataset_name, earlier)
    if columns is not None:
        _keep(s3, bucket, dataset_name, replace(columns, run_id=run_id, execution=execution))


def _keep(s3: "S3Client", bucket: str, dataset_name: str, columns: RunColumns) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=reports_prefix(dataset_name, columns.execution) + COLUMNS_FILE,
        Body=json.dumps(columns.to_json(), ensure_ascii=False).encode("utf-8"),
        ContentType="application/json",
    )


def recall_run(s3: "S3Client", bucket: str, dataset_name: str) -> RunColumns | None:
    """Read what the last successful run had for columns, None if there was none.

    Raises:
        SchemaError: What is remembered cannot be read.
    """
    key = memory_key(dataset_name)
    try:
        return _read(s3, bucket, key)
    except _UNREADABLE as error:
        raise SchemaError(
            f"s3://{bucket}/{key} does not hold the columns of a run ({type(error).__name__}: {error}). Delete it: the "
            "next run is then compared with the data set file alone."
        ) from error


def read_columns(s3: "S3Client", bucket: str, dataset_name: str, execution: str) -> RunColumns | None:
    """Read what a run would be remembered by, None if that was not kept, or cannot be read.

    Args:
        s3: A boto3 S3 client.
        bucket: The bucket.
        dataset_name: The data set.
        execution: The name of the run's first execution.
    """
    try:
        return _read(s3, bucket, reports_prefix(dataset_name, execution) + COLUMNS_FILE)
    except _UNREADABLE:
        return None


def _read(s3: "S3Client", bucket: str, key: str) -> RunColumns | None:
    try:
        document = read_object(s3, bucket, key)
    except s3.exceptions.NoSuchKey:
        return None
    return RunColumns.from_json(json.loads(document))


def remember_run(s3: "S3Client", dataset_name: str, prepared: Prepared) -> None:
    """Make a run the last successful one.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: What the run prepared.
    """
    source: CopySourceTypeDef = {
        "Bucket": prepared.bucket,
        "Key": reports_prefix(dataset_name, prepared.execution_name) + COLUMNS_FILE,
    }
    s3.copy_object(CopySource=source, Bucket=prepared.bucket, Key=memory_key(dataset_name))
