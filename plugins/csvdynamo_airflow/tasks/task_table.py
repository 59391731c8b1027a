"""The tasks of a data set's DAG, declared once.

The DAG, its documentation and the order in which a report tells of them are made of this; the fault campaign and the
crash matrix run what the DAG has. No import of Airflow: the DAG processor reads it at every parse.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from csvdynamo.folders import LANDING_PREFIX

RETRIES = 3
"""How often a task is tried again: the verdict, too, since a worker that dies must not fail a run."""

_RULES_TIMEOUT = timedelta(hours=6)
"""Ends the tasks that hold rows against a data set's patterns, one of which may match for ever on some text."""


@dataclass(frozen=True)
class TaskRow:
    """A task.

    Attributes:
        task_id: Its id.
        does: What it does, for the DAG's page.
        needs: The tasks right before it.
        always: Whether it runs whatever became of them: it tells what was left, or judges it.
        timeout: How long it may take, None for as long as it needs.
        asks: Whether only a data set whose gates ask a person has it.
    """

    task_id: str
    does: str
    needs: tuple[str, ...] = ()
    always: bool = False
    timeout: timedelta | None = None
    asks: bool = False

    @property
    def trigger_rule(self) -> str:
        """Airflow's word for when it runs."""
        return "all_done" if self.always else "all_success"


TASKS = (
    TaskRow("download", f"streams the source to the bucket's `{LANDING_PREFIX}`"),
    TaskRow(
        "prepare",
        "numbers the rows, rejects what cannot be uploaded, writes the file that Step Functions reads",
        needs=("download",),
        timeout=_RULES_TIMEOUT,
    ),
    TaskRow(
        "approve",
        "asks a person whether the run goes on, where a gate would end it",
        needs=("prepare",),
        asks=True,
    ),
    TaskRow(
        "start",
        "starts the Distributed Map in the run's turn; a retry finds its execution",
        needs=("prepare", "approve"),
    ),
    TaskRow("wait", "waits for its end; an execution that failed is redriven", needs=("start",)),
    TaskRow(
        "fetch_error_files",
        "waits until every reject is readable, and writes what became of the rows: tables and error files",
        needs=("wait",),
        always=True,
    ),
    TaskRow(
        "verify",
        "reads the table back, whole or a sample of it, and compares it with the prepared file",
        needs=("fetch_error_files",),
        always=True,
        timeout=_RULES_TIMEOUT,
    ),
    TaskRow("reconcile", "holds the ledger against its witnesses", needs=("verify",), always=True),
    TaskRow("report", "writes `report.json`, for a failed run as well", needs=("reconcile",), always=True),
    TaskRow(
        "accounted",
        "alone decides whether the run is green: every row accounted for, not too many rejects",
        needs=("report",),
        always=True,
    ),
)
"""Each after those that it needs, as far as its data set has them."""


def tasks_of(*, asks: bool) -> tuple[TaskRow, ...]:
    """List the tasks of a data set's DAG.

    Args:
        asks: Whether its gates ask a person.
    """
    return tuple(row for row in TASKS if asks or not row.asks)


def task_list(rows: Iterable[TaskRow]) -> str:
    """Write tasks as the rows of a Markdown table."""
    return "\n".join(f"| {row.task_id} | {row.does} |" for row in rows)
