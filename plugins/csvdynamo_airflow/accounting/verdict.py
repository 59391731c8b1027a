"""Whether a run is green: the one decision that the DAG's last task reports. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import ForeignPolicy, Verification
from csvdynamo.errors import OtherRulesError, TurnLostError
from csvdynamo.records.totals import Totals
from csvdynamo.rules.codes import RejectCode
from csvdynamo.shown import shown, shown_lines
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.unheard import unheard
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.reject_gate import too_many_rejects
from csvdynamo_airflow.outcome.objects_read import is_result_of

_NAMED = 5
_LOST = (
    "its process ended without a word. The worker was lost or killed it, for want of memory maybe, or a person marked "
    "the task: clear it with everything downstream."
)
_TO_MIGRATE_AGAIN = "Find who wrote to it, and clear the task start, which migrates the file again."
_TO_WRITE_ALL = "Find who wrote to it, and trigger the DAG again, as a new run: it writes all rows."
_TO_ROLL_BACK_AGAIN = "Find who wrote to it, and roll run %s back again, as a new run: it looks at every row."
_ANEW = "trigger the DAG again, as a new run"
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
    asked = list(map(shown, _would_be_asked(findings)))
    return [
        *failures,
        *asked,
        *map(shown, unheard(findings, verify or Verification())),
        *map(shown, _contradictions(findings)),
        *map(shown, _others_rows(findings)),
        *map(shown, _other_items(findings, verify or Verification())),
        # Where prepare's own rejects are too many, it, or who asks about them, has said the same and what to do.
        *(
            text
            for text in map(shown, _over_the_limits(findings, gates))
            if not any(text in told for told in (*failures, *asked))
        ),
    ]


def _would_be_asked(findings: Findings) -> Iterator[str]:
    """Say of a dry run, which asks nobody, what a person would be asked."""
    if findings.dry_run and findings.questions:
        sentences = " ".join(question.sentence for question in findings.questions)
        yield f"{sentences} A run that is no dry run asks a person whether it goes on."


def _why_it_failed(task: EndedTask) -> str:
    """Say what a task failed with; one that never ran, since a task before it had failed, has nothing to say."""
    return task.error or (_LOST if task.state == "failed" else "clear it with everything downstream.")


def _contradictions(findings: Findings) -> Iterator[str]:
    """Say which witnesses contradict each other."""
    ledger, prepared, outcome = findings.ledger, findings.prepared, findings.outcome
    if ledger.unaccounted < 0:
        yield f"{-ledger.unaccounted:,} more rows are accounted for than the source's {ledger.source_rows:,}."
    if prepared is None or outcome is None:
        return
    if outcome.before != prepared.rejected:
        yield (
            f"prepare rejected {prepared.rejected:,} rows, but s3://{prepared.bucket}/{prepared.rejects_key} holds "
            f"{outcome.before:,} records: clear the task prepare, which writes it again."
        )
    if outcome.answered_rejects != outcome.rejects:
        ids = ", ".join(outcome.missing_ids[:_NAMED])
        yield (
            f"The result files count {outcome.answered_rejects:,} rejected rows, the error files hold "
            f"{outcome.rejects:,} of them{f'; missing are {ids}' if ids else ''}: see the task fetch_error_files."
        )
    yield from _against_what_was_foreseen(prepared, outcome)
    if findings.counts:
        yield from _against_the_outcome(prepared, outcome, findings.counts)
    yield from _against_the_executions_output(outcome, findings.execution)
    yield from _against_the_deletions(prepared, outcome)


def _against_the_deletions(prepared: Prepared, outcome: Outcome) -> Iterator[str]:
    """Hold what became of the items to be deleted against how many the file names."""
    told = outcome.deleted + outcome.left + outcome.undeleted
    if outcome.answered and told != prepared.deletions:
        yield (
            f"The file names {prepared.deletions:,} items to be deleted, and the result files tell of {told:,}: "
            f"{outcome.deleted:,} are deleted, {outcome.left:,} were left alone, and the deletion of "
            f"{outcome.undeleted:,} is unfinished. See the result files."
        )


def _against_what_was_foreseen(prepared: Prepared, outcome: Outcome) -> Iterator[str]:
    """Hold what the function made of the rows against what prepare foresaw, once it judged all of them."""
    forecast = prepared.forecast
    if forecast is None or outcome.written + outcome.answered_rejects != prepared.rows_to_write:
        return
    # What DynamoDB refuses by itself, no rule foresees.
    judged = {code: rows for code, rows in outcome.by_code.items() if code != RejectCode.DYNAMODB_REFUSED}
    if judged != dict(forecast.by_code):
        yield (
            f"Before the upload {_counted(forecast.by_code)} were foreseen for the function, and it found "
            f"{_counted(judged)}: it does not have the rules of this version. Deploy the stack, and {_ANEW}."
        )


def _counted(by_code: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} {code}" for code, rows in by_code.items()) or "no rejects"


def _against_the_outcome(prepared: Prepared, outcome: Outcome, counts: MigrationCounts) -> Iterator[str]:
    """Say what speaks against what was read of the run's objects."""
    if counts.map_run_total not in (None, prepared.items):
        yield (
            f"The Map Run read {counts.map_run_total:,} rows of a file that was prepared with "
            f"{prepared.items:,}: see the execution's input and its Map Run."
        )
    answered = outcome.written + outcome.answered_rejects + outcome.deleted + outcome.left
    if counts.map_run_succeeded not in (None, answered):
        yield (
            f"The Map Run counts {counts.map_run_succeeded:,} rows in batches that succeeded, and the answers of these "
            f"batches {answered:,}: see the result files."
        )
    results = [key for key in counts.changed_objects if is_result_of(outcome.execution, key)]
    others = [key for key in counts.changed_objects if key not in results]
    read_again = "clear the task fetch_error_files"
    for said, keys, to_do in (
        ("Not as they were written are", counts.changed_files, read_again),
        ("Gone or changed since the error files were made of them are", others, read_again),
        # To read again what is not there any more would leave the error files with nothing.
        (
            "Gone, changed or new since they were read are",
            results,
            "restore them, or trigger the DAG again, as a new run",
        ),
    ):
        if keys:
            named = ", ".join(f"s3://{prepared.bucket}/{key}" for key in keys[:_NAMED]) + (" …" * (len(keys) > _NAMED))
            yield f"{said} {named}: {to_do}."


def _against_the_executions_output(outcome: Outcome, execution: Execution | None) -> Iterator[str]:
    """Hold the sums of the result files that the state machine put out against what was read of them."""
    if execution is None or execution.totals is None or not outcome.is_of(execution.name, execution.redrives):
        return
    read = Totals(
        written=outcome.written,
        rejected=outcome.answered_rejects,
        failed=outcome.failed + outcome.unstarted,
        deleted=outcome.deleted,
        left=outcome.left,
        undeleted=outcome.undeleted,
    )
    if execution.totals != read:
        yield (
            f"Execution {execution.name} summed its result files to {_sums(execution.totals)}, and now they are "
            f"{_sums(read)}: see the result files."
        )


def _sums(totals: Totals) -> str:
    told = f"{totals.written:,} written, {totals.rejected:,} rejected and {totals.failed:,} unfinished rows"
    if totals.deleted or totals.left or totals.undeleted:
        told += (
            f", {totals.deleted:,} deleted items, {totals.left:,} left alone and {totals.undeleted:,} "
            "whose deletion is unfinished"
        )
    return told


def _others_rows(findings: Findings) -> Iterable[str]:
    """Say what others may have done to the run's rows: other rules, another execution at the same time."""
    prepared, outcome, counts = findings.prepared, findings.outcome or Outcome(), findings.counts
    if prepared is None:
        return
    if others := {digest: batches for digest, batches in outcome.rules.items() if digest != prepared.rules}:
        named = ", ".join(f"{batches:,} by {digest[:12] or 'unknown ones'}" for digest, batches in others.items())
        yield (
            f"Batches were migrated by other rules than the file was prepared by ({prepared.rules[:12]}): {named}. "
            "Trigger the DAG again, as a new run, which makes the file anew."
        )
    if counts and counts.overlapping:
        yield (
            f"Other executions of this data set ran at the same time, and may have written over its rows: "
            f"{', '.join(counts.overlapping)}. Trigger the DAG again once they have ended."
        )
    if refused := sum(findings.failures_by_error.get(error, 0) for error in _REFUSED_BY_THE_FUNCTION):
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
        return "an execution that succeeded is not redriven, so " + _ANEW
    return "clear the task wait, which redrives them"


def _other_items(findings: Findings, verify: Verification) -> Iterable[str]:
    """Say in what the table is not as the prepared file makes it."""
    checked, prepared = findings.checked, findings.prepared
    if checked is None or prepared is None:
        return
    again = where = f"see s3://{prepared.bucket}/{checked.key}."
    if prepared.base:
        back = prepared.rollback
        again = f"{where} {_TO_ROLL_BACK_AGAIN % back.run_id if back else _TO_WRITE_ALL}"
    elif _is_repaired_by_start(findings):
        again = f"{where} {_TO_MIGRATE_AGAIN}"
    keys = f"of {checked.keys_checked:,} keys checked"
    if missing := checked.count(DifferenceKind.MISSING):
        yield f"{missing:,} {keys} are missing from the table: {_names(checked, DifferenceKind.MISSING)}; {again}"
    if changed := checked.count(DifferenceKind.CHANGED):
        names = _names(checked, DifferenceKind.CHANGED)
        yield f"{changed:,} {keys} have another item than their row makes: {names}; {again}"
    if undeleted := checked.count(DifferenceKind.UNDELETED):
        names = _names(checked, DifferenceKind.UNDELETED)
        yield f"{undeleted:,} {keys} have an item that the run says it deleted: {names}; {again}"
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
    if rejects := too_many_rejects(ledger, findings.rejects_by_code, gates, findings.approved_rejects):
        found.append(rejects)
    never_to_start = findings.dry_run or (findings.refused and findings.execution is None)
    if not never_to_start and ledger.failure_percent > gates.tolerated_failure_percent:
        found.append(
            f"{ledger.failed:,} rows are in batches that failed{_by_error(findings)} and "
            f"{ledger.unstarted:,} in batches that never started, more than gates.tolerated_failure_percent = "
            f"{gates.tolerated_failure_percent:g}: {_to_migrate_the_rest(findings)}."
        )
    undeleted, deletions = _undeleted(findings)
    if not never_to_start and 100 * undeleted > gates.tolerated_failure_percent * deletions:
        found.append(
            f"{undeleted:,} of {deletions:,} items to be deleted are in batches that failed{_by_error(findings)} "
            f"or never started, more than gates.tolerated_failure_percent = {gates.tolerated_failure_percent:g}: "
            f"{_to_migrate_the_rest(findings)}."
        )
    return found


def _by_error(findings: Findings) -> str:
    """Say by which errors batches failed: how many of their rows, deletions among them, did by each."""
    named = ", ".join(f"{count:,} by {error}" for error, count in findings.failures_by_error.items())
    return f" ({named})" if named else ""


def _undeleted(findings: Findings) -> tuple[int, int]:
    """Count the items to be deleted of which nobody says what became of them, and all of them."""
    deletions = findings.prepared.deletions if findings.prepared else 0
    outcome = findings.outcome
    if outcome is None or not outcome.answered:
        return deletions, deletions
    return outcome.undeleted, deletions
