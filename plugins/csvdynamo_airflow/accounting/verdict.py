"""Whether a run is green: the one decision that the DAG's last task reports. Pure."""

from collections.abc import Iterable

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import ForeignPolicy, Verification
from csvdynamo.errors import OtherRulesError, TurnLostError
from csvdynamo.shown import shown, shown_lines
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.unheard import unheard
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.merged import Merged
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.reject_gate import too_many_rejects

_NAMED = 5
_LOST = (
    "its process ended without a word. The worker was lost or killed it, for want of memory maybe, or a person marked "
    "the task: clear it with everything downstream."
)
_TO_MIGRATE_AGAIN = "Find who wrote to it, and clear the task start, which migrates the file again."
_REFUSED_BY_THE_FUNCTION = (OtherRulesError.__name__, TurnLostError.__name__)


def problems(findings: Findings, gates: Gates, verify: Verification | None = None) -> list[str]:
    """List what keeps a run from being green, each as a sentence that says what to look at.

    Each is one line, `shown`, but for the error of a task, which may be a list of them (`task_error`).

    Args:
        findings: What the run's tasks left behind.
        gates: The data set's limits. Exactly as many as allowed is allowed.
        verify: How the data set wants its table checked.
    """
    failures = [
        f"Task {shown(task.task_id, 250)} ended as {shown(task.state, 50)}: {shown_lines(_why_it_failed(task))}"
        for task in findings.failed_tasks
    ]
    return [
        *failures,
        *map(shown, unheard(findings, verify or Verification())),
        *map(shown, _contradictions(findings)),
        *map(shown, _others_rows(findings)),
        *map(shown, _other_items(findings, verify or Verification())),
        # prepare, where it was stopped by its own rejects, has said the same and what to do.
        *(text for text in map(shown, _over_the_limits(findings, gates)) if not any(text in told for told in failures)),
    ]


def _why_it_failed(task: EndedTask) -> str:
    """Say what a task failed with; one that never ran, since a task before it had failed, has nothing to say."""
    return task.error or (_LOST if task.state == "failed" else "clear it with everything downstream.")


def _contradictions(findings: Findings) -> list[str]:
    """Say which witnesses contradict each other."""
    found = []
    ledger, prepared, counts = findings.ledger, findings.prepared, findings.counts
    merged = findings.merged or Merged()
    if ledger.unaccounted < 0:
        found.append(f"{-ledger.unaccounted:,} more rows are accounted for than the source's {ledger.source_rows:,}.")
    if prepared and counts:
        found += _contradicting_counts(prepared, counts)
        if merged.rejects != counts.rejects.rejects:
            found.append(
                f"The merged error files hold {merged.rejects:,} of the Lambda function's rejects, the bucket now "
                f"holds {counts.rejects.rejects:,} that count: clear the task fetch_error_files."
            )
        if merged.failed + merged.unstarted != counts.unfinished_rows:
            found.append(
                f"The error files hold {merged.failed + merged.unstarted:,} rows of batches that did not succeed, the "
                f"result files now hold {counts.unfinished_rows:,}: clear the task fetch_error_files."
            )
        if findings.merged is not None and merged.before != prepared.rejected:
            found.append(
                f"The merged error files hold {merged.before:,} of prepare's {prepared.rejected:,} rejects: clear the "
                "task fetch_error_files."
            )
        if counts.changed_files:
            named = ", ".join(f"s3://{prepared.bucket}/{key}" for key in counts.changed_files)
            found.append(f"Not as they were written are {named}: clear the task fetch_error_files.")
    return found


def _contradicting_counts(prepared: Prepared, counts: MigrationCounts) -> Iterable[str]:
    if counts.map_run_total not in (None, prepared.prepared_rows):
        yield (
            f"The Map Run read {counts.map_run_total:,} rows of a file that was prepared with "
            f"{prepared.prepared_rows:,}: see the execution's input and its Map Run."
        )
    if counts.rejected_before_upload != prepared.rejected:
        yield (
            f"prepare rejected {prepared.rejected:,} rows, but s3://{prepared.bucket}/{prepared.rejects_key} holds "
            f"{counts.rejected_before_upload:,} records: clear the task prepare, which writes it again."
        )
    answered = counts.written + counts.answered_rejects
    if counts.map_run_succeeded not in (None, answered):
        yield (
            f"The Map Run counts {counts.map_run_succeeded:,} rows in batches that succeeded, and the answers of these "
            f"batches {answered:,}: see the result files."
        )
    if counts.answered_rejects != counts.rejects.rejects:
        ids = ", ".join(counts.rejects.missing_ids[:_NAMED])
        yield (
            f"The result files count {counts.answered_rejects:,} rejected rows, the error files hold "
            f"{counts.rejects.rejects:,} of them{f'; missing are {ids}' if ids else ''}: see the task "
            "fetch_error_files."
        )


def _others_rows(findings: Findings) -> Iterable[str]:
    """Say what others may have done to the run's rows: other rules, another execution at the same time."""
    prepared, counts = findings.prepared, findings.counts
    if prepared is None or counts is None:
        return
    if others := {digest: batches for digest, batches in counts.rules.items() if digest != prepared.rules}:
        named = ", ".join(f"{batches:,} by {digest[:12] or 'unknown ones'}" for digest, batches in others.items())
        yield (
            f"Batches were migrated by other rules than the file was prepared by ({prepared.rules[:12]}): {named}. "
            "Trigger the DAG again, as a new run, which makes the file anew."
        )
    if counts.overlapping:
        yield (
            f"Other executions of this data set ran at the same time, and may have written over its rows: "
            f"{', '.join(counts.overlapping)}. Trigger the DAG again once they have ended."
        )
    if refused := sum(counts.failures_by_error.get(error, 0) for error in _REFUSED_BY_THE_FUNCTION):
        yield (
            f"{refused:,} rows are in batches that the function refused, since it was not their execution's turn or "
            f"they were prepared by other rules. No limit tolerates that: {_to_migrate_the_rest(findings)}."
        )


def _to_migrate_the_rest(findings: Findings) -> str:
    """Say what makes rows be written whose batches failed or never started."""
    if failed := findings.first_failed("download", "prepare", "start", "wait"):
        return f"see what the task {failed} ended with"
    if findings.execution is None:
        return "clear the task start"
    if findings.execution.succeeded:
        return "an execution that succeeded is not redriven, so trigger the DAG again, as a new run"
    return "clear the task wait, which redrives them"


def _other_items(findings: Findings, verify: Verification) -> Iterable[str]:
    """Say in what the table is not as the prepared file makes it."""
    checked, prepared = findings.checked, findings.prepared
    if checked is None or prepared is None:
        return
    where = f"see s3://{prepared.bucket}/{checked.key}."
    again = f"{where} {_TO_MIGRATE_AGAIN}" if _is_repaired_by_start(findings) else where
    keys = f"of {checked.keys_checked:,} keys checked"
    if missing := checked.count(DifferenceKind.MISSING):
        yield f"{missing:,} {keys} are missing from the table: {_names(checked, DifferenceKind.MISSING)}; {again}"
    if changed := checked.count(DifferenceKind.CHANGED):
        names = _names(checked, DifferenceKind.CHANGED)
        yield f"{changed:,} {keys} have another item than their row makes: {names}; {again}"
    if verify.foreign is ForeignPolicy.FAIL:
        for kind, origin in (
            (DifferenceKind.STALE, "whose rows were rejected"),
            (DifferenceKind.FOREIGN, "that no row of the file has"),
        ):
            if others := checked.count(kind):
                yield (
                    f'The table has {others:,} items of keys {origin}, and verify.foreign is "fail": '
                    f"{_names(checked, kind)}; {where}"
                )


def _is_repaired_by_start(findings: Findings) -> bool:
    """Tell whether start would migrate the file again for what the check found (`last_check`), if it were cleared."""
    execution, checked, counts = findings.execution, findings.checked, findings.counts
    if execution is None or checked is None or (counts and counts.overlapping):
        return False
    return execution.succeeded and checked.is_of(execution.name, execution.redrives)


def _names(checked: CheckedTable, kind: DifferenceKind) -> str:
    names = [str(example) for example in checked.examples_of(kind)[:_NAMED]]
    return ", ".join(names) + (" …" if checked.count(kind) > len(names) else "")


def _over_the_limits(findings: Findings, gates: Gates) -> list[str]:
    """Say which limits of the data set were passed."""
    found = []
    ledger = findings.ledger
    if rejects := too_many_rejects(ledger, findings.rejects_by_code, gates):
        found.append(rejects)
    never_to_start = findings.dry_run or (findings.refused and findings.execution is None)
    if not never_to_start and ledger.failure_percent > gates.tolerated_failure_percent:
        errors = findings.counts.failures_by_error if findings.counts else {}
        named = ", ".join(f"{count:,} by {error}" for error, count in errors.items())
        found.append(
            f"{ledger.failed:,} rows are in batches that failed{f' ({named})' if named else ''} and "
            f"{ledger.unstarted:,} in batches that never started, more than gates.tolerated_failure_percent = "
            f"{gates.tolerated_failure_percent:g}: {_to_migrate_the_rest(findings)}."
        )
    return found
