"""Which witnesses of a run were not heard, or speak of an earlier time: what nobody said is no agreement. Pure."""

from collections.abc import Iterator

from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo_airflow.accounting.findings import Findings


def unheard(findings: Findings, verify: Verification) -> Iterator[str]:
    """Say what nobody knows, although somebody was to say it.

    A task that failed has said why, and is not told again.

    Args:
        findings: What the run's tasks left behind.
        verify: How the data set wants its table checked.
    """
    yield from _of_the_rows(findings)
    yield from _of_the_execution(findings)
    yield from _of_the_table(findings, verify)
    yield from _of_the_error_files(findings)


def _of_the_rows(findings: Findings) -> Iterator[str]:
    ledger = findings.ledger
    if findings.prepared is None:
        yield "No file was prepared, so nothing is known of the source's rows."
    elif findings.counts is None:
        to_do = "" if findings.has_failed("reconcile") else " Clear the task reconcile."
        yield f"The ledger could not be balanced: the witnesses of the prepared rows were not heard.{to_do}"
    if ledger.unaccounted > 0:
        yield f"{ledger.unaccounted:,} of {ledger.source_rows:,} rows are unaccounted for."


def _of_the_execution(findings: Findings) -> Iterator[str]:
    execution, counts, ended = findings.execution, findings.counts, findings.ended
    if execution is None:
        if findings.rows_to_migrate and counts is not None and not findings.failed_tasks:
            yield (
                f"{findings.rows_to_migrate:,} rows were prepared, and no execution of them is found: clear the task "
                "start."
            )
        return
    if execution.alive:
        yield (
            f"Execution {execution.name} is still {execution.status}, and the numbers may change: clear the task wait, "
            "which waits for its end."
        )
    elif not execution.succeeded and not findings.has_failed("wait"):
        yield f"Execution {execution.name} is {execution.status}, and the task wait did not fail for it: clear wait."
    if ended is not None and not ended.is_shown_by(execution):
        yield (
            f"The task wait saw execution {ended.name} succeed, and the witnesses were asked about {execution.name}, "
            "or before it had: clear the task wait."
        )
    if execution.succeeded and counts is not None:
        if counts.map_run_total is None:
            yield f"Execution {execution.name} succeeded, and no Map Run of it is found: clear the task reconcile."
        elif counts.map_run_status != "SUCCEEDED":
            yield (
                f"Execution {execution.name} succeeded, and its Map Run is told as {counts.map_run_status}: clear the "
                "task reconcile."
            )


def _of_the_table(findings: Findings, verify: Verification) -> Iterator[str]:
    execution, checked = findings.execution, findings.checked
    if verify.mode is VerifyMode.NONE:
        return
    if execution is None:
        if findings.nothing_to_write and checked is None and not findings.has_failed("verify"):
            yield "No row had to be written, and the table was not checked: clear the task verify."
        return
    if execution.alive:
        return
    if checked is None:
        if findings.outcome is not None and not findings.has_failed("verify"):
            yield "The table was not checked, although rows were migrated: clear the task verify."
    elif not checked.is_of(execution.name, execution.redrives) or (
        execution.stopped is not None and checked.at < execution.stopped
    ):
        yield (
            f"The table was checked before execution {execution.name} had ended as it is now, or for another one: "
            "clear the task verify."
        )


def _of_the_error_files(findings: Findings) -> Iterator[str]:
    execution, outcome = findings.execution, findings.outcome
    if execution is None:
        return
    if outcome is None:
        if not findings.has_failed("fetch_error_files"):
            yield "Nobody read what became of the rows: clear the task fetch_error_files."
    elif not outcome.is_of(execution.name, execution.redrives):
        yield (
            f"The error files were fetched before execution {execution.name} had ended as it is now, or for another "
            "one: clear the task fetch_error_files."
        )
