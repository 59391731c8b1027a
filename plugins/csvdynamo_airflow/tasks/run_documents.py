"""What the tasks of a run left for one another, as it stands when a task begins."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.documents.approval import REFUSAL_XCOM, Approval
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.concurrency import changes_of
from csvdynamo_airflow.documents.execution import Ended
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import REFUSED_XCOM, Prepared
from csvdynamo_airflow.documents.task_documents import ERROR_XCOM
from csvdynamo_airflow.tasks.error_files_operator import INCOMPLETE_XCOM
from csvdynamo_airflow.tasks.execution_sensor import CHANGES_XCOM
from csvdynamo_airflow.tasks.task_table import TASKS

_RETURNED = "return_value"
_LEFT = {
    "landed": ("download", _RETURNED),
    "prepared": ("prepare", _RETURNED),
    "refused": ("prepare", REFUSED_XCOM),
    "ended": ("wait", _RETURNED),
    "changes": ("wait", CHANGES_XCOM),
    "outcome": ("fetch_error_files", _RETURNED),
    "incomplete": ("fetch_error_files", INCOMPLETE_XCOM),
    "checked": ("verify", _RETURNED),
    "reconciled": ("reconcile", _RETURNED),
}
"""Which task left each document, and under which XCom key."""

_ANSWERS = {"approval": ("approve", _RETURNED), "refusal": ("approve", REFUSAL_XCOM)}
"""The same of a person's answer, which only a run has whose gates asked."""


@dataclass(frozen=True)
class RunDocuments:
    """The documents of a run, and how the tasks ended that come before one of its tasks.

    Attributes:
        run_id: The DAG run's id.
        dry_run: Whether the run was to stop after prepare.
        left: The documents by name; None for one that is not there.
        tasks: The tasks that come before, the first one first: what it failed with is the cause.
    """

    run_id: str
    dry_run: bool
    left: Mapping[str, Any]
    tasks: tuple[EndedTask, ...]

    @classmethod
    def before(cls, task_id: str, context: Mapping[str, Any]) -> Self:
        """Collect what the tasks before one of the DAG's tasks left.

        Args:
            task_id: The task.
            context: The context of the present task.
        """
        instance = context["ti"]
        ids = [row.task_id for row in TASKS]
        earlier = ids[: ids.index(task_id)]
        left = {name: instance.xcom_pull(task_ids=task, key=key) for name, (task, key) in _LEFT.items()}
        if left["prepared"] and left["prepared"].get("questions"):
            left |= {name: instance.xcom_pull(task_ids=task, key=key) for name, (task, key) in _ANSWERS.items()}
        ended = {
            one["task_id"]: one for one in instance.get_task_breadcrumbs(dag_id=instance.dag_id, run_id=instance.run_id)
        }
        return cls(
            run_id=instance.run_id,
            dry_run=context["params"]["dry_run"],
            left=left,
            tasks=tuple(
                EndedTask(
                    one,
                    ended[one]["state"],
                    round(ended[one]["duration"] or 0.0, 3),
                    instance.xcom_pull(task_ids=one, key=ERROR_XCOM) or "",
                )
                for one in earlier
                if one in ended
            ),
        )

    @property
    def digest(self) -> str:
        """What tells whether a report was made of these documents, or of others before them."""
        states = sorted((task.task_id, task.state, task.error) for task in self.tasks)
        document = [self.run_id, self.dry_run, self.left, states]
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def findings(self, dataset_name: str) -> Findings:
        """Read them as findings, without what reconcile found.

        Args:
            dataset_name: The data set.

        Raises:
            DocumentError: One cannot be read.
        """
        prepared = self.left["prepared"] or self.left["refused"]
        outcome = self.left["outcome"] or self.left["incomplete"]
        file = Prepared.from_json(prepared) if prepared else None
        told = self.left.get("approval") or self.left.get("refusal")
        answer = Approval.from_json(told) if told else None
        # One to what was asked about another file says nothing of this one.
        approval = answer if answer and file and answer.asked == file.asked else None
        unapproved = bool(file and file.questions) and not (approval and approval.approved)
        return Findings(
            dataset=dataset_name,
            run_id=self.run_id,
            dry_run=self.dry_run,
            landed=self.left["landed"],
            prepared=file,
            refused=unapproved or (not self.left["prepared"] and bool(self.left["refused"])),
            approval=approval,
            ended=Ended.from_xcom(self.left["ended"]),
            outcome=Outcome.from_json(outcome) if outcome else None,
            concurrency_changes=changes_of(self.left["changes"]),
            checked=CheckedTable.from_json(self.left["checked"]) if self.left["checked"] else None,
            tasks=self.tasks,
        )
