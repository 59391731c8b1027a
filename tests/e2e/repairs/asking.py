"""A person who answers what a run of the DAG asks, under a scheduler."""

from pathlib import Path

from commands.airflow_api import ENDED, ScheduledRun, await_true

WAITING = "awaiting_input"
"""The state of a task that asks."""


def answer_with(run: ScheduledRun, option: str, airflow_log: Path) -> None:
    """Answer what approve asks, once the scheduler has heard that it does, and wait until it has gone on.

    A task that goes on before counts as lost, and is tried once more.
    """
    run.await_task("approve", WAITING)
    attempt = run.tasks()["approve"][1]
    event = f"executor event with state success for task instance TaskInstanceKey(dag_id='{run.dag_id}', "
    heard = f"{event}task_id='approve', run_id='{run.run_id}', try_number={attempt},"
    await_true(lambda: heard in airflow_log.read_text(encoding="utf-8"), lambda: "the scheduler hears nothing of it")
    run.answer("approve", option)
    await_true(lambda: run.tasks()["approve"][0] in ENDED, lambda: f"approve does not go on: {run.tasks()}")
