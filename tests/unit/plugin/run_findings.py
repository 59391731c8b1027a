"""What the tasks of a run leave, as values for a test to change."""

from typing import Any

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.transforms import Prefix
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Base, Difference, Snapshot

RULES = RowRules(
    dataset="cars",
    table="tb_cars",
    partition_key="id",
    columns=(
        Column("Car ID", rename="id", transform=(Prefix("A_"),)),
        Column("Year", type=ColumnType.NUMBER),
    ),
).digest
"""The digest of the rules that everything was prepared and migrated by: those of the finished run's data set."""

LOST = (
    "its process ended without a word. The worker was lost or killed it, for want of memory maybe, or a person marked "
    "the task: clear it with everything downstream."
)
"""What the report says of a task that failed and told nothing."""

LANDED = Landed(
    bucket="bucket",
    key="landing/cars/0a/cars.csv",
    url="https://example.org/cars.csv",
    file_name="cars.csv",
    bytes=1234,
    sha256="0a",
    etag='"e"',
    last_modified="Fri, 02 Jan 2026 00:00:00 GMT",
)


def prepared_file(source_rows: int, rejected: int = 0, **changes: Any) -> Prepared:
    """A prepared file of so many rows, some refused before the upload."""
    values: dict[str, Any] = {
        "bucket": "bucket",
        "file_key": "source/cars/0b/cars.csv",
        "sha256": "0b",
        "bytes": 1000,
        "source_rows": source_rows,
        "prepared_rows": source_rows - rejected,
        "rejected": rejected,
        "rejects_by_code": {"BAD_WIDTH": rejected} if rejected else {},
        "rejects_key": "reports/cars/cars-1/rejected_before_upload.jsonl" if rejected else None,
        "header": ("id",),
        "schema_changes": (),
        "execution_name": "cars-1",
        "rules": RULES,
        "at": 50.0,
        "source": LANDED,
        **changes,
    }
    return Prepared(**values)


SNAPSHOT = Snapshot(
    key="reports/cars/cars-0/row_digests-0d.parquet",
    sha256="0d",
    unwritten_key="reports/cars/cars-0/unwritten-0e.csv",
    unwritten_sha256="0e",
    rules=RULES,
    table="tb_cars",
    execution="cars-0",
    at=10.0,
    left=20.0,
)
"""What the run before left."""


def without_snapshot() -> Base:
    """What a run may rest on where there is nothing."""
    return Base(None, "there is none", "tb_cars", 0.0)


def difference(**changes: Any) -> Difference:
    """What of a prepared file changed since that run: nothing."""
    values: dict[str, Any] = {
        "file_key": "source/cars/0c/changed_cars.csv",
        "sha256": "0c",
        "bytes": 80,
        "new": 0,
        "changed": 0,
        "unchanged": 0,
        "vanished": 0,
        "why_all": "",
        "base": SNAPSHOT,
        "digests_key": "reports/cars/cars-1/row_digests-0f.parquet",
        "digests_sha256": "0f",
        "table": "tb_cars",
        "at": 40.0,
    }
    return Difference(**values | changes)


def execution(status: str = "SUCCEEDED", **changes: Any) -> Execution:
    """The run's execution."""
    values: dict[str, Any] = {"started": 100.0, "stopped": 200.0, **changes}
    return Execution(arn="arn:aws:states:us-east-1:1:execution:m:cars-1", name="cars-1", status=status, **values)


def checked_table(**changes: Any) -> CheckedTable:
    """A check of the table after that execution, which found nothing."""
    values: dict[str, Any] = {"mode": VerifyMode.FULL, "keys_checked": 1, "execution": "cars-1", "at": 300.0, **changes}
    return CheckedTable(**values)


def outcome_of_run(**changes: Any) -> Outcome:
    """What was read of that execution, which left result files."""
    return Outcome(**{"execution": "cars-1", "answered": True, **changes})


def counted(**changes: Any) -> MigrationCounts:
    """What the witnesses say of a Map Run that ended well."""
    return MigrationCounts(**{"map_run_status": "SUCCEEDED", **changes})


def migrated(
    source_rows: int, *, before: int = 0, rejected: int = 0, failed: int = 0, unstarted: int = 0, **changes: Any
) -> Findings:
    """A run that went its whole way; what is neither rejected, failed nor unstarted is written."""
    written = source_rows - before - rejected - failed - unstarted
    values: dict[str, Any] = {
        "dataset": "cars",
        "run_id": "run",
        "landed": LANDED.to_json(),
        "prepared": prepared_file(source_rows, before),
        "execution": execution(),
        "ended": Ended("cars-1", 0),
        "checked": checked_table(),
        "outcome": outcome_of_run(
            key="reports/cars/cars-1/rejects.jsonl" if rejected or before else None,
            before=before,
            before_by_code={"BAD_WIDTH": before} if before else {},
            written=written,
            answered_rejects=rejected,
            rejects=rejected,
            by_code={"BAD_TYPE": rejected} if rejected else {},
            failed=failed,
            unstarted=unstarted,
            failures_by_error={"States.Timeout": failed} if failed else {},
            rules={RULES: 1},
        ),
        "counts": counted(
            map_run_total=source_rows - before,
            map_run_succeeded=written + rejected,
            witnesses={"written": "SUCCEEDED_*"},
        ),
        **changes,
    }
    return Findings(**values)
