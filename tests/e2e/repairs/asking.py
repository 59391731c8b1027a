"""A person who answers what a run of the DAG asks, under a scheduler."""

import pytest

from commands.airflow_api import ScheduledRun, await_true

WAITING = "awaiting_input"
"""The state of a task that asks."""

_ATTEMPTS = 4  # a task's retries, and the first


def answer_with(run: ScheduledRun, option: str) -> None:
    """Answer what approve asks, again where it asks again.

    A task that goes on before the scheduler has heard that it pauses counts as lost, and is tried once more.
    """
    for _ in range(_ATTEMPTS):
        run.await_task("approve", WAITING)
        if _answered(run, option) != WAITING:
            return
    pytest.fail("approve was lost at each attempt")


def _answered(run: ScheduledRun, option: str) -> str:
    """Answer, and return approve's state once it has ended, or asks at another attempt."""
    asked = run.tasks()["approve"]
    run.answer("approve", option)

    def went_on() -> bool:
        now = run.tasks()["approve"]
        return now != asked and now[0] in (WAITING, "success", "failed")

    await_true(went_on, lambda: f"approve does not go on: {run.tasks()}")
    return run.tasks()["approve"][0]
