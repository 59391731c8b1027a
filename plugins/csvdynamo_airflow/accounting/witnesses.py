"""The witnesses of a run beside its outcome: where each number of its ledger was read, none of them twice."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.folders import FIREHOSE_ERRORS_PREFIX, error_prefix
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.task_documents import reading
from csvdynamo_airflow.naming import results_prefix
from csvdynamo_airflow.outcome.objects_read import changed_files, changed_objects
from csvdynamo_airflow.workflow.map_run import Progress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef

_TUPLES = ("overlapping", "changed_files", "changed_objects")


@dataclass(frozen=True)
class MigrationCounts:
    """What the witnesses say of a source's rows, beside the outcome that was read (`Outcome`).

    Attributes:
        failed: Rows of batches that did not succeed, where the Map Run alone tells.
        unstarted: Rows of batches that never started, likewise.
        failures_by_error: How many of the failed rows are in batches that ended in each state, likewise.
        map_run_total: Rows that the Map Run read, None when there was no Map Run.
        map_run_succeeded: Rows that the Map Run counts in batches that succeeded; None where there are no answers of
            these batches to hold it against.
        map_run_status: The Map Run's status, None when there was none.
        map_run_arn: The Map Run, None when there was none.
        overlapping: Other executions that may have written while this run's did, or before its check had ended.
        changed_files: Objects of the outcome that are gone, or not as they were written.
        changed_objects: Objects that it was read from and that are gone or changed, or came since.
        witnesses: Where each number was read, by name.
    """

    failed: int = 0
    unstarted: int = 0
    failures_by_error: Mapping[str, int] = field(default_factory=dict)
    map_run_total: int | None = None
    map_run_succeeded: int | None = None
    map_run_status: str | None = None
    map_run_arn: str | None = None
    overlapping: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()
    changed_objects: tuple[str, ...] = ()
    witnesses: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**asdict(self), **{name: list(getattr(self, name)) for name in _TUPLES}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task reconcile returned"):
            return cls(**{**document, **{name: tuple(document[name]) for name in _TUPLES}})


def count_migration(
    s3: "S3Client", states: "SFNClient", prepared: Prepared, execution: Execution | None, outcome: Outcome | None
) -> MigrationCounts:
    """Ask what became of the rows that prepare read: whether the outcome can still be read as it was, and the Map Run.

    Args:
        s3: A boto3 S3 client.
        states: A boto3 Step Functions client.
        prepared: The prepared file.
        execution: The run's newest execution, None when none was started.
        outcome: What was read of it, None when nobody did.

    Raises:
        csvdynamo.errors.RejectError: A line of the outcome's rejects is no reject record.
    """
    counts = _count_execution(states, prepared, execution, outcome)
    files = changed_files(s3, prepared.bucket, outcome) if outcome else ()
    return replace(
        counts,
        changed_files=files,
        # What a list that was changed says is no measure.
        changed_objects=changed_objects(s3, prepared, outcome) if outcome and not files else (),
        witnesses={"rejected_before_upload": _before_upload(prepared), **counts.witnesses},
    )


def _before_upload(prepared: Prepared) -> str:
    if prepared.rejects_key is None:
        return "prepare, which rejected no row"
    return f"records of s3://{prepared.bucket}/{prepared.rejects_key}"


def _count_execution(
    states: "SFNClient", prepared: Prepared, execution: Execution | None, outcome: Outcome | None
) -> MigrationCounts:
    """Ask the witnesses of an execution.

    The result files say what became of its rows where the ResultWriter wrote them; after a redrive the newest manifest
    names the batches that succeeded in any attempt. Where a stopped Map Run left none, its own counts tell failed from
    unstarted rows, and the rows of batches that succeeded stay unaccounted for: what was written of them nobody says.
    """
    if execution is None:
        return _never_started(prepared, "no execution was started")
    map_run = _newest_map_run(states, execution.arn)
    if map_run is None:
        return _never_started(prepared, f"execution {execution.name} made no Map Run")
    progress = Progress.from_counts(map_run["itemCounts"])
    if outcome and outcome.answered:
        return MigrationCounts(
            map_run_total=progress.total,
            map_run_succeeded=progress.succeeded,
            map_run_status=map_run["status"],
            map_run_arn=map_run["mapRunArn"],
            witnesses=_witnesses(prepared.bucket, execution.name, map_run),
        )
    by_state = _failures_by_state(progress)
    # The deletions are the last rows of the file: it is they that had not begun, and then those that failed last.
    undeleted = min(prepared.deletions, progress.pending)
    return MigrationCounts(
        failed=max(0, sum(by_state.values()) - (prepared.deletions - undeleted)),
        unstarted=progress.pending - undeleted,
        failures_by_error=by_state,
        map_run_total=progress.total,
        map_run_status=map_run["status"],
        map_run_arn=map_run["mapRunArn"],
        witnesses=dict.fromkeys(("failed", "unstarted", "map_run_total"), _item_counts(map_run)),
    )


def _failures_by_state(progress: Progress) -> dict[str, int]:
    """Tell a stopped Map Run's failed rows by the states of their batches: nobody kept the errors."""
    states = {
        "ABORTED": progress.aborted,
        "FAILED": progress.failed,
        "RUNNING": progress.running,
        "TIMED_OUT": progress.timed_out,
    }
    return {state: rows for state, rows in states.items() if rows}


def _never_started(prepared: Prepared, why: str) -> MigrationCounts:
    return MigrationCounts(unstarted=prepared.rows_to_write, witnesses={"unstarted": f"rows to be written; {why}"})


def _witnesses(bucket: str, execution: str, map_run: "DescribeMapRunOutputTypeDef") -> dict[str, str]:
    results = f"s3://{bucket}/{results_prefix(execution)}"
    errors = f"s3://{bucket}/{error_prefix(execution)} and {FIREHOSE_ERRORS_PREFIX}"
    return {
        "written": f"NUMBER_OF_ITEMS_WRITTEN of {results}SUCCEEDED_*",
        "rejected": f"records of {errors} whose ids are the REJECT_IDS of {results}SUCCEEDED_*",
        "failed": f"Items of {results}FAILED_*",
        "unstarted": f"Items of {results}PENDING_*",
        "map_run_total": _item_counts(map_run),
    }


def _newest_map_run(states: "SFNClient", execution_arn: str) -> "DescribeMapRunOutputTypeDef | None":
    map_runs = states.list_map_runs(executionArn=execution_arn)["mapRuns"]
    if not map_runs:
        return None
    newest = max(map_runs, key=lambda map_run: map_run["startDate"])
    return states.describe_map_run(mapRunArn=newest["mapRunArn"])


def _item_counts(map_run: "DescribeMapRunOutputTypeDef") -> str:
    return f"itemCounts of {map_run['mapRunArn']}"
