"""What the tasks of a run left behind: all that its report and its verdict rest on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.approval import Approval, Question
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.concurrency import ConcurrencyChange
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.reject_gate import REJECT_GATE

_ENDED_WELL = frozenset({"success", "skipped", "removed"})


@dataclass(frozen=True)
class EndedTask:
    """A task that has ended.

    Attributes:
        task_id: Its id.
        state: Airflow's state for it.
        seconds: How long it took.
        error: What its last attempt failed with, "" where it did not fail or could not say.
    """

    task_id: str
    state: str
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Findings:
    """What the tasks of a run left behind, as far as each of them came.

    Attributes:
        dataset: The data set's name.
        run_id: The DAG run's id.
        dry_run: Whether the run was to stop after prepare.
        landed: What download returned, as JSON; None when it did not end.
        prepared: What prepare returned, or had when a gate stopped it; None when it did not come so far.
        refused: Whether a gate of the data set ended the run before its first row: prepare stopped at it, or no person
            let the file pass.
        approval: What a person answered where a gate asks; None where none does, or nobody has.
        ended: The execution that the task wait saw end well; None when it saw none.
        outcome: What was read of what the run left; None when nobody did.
        checked: What the check of the table found; None when it was not checked.
        execution: The run's newest execution; None when none was started.
        counts: What the witnesses say of the source's rows; None when they were not heard.
        concurrency_changes: How the task wait changed how many batches run at once, in its last attempt.
        tasks: The tasks before the report.
    """

    dataset: str
    run_id: str
    dry_run: bool = False
    landed: Mapping[str, Any] | None = None
    prepared: Prepared | None = None
    refused: bool = False
    approval: Approval | None = None
    ended: Ended | None = None
    outcome: Outcome | None = None
    checked: CheckedTable | None = None
    execution: Execution | None = None
    counts: MigrationCounts | None = None
    concurrency_changes: tuple[ConcurrencyChange, ...] = ()
    tasks: tuple[EndedTask, ...] = field(default=())

    @property
    def ledger(self) -> Ledger:
        """What became of every row. It is empty when nothing was prepared: nobody knows how many rows there were."""
        if self.prepared is None:
            return Ledger()
        outcome = self.outcome or Outcome(before=self.prepared.rejected)
        # The Map Run's own numbers are what is left where it left no result files.
        unfinished = outcome if outcome.answered else self.counts or MigrationCounts()
        return Ledger(
            source_rows=self.prepared.source_rows,
            rejected_before_upload=outcome.before,
            written=outcome.written,
            rejected=outcome.rejects,
            failed=unfinished.failed,
            unstarted=unfinished.unstarted,
            unchanged=self.prepared.unchanged,
        )

    @property
    def questions(self) -> tuple[Question, ...]:
        """What a person was asked before the first row was written, or is to be."""
        return self.prepared.questions if self.prepared else ()

    @property
    def approved_rejects(self) -> int:
        """How many rejects a person let pass: those that were known, where that gate asked about this file."""
        prepared, asked = self.prepared, {question.gate for question in self.questions}
        if prepared is None or REJECT_GATE not in asked:
            return 0
        passed = self.approval is not None and self.approval.lets_pass(prepared.asked)
        return sum(prepared.known_rejects.values()) if passed else 0

    @property
    def failures_by_error(self) -> dict[str, int]:
        """How many of the failed rows are in batches that ended with each error."""
        outcome, counts = self.outcome, self.counts
        if outcome and outcome.answered:
            return dict(outcome.failures_by_error)
        return dict(counts.failures_by_error) if counts else {}

    @property
    def rows_to_migrate(self) -> int:
        """Rows that were to be handed to an execution."""
        if self.prepared is None or self.dry_run or self.refused:
            return 0
        return self.prepared.rows_to_write

    @property
    def nothing_to_write(self) -> bool:
        """Whether the run was to leave the table as it is, since it has every row of the file already."""
        return self.prepared is not None and self.prepared.is_in_the_table and not self.dry_run and not self.refused

    def has_failed(self, task_id: str) -> bool:
        """Whether a task did not end well."""
        return any(task.task_id == task_id for task in self.tasks if task.state not in _ENDED_WELL)

    @property
    def rejects_by_code(self) -> dict[str, int]:
        """How many rejects there are of each code, in the order of the codes."""
        if self.outcome:
            return self.outcome.rejects_by_code
        return dict(sorted(self.prepared.rejects_by_code.items())) if self.prepared else {}

    @property
    def failed_tasks(self) -> list[EndedTask]:
        """The tasks that failed; those that never ran because of one only where no other failed."""
        failed = [task for task in self.tasks if task.state not in _ENDED_WELL]
        return [task for task in failed if task.state != "upstream_failed"] or failed

    def first_failed(self, *task_ids: str) -> str | None:
        """Name the first of some tasks that is among the `failed_tasks`, and so says what to do; None if none is."""
        failed = {task.task_id for task in self.failed_tasks}
        return next((task_id for task_id in task_ids if task_id in failed), None)
