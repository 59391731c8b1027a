"""Whether a run is green: the one decision that the DAG's last task reports. Pure."""

from collections.abc import Mapping

from csvdynamo.dataset import Gates
from csvdynamo_airflow.ledger import Ledger


def problems(ledger: Ledger, gates: Gates, failed_tasks: Mapping[str, str], *, dry_run: bool = False) -> list[str]:
    """List what keeps a run from being green, each as a sentence that says what to look at.

    Args:
        ledger: What became of every row.
        gates: The data set's limits.
        failed_tasks: State by id of the tasks before that neither succeeded nor were skipped.
        dry_run: Whether the run was to stop after prepare, so that rows may be left unstarted.
    """
    found = [f"Task {task} ended as {state}: see its log." for task, state in failed_tasks.items()]
    if ledger.unaccounted:
        found.append(f"{ledger.unaccounted:,} of {ledger.source_rows:,} rows are unaccounted for.")
    if ledger.reject_percent > gates.max_reject_percent:
        found.append(
            f"{ledger.reject_percent:.2f} % of the rows were rejected, more than gates.max_reject_percent = "
            f"{gates.max_reject_percent:g}: see the error files."
        )
    if not dry_run and ledger.failure_percent > gates.tolerated_failure_percent:
        found.append(
            f"{ledger.failed:,} rows are in batches that failed and {ledger.unstarted:,} in batches that never "
            f"started, more than gates.tolerated_failure_percent = {gates.tolerated_failure_percent:g}: "
            "clear the task wait to redrive them."
        )
    return found
