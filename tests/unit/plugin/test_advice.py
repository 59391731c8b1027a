"""What the report advises to do: it must work, whichever task failed and whatever the run has by then."""

import re
from dataclasses import replace

import pytest

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.outcome import Outcome
from tests.unit.plugin.run_findings import checked_table, execution, migrated, outcome_of_run, prepared_file

STRICT = Gates(max_reject_percent=100.0, tolerated_failure_percent=0.0)
TASKS = ("download", "prepare", "start", "wait", "fetch_error_files", "verify", "reconcile")
SAYS = "what it says itself. Clear the task {}."


def tasks(**failed: str) -> tuple[EndedTask, ...]:
    """The tasks, each that failed with what it told; those after it as Airflow leaves them."""
    found, upstream_failed = [], False
    for task_id in TASKS:
        if task_id in failed:
            found.append(EndedTask(task_id, "failed", 1.0, failed[task_id]))
            upstream_failed = upstream_failed or task_id in ("download", "prepare", "start")
        else:
            needs_success = task_id in ("prepare", "start", "wait")
            state = "upstream_failed" if upstream_failed and needs_success else "success"
            found.append(EndedTask(task_id, state, 1.0))
    return tuple(found)


def nothing(**failed: str) -> Findings:
    """A run that prepared no file."""
    return Findings(dataset="cars", run_id="run", tasks=tasks(**failed))


def never_started(execution_status: str | None = None, **failed: str) -> Findings:
    """A run of ten rows whose file was prepared, and none of them handed to a Map Run."""
    return Findings(
        dataset="cars",
        run_id="run",
        prepared=prepared_file(10),
        execution=execution(execution_status) if execution_status else None,
        outcome=Outcome(execution="cars-1") if execution_status else Outcome(),
        checked=checked_table() if execution_status else None,
        counts=MigrationCounts(unstarted=10),
        tasks=tasks(**failed),
    )


def failed(status: str, **failed: str) -> Findings:
    """A run of ten rows, three of them in batches that failed."""
    run = migrated(10, failed=3, execution=execution(status), tasks=tasks(**failed))
    return run if status == "SUCCEEDED" else replace(run, ended=None)


def refused_by_the_function(status: str, **told: str) -> Findings:
    run = failed(status, **told)
    return replace(run, outcome=replace(run.outcome or Outcome(), failures_by_error={"TurnLostError": 3}))


def damaged(overlapping: tuple[str, ...] = (), redrives: int = 0, **told: str) -> Findings:
    """A run that wrote ten rows, of which one is not in the table any more."""
    checked = CheckedTable(
        VerifyMode.FULL, 10, {DifferenceKind.MISSING: 1}, key="list", execution="cars-1", redrives=redrives, at=300.0
    )
    run = migrated(10, checked=checked, tasks=tasks(**told))
    return replace(run, counts=replace(run.counts or MigrationCounts(), overlapping=overlapping))


ADVICE = {
    # what failed, with what the run has by then: what each of the report's sentences tells to do, in order
    "download": (nothing(download=SAYS.format("download")), ["Clear the task download.", None]),
    "download without a word": (nothing(download=""), ["clear it with everything downstream.", None]),
    "prepare": (nothing(prepare=SAYS.format("prepare")), ["Clear the task prepare.", None]),
    "start": (
        never_started(start=SAYS.format("start")),
        ["Clear the task start.", "see what the task start ended with."],
    ),
    "start without a word": (
        never_started(start=""),
        ["clear it with everything downstream.", "see what the task start ended with."],
    ),
    "start, cleared after its execution had failed": (
        never_started("FAILED", start=SAYS.format("start")),
        ["Clear the task start.", "see what the task start ended with."],
    ),
    "download, cleared after its execution had failed": (
        failed("FAILED", download=SAYS.format("download")),
        ["Clear the task download.", "see what the task download ended with."],
    ),
    "nothing, and there is no execution": (never_started(), ["clear the task start.", "clear the task start."]),
    "wait": (
        failed("FAILED", wait=SAYS.format("wait")),
        ["Clear the task wait.", "see what the task wait ended with."],
    ),
    "wait without a word": (
        failed("FAILED", wait=""),
        ["clear it with everything downstream.", "see what the task wait ended with."],
    ),
    "wait, since another run has succeeded": (
        failed("FAILED", wait="Trigger the DAG again, as a new run."),
        ["Trigger the DAG again, as a new run.", "see what the task wait ended with."],
    ),
    "wait, while its execution goes on": (
        replace(migrated(10, execution=execution("RUNNING"), tasks=tasks(wait="x")), ended=None, checked=None),
        [None, "clear the task wait, which waits for its end."],
    ),
    "nothing, and the execution failed": (
        failed("FAILED"),
        ["clear wait.", "clear the task wait, which redrives them."],
    ),
    "nothing, and it succeeded with more failures than the file tolerates now": (
        failed("SUCCEEDED"),
        ["so trigger the DAG again, as a new run."],
    ),
    "batches that were refused": (
        refused_by_the_function("FAILED", wait=SAYS.format("wait")),
        ["Clear the task wait.", "see what the task wait ended with.", "see what the task wait ended with."],
    ),
    "batches that were refused, and tolerated": (
        refused_by_the_function("SUCCEEDED"),
        ["so trigger the DAG again, as a new run.", "so trigger the DAG again, as a new run."],
    ),
    "fetch_error_files": (
        replace(
            migrated(10, rejected=2, tasks=tasks(fetch_error_files=SAYS.format("fetch_error_files"))), outcome=None
        ),
        ["Clear the task fetch_error_files.", None],
    ),
    "verify": (
        replace(migrated(10, tasks=tasks(verify=SAYS.format("verify"))), checked=None),
        ["Clear the task verify."],
    ),
    "verify without a word": (
        replace(migrated(10, tasks=tasks(verify="")), checked=None),
        ["clear it with everything downstream."],
    ),
    "reconcile": (
        replace(migrated(10, tasks=tasks(reconcile=SAYS.format("reconcile"))), counts=None, execution=None),
        ["Clear the task reconcile.", None],
    ),
    "nothing, and reconcile was marked as good": (
        replace(migrated(10), counts=None, execution=None),
        ["Clear the task reconcile."],
    ),
    "an item is missing": (damaged(), ["clear the task start, which migrates the file again."]),
    "an item is missing, and the execution failed": (
        replace(damaged(wait=SAYS.format("wait")), execution=execution("FAILED"), ended=None),
        ["Clear the task wait.", None],
    ),
    "an item is missing since another run wrote": (
        damaged(overlapping=("december",)),
        ["Trigger the DAG again once they have ended.", None],
    ),
    "an item was missing before a redrive": (damaged(redrives=1), ["clear the task verify.", None]),
    "another execution than wait saw": (
        replace(migrated(10), ended=replace(migrated(10).ended, name="cars-1-2")),  # type: ignore[type-var]
        ["clear the task wait."],
    ),
    "batches of other rules": (
        migrated(10, outcome=outcome_of_run(written=10, rules={"0d" * 32: 1})),
        ["Trigger the DAG again, as a new run, which makes the file anew."],
    ),
}


@pytest.mark.parametrize("case", ADVICE)
def test_the_advice_of_each_problem_is_one_that_works(case: str) -> None:
    findings, advice = ADVICE[case]

    told = problems(findings, STRICT)

    assert len(told) == len(advice), told
    for sentence, to_do in zip(told, advice, strict=True):
        if to_do is None:
            assert not re.search("lear the task|rigger the DAG|clear it", sentence), sentence
        else:
            assert sentence.endswith(to_do), sentence
