"""The witnesses of a run: where each number of its ledger is read, none of them twice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.errors import RejectError
from csvdynamo.records.rejects import Reject
from csvdynamo.records.result_files import Manifest, ResultFile, batch_results
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.merged import Merged
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.task_documents import reading
from csvdynamo_airflow.naming import FIREHOSE_ERRORS_PREFIX, error_prefix, results_prefix
from csvdynamo_airflow.rejects.error_files import CODE_LENGTH, merge
from csvdynamo_airflow.rejects.unfinished_rows import error_name, read_batches
from csvdynamo_airflow.storage.result_objects import find_manifest, list_objects, numbered_lines
from csvdynamo_airflow.workflow.map_run import Progress


@dataclass(frozen=True)
class MigrationCounts:
    """What the witnesses say of a source's rows once prepare had read them.

    Attributes:
        rejected_before_upload: prepare's rejects, read back from the bucket.
        written: Items written, by the SUCCEEDED result files.
        answered_rejects: Rows rejected, by the SUCCEEDED result files.
        rejects: The rejects of the Lambda function, read back from the bucket: those whose ids the SUCCEEDED result
            files name, and how many are missing or superseded.
        failed: Rows of batches that did not succeed.
        unstarted: Rows of batches that never started.
        failures_by_error: How many of the failed rows are in batches that ended with each error.
        unfinished_rows: Failed and unstarted rows that result files hold: those that an error file can name.
        map_run_total: Rows that the Map Run read, None when there was no Map Run.
        map_run_succeeded: Rows that the Map Run counts in batches that succeeded; None where there are no answers of
            these batches to hold it against.
        map_run_status: The Map Run's status, None when there was none.
        rules: How many batches that succeeded applied the rules of each digest.
        overlapping: Other executions that may have written while this run's did, or before its check had ended.
        changed_files: Error files that are gone, or not as they were written.
        before_by_code: How many of prepare's rejects there are of each code.
        witnesses: Where each number was read, by name.
    """

    rejected_before_upload: int = 0
    written: int = 0
    answered_rejects: int = 0
    rejects: Merged = field(default_factory=Merged)
    failed: int = 0
    unstarted: int = 0
    failures_by_error: Mapping[str, int] = field(default_factory=dict)
    unfinished_rows: int = 0
    map_run_total: int | None = None
    map_run_succeeded: int | None = None
    map_run_status: str | None = None
    rules: Mapping[str, int] = field(default_factory=dict)
    overlapping: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()
    before_by_code: Mapping[str, int] = field(default_factory=dict)
    witnesses: Mapping[str, str] = field(default_factory=dict)

    @property
    def rejects_by_code(self) -> dict[str, int]:
        """How many rejects there are of each code, in the order of the codes."""
        return dict(sorted((Counter(self.before_by_code) + Counter(self.rejects.by_code)).items()))

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {
            **asdict(self),
            "rejects": self.rejects.to_json(),
            "overlapping": list(self.overlapping),
            "changed_files": list(self.changed_files),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task reconcile returned"):
            return cls(
                **{
                    **document,
                    "rejects": Merged.from_json(document["rejects"]),
                    "overlapping": tuple(document["overlapping"]),
                    "changed_files": tuple(document["changed_files"]),
                }
            )


def count_migration(s3: Any, states: Any, prepared: Prepared, execution: Execution | None) -> MigrationCounts:
    """Ask the witnesses what became of the rows that prepare read: nobody's word is taken for what the bucket shows.

    Args:
        s3: A boto3 S3 client.
        states: A boto3 Step Functions client.
        prepared: The prepared file.
        execution: The run's newest execution, None when none was started.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
        csvdynamo.errors.RejectError: An error file has a line that is no reject record.
    """
    before = _rejects_before_upload(s3, prepared)
    counts = _count_execution(s3, states, prepared, execution)
    return replace(
        counts,
        rejected_before_upload=before.total(),
        before_by_code=dict(sorted(before.items())),
        witnesses={"rejected_before_upload": _before_upload(prepared), **counts.witnesses},
    )


def _rejects_before_upload(s3: Any, prepared: Prepared) -> Counter[str]:
    """Read prepare's rejects back, each once, by their codes. An object that is gone holds none."""
    by_code: Counter[str] = Counter()
    key = prepared.rejects_key
    if key is None or not list_objects(s3, prepared.bucket, key):
        return by_code
    ids: set[str] = set()
    for number, line in numbered_lines(s3, prepared.bucket, key):
        reject = _read_reject(line, f"s3://{prepared.bucket}/{key} line {number}")
        if reject.reject_id not in ids:
            ids.add(reject.reject_id)
            by_code[shown(reject.code, CODE_LENGTH)] += 1
    return by_code


def _read_reject(line: bytes, place: str) -> Reject:
    try:
        return Reject.from_json(line)
    except RejectError as error:
        raise RejectError(f"{place}: {error}. Clear the task prepare, which writes it again.") from error


def _before_upload(prepared: Prepared) -> str:
    if prepared.rejects_key is None:
        return "prepare, which rejected no row"
    return f"records of s3://{prepared.bucket}/{prepared.rejects_key}"


def _count_execution(s3: Any, states: Any, prepared: Prepared, execution: Execution | None) -> MigrationCounts:
    """Ask the witnesses of an execution what became of the prepared rows.

    The result files say it where the ResultWriter wrote them; after a redrive the newest manifest names the batches
    that succeeded in any attempt. Where a stopped Map Run left none, its own counts tell failed from unstarted rows,
    and the rows of batches that succeeded stay unaccounted for: what was written of them nobody says.
    """
    if execution is None:
        return _never_started(prepared, "no execution was started")
    map_run = _newest_map_run(states, execution.arn)
    if map_run is None:
        return _never_started(prepared, f"execution {execution.name} made no Map Run")
    progress = Progress.from_item_counts(map_run["itemCounts"])
    manifest = find_manifest(s3, prepared.bucket, execution.name)
    if manifest is None:
        by_state = _failures_by_state(progress)
        return MigrationCounts(
            failed=sum(by_state.values()),
            unstarted=progress.pending,
            failures_by_error=by_state,
            map_run_total=progress.total,
            map_run_status=map_run["status"],
            witnesses=dict.fromkeys(("failed", "unstarted", "map_run_total"), _item_counts(map_run)),
        )
    return _count_results(s3, prepared.bucket, manifest, execution.name, map_run)


def _count_results(
    s3: Any, bucket: str, manifest: Manifest, execution: str, map_run: dict[str, Any]
) -> MigrationCounts:
    written, answered, rules = _sum_succeeded(s3, bucket, manifest.succeeded)
    progress = Progress.from_item_counts(map_run["itemCounts"])
    failures: Counter[str] = Counter()
    for batch in read_batches(s3, bucket, manifest.failed):
        failures[error_name(batch)] += len(batch.rows)
    unstarted = sum(len(batch.rows) for batch in read_batches(s3, bucket, manifest.pending))
    return MigrationCounts(
        written=written,
        answered_rejects=answered,
        rejects=merge(s3, bucket, execution, None),
        failed=failures.total(),
        unstarted=unstarted,
        failures_by_error=dict(sorted(failures.items())),
        unfinished_rows=failures.total() + unstarted,
        map_run_total=progress.total,
        map_run_succeeded=progress.succeeded,
        map_run_status=map_run["status"],
        rules=dict(sorted(rules.items())),
        witnesses=_witnesses(bucket, execution, map_run),
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
    return MigrationCounts(unstarted=prepared.prepared_rows, witnesses={"unstarted": f"prepared rows; {why}"})


def _witnesses(bucket: str, execution: str, map_run: dict[str, Any]) -> dict[str, str]:
    results = f"s3://{bucket}/{results_prefix(execution)}"
    errors = f"s3://{bucket}/{error_prefix(execution)} and {FIREHOSE_ERRORS_PREFIX}"
    return {
        "written": f"NUMBER_OF_ITEMS_WRITTEN of {results}SUCCEEDED_*",
        "rejected": f"records of {errors} whose ids are the REJECT_IDS of {results}SUCCEEDED_*",
        "failed": f"Items of {results}FAILED_*",
        "unstarted": f"Items of {results}PENDING_*",
        "map_run_total": _item_counts(map_run),
    }


def _newest_map_run(states: Any, execution_arn: str) -> dict[str, Any] | None:
    map_runs = states.list_map_runs(executionArn=execution_arn)["mapRuns"]
    if not map_runs:
        return None
    newest = max(map_runs, key=lambda map_run: map_run["startDate"])
    description: dict[str, Any] = states.describe_map_run(mapRunArn=newest["mapRunArn"])
    return description


def _item_counts(map_run: dict[str, Any]) -> str:
    return f"itemCounts of {map_run['mapRunArn']}"


def _sum_succeeded(s3: Any, bucket: str, files: Iterable[ResultFile]) -> tuple[int, int, Counter[str]]:
    written = answered = 0
    rules: Counter[str] = Counter()
    for file in files:
        for result in batch_results(object_chunks(s3, bucket, file.key), file.key):
            written += result.written
            answered += result.rejected
            rules[result.rules] += 1
    return written, answered, rules
