"""The witnesses of a run: where each number of its ledger is read."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from csvdynamo.result_files import ResultFile, batch_results, unfinished_batches
from csvdynamo_airflow.execution import Execution
from csvdynamo_airflow.map_run import Progress
from csvdynamo_airflow.naming import results_prefix
from csvdynamo_airflow.prepared import Prepared
from csvdynamo_airflow.result_objects import find_manifest, object_chunks


@dataclass(frozen=True)
class MigrationCounts:
    """What an execution's witnesses say of the rows that it was handed.

    Attributes:
        written: Items written, by the SUCCEEDED result files.
        rejected: Rows rejected, by the SUCCEEDED result files.
        failed: Rows of batches that did not succeed.
        unstarted: Rows of batches that never started.
        map_run_total: Rows that the Map Run read, None when there was no Map Run.
        witnesses: Where each number was read, by name.
    """

    written: int = 0
    rejected: int = 0
    failed: int = 0
    unstarted: int = 0
    map_run_total: int | None = None
    witnesses: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**document)

    @classmethod
    def never_started(cls, rows: int) -> Self:
        """Rows that were prepared and never handed to an execution."""
        return cls(unstarted=rows, witnesses={"unstarted": "prepared rows; no execution was started"})


def count_migration(s3: Any, states: Any, prepared: Prepared, execution: Execution | None) -> MigrationCounts:
    """Ask the witnesses of an execution what became of the prepared rows.

    The result files say it where the ResultWriter wrote them; after a redrive the newest manifest names the batches
    that succeeded in any attempt. Where a stopped Map Run left none, its own counts tell failed from unstarted rows,
    and the rows of batches that succeeded stay unaccounted for: what was written of them nobody says.

    Args:
        s3: A boto3 S3 client.
        states: A boto3 Step Functions client.
        prepared: The prepared file.
        execution: The run's newest execution, None when none was started.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """
    if execution is None:
        return MigrationCounts.never_started(prepared.prepared_rows)
    map_run = _newest_map_run(states, execution.arn)
    if map_run is None:
        return MigrationCounts(
            unstarted=prepared.prepared_rows,
            witnesses={"unstarted": f"prepared rows; execution {execution.name} made no Map Run"},
        )
    progress = Progress.from_item_counts(map_run["itemCounts"])
    manifest = find_manifest(s3, prepared.bucket, execution.name)
    if manifest is None:
        return MigrationCounts(
            failed=progress.failed + progress.timed_out + progress.aborted + progress.running,
            unstarted=progress.pending,
            map_run_total=progress.total,
            witnesses=dict.fromkeys(("failed", "unstarted", "map_run_total"), _item_counts(map_run)),
        )
    place = f"s3://{prepared.bucket}/{results_prefix(execution.name)}"
    written, rejected = _sum_succeeded(s3, prepared.bucket, manifest.succeeded)
    return MigrationCounts(
        written=written,
        rejected=rejected,
        failed=_count_unfinished(s3, prepared.bucket, manifest.failed),
        unstarted=_count_unfinished(s3, prepared.bucket, manifest.pending),
        map_run_total=progress.total,
        witnesses={
            "written": f"NUMBER_OF_ITEMS_WRITTEN of {place}SUCCEEDED_*",
            "rejected": f"NUMBER_OF_ITEMS_IN_ERROR of {place}SUCCEEDED_*",
            "failed": f"Items of {place}FAILED_*",
            "unstarted": f"Items of {place}PENDING_*",
            "map_run_total": _item_counts(map_run),
        },
    )


def _newest_map_run(states: Any, execution_arn: str) -> dict[str, Any] | None:
    map_runs = states.list_map_runs(executionArn=execution_arn)["mapRuns"]
    if not map_runs:
        return None
    newest = max(map_runs, key=lambda map_run: map_run["startDate"])
    description: dict[str, Any] = states.describe_map_run(mapRunArn=newest["mapRunArn"])
    return description


def _item_counts(map_run: dict[str, Any]) -> str:
    return f"itemCounts of {map_run['mapRunArn']}"


def _sum_succeeded(s3: Any, bucket: str, files: Iterable[ResultFile]) -> tuple[int, int]:
    written = rejected = 0
    for file in files:
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key):
            written += result.written
            rejected += result.rejected
    return written, rejected


def _count_unfinished(s3: Any, bucket: str, files: Iterable[ResultFile]) -> int:
    return sum(
        len(batch.rows) for file in files for batch in unfinished_batches(object_chunks(s3, bucket, file.key), file.key)
    )
