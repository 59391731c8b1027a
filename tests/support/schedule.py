"""What Airflow's scheduler decides: whether a task runs, and what a person's clearing makes run again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

SUCCESS, FAILED, SKIPPED, UPSTREAM_FAILED = "success", "failed", "skipped", "upstream_failed"
STATE_OF = {"returned": SUCCESS, "skipped": SKIPPED, "failed": FAILED}
"""The state of a task by what its last attempt ended with."""


@dataclass(frozen=True)
class Task:
    """A task as its DAG has it.

    Attributes:
        task_id: Its id.
        needs: The tasks right before it.
        trigger_rule: What must have become of them.
        retries: How often it is tried again.
    """

    task_id: str
    needs: tuple[str, ...]
    trigger_rule: str
    retries: int

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what the task host tells."""
        return cls(document["task_id"], tuple(document["needs"]), document["trigger_rule"], document["retries"])


def state_without_running(task: Task, states: Mapping[str, str]) -> str | None:
    """Decide the state of a task that is not run for what became of those before it; None to run it.

    Raises:
        ValueError: Its trigger rule is none that is decided here.
    """
    before = {states[needed] for needed in task.needs}
    match task.trigger_rule:
        case "all_done":
            return None
        case "all_success" if before & {FAILED, UPSTREAM_FAILED}:
            return UPSTREAM_FAILED
        case "all_success" if SKIPPED in before:
            return SKIPPED
        case "all_success":
            return None
    raise ValueError(f"{task.task_id}: add what {task.trigger_rule} means to {__name__}")


def to_clear(tasks: Sequence[Task], states: Mapping[str, str]) -> set[str]:
    """Choose what a person clears so that a run goes on: what did not succeed, with everything downstream.

    A last task that fails alone has judged those before it: then everything is cleared.

    Args:
        tasks: The DAG's tasks, each after those that it needs.
        states: What became of each.
    """
    cleared: set[str] = set()
    for task in tasks:
        if states.get(task.task_id) != SUCCESS or not cleared.isdisjoint(task.needs):
            cleared.add(task.task_id)
    return {task.task_id for task in tasks} if cleared and cleared <= _last(tasks) else cleared


def _last(tasks: Collection[Task]) -> set[str]:
    return {task.task_id for task in tasks} - {needed for task in tasks for needed in task.needs}
