"""Whether a run is green: the one decision that the DAG's last task reports. Pure."""

from csvdynamo.dataset import Gates
from csvdynamo_airflow.findings import Findings


def problems(findings: Findings, gates: Gates) -> list[str]:
    """List what keeps a run from being green, each as a sentence that says what to look at.

    Args:
        findings: What the run's tasks left behind.
        gates: The data set's limits. Exactly as many as allowed is allowed.
    """
    return [
        *(
            f"Task {task.task_id} ended as {task.state}: {task.error or 'see its log.'}"
            for task in findings.failed_tasks
        ),
        *_unknown(findings),
        *_contradictions(findings),
        *_over_the_limits(findings, gates),
    ]


def _unknown(findings: Findings) -> list[str]:
    """Say what nobody knows."""
    found = []
    ledger = findings.ledger
    if findings.prepared is None:
        found.append("No file was prepared, so nothing is known of the source's rows.")
    elif findings.counts is None:
        found.append("The ledger could not be balanced: the witnesses of the prepared rows were not heard.")
    if ledger.unaccounted > 0:
        found.append(f"{ledger.unaccounted:,} of {ledger.source_rows:,} rows are unaccounted for.")
    if findings.execution and findings.execution.alive:
        found.append(
            f"Execution {findings.execution.name} is still {findings.execution.status}: the numbers may change."
        )
    return found


def _contradictions(findings: Findings) -> list[str]:
    """Say which witnesses contradict each other."""
    found = []
    ledger, prepared, counts = findings.ledger, findings.prepared, findings.counts
    if ledger.unaccounted < 0:
        found.append(f"{-ledger.unaccounted:,} more rows are accounted for than the source's {ledger.source_rows:,}.")
    if prepared and counts and counts.map_run_total not in (None, prepared.prepared_rows):
        found.append(
            f"The Map Run read {counts.map_run_total:,} rows of a file that was prepared with "
            f"{prepared.prepared_rows:,}: see the execution's input and its Map Run."
        )
    arrived = findings.merged.rejects if findings.merged else 0
    if counts and arrived != counts.rejected:
        found.append(
            f"The result files count {counts.rejected:,} rejected rows, the error files hold {arrived:,}: "
            "see the task fetch_error_files."
        )
    return found


def _over_the_limits(findings: Findings, gates: Gates) -> list[str]:
    """Say which limits of the data set were passed."""
    found = []
    ledger = findings.ledger
    if ledger.reject_percent > gates.max_reject_percent:
        found.append(
            f"{ledger.rejects:,} of {ledger.source_rows:,} rows ({ledger.reject_percent:.2f} %) were rejected, more "
            f"than gates.max_reject_percent = {gates.max_reject_percent:g}: see the error files."
        )
    if not findings.dry_run and ledger.failure_percent > gates.tolerated_failure_percent:
        found.append(
            f"{ledger.failed:,} rows are in batches that failed and {ledger.unstarted:,} in batches that never "
            f"started, more than gates.tolerated_failure_percent = {gates.tolerated_failure_percent:g}: clear the "
            "task wait to redrive them."
        )
    return found
