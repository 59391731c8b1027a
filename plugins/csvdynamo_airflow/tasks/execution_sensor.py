"""The sensor that waits for a run's execution, deferred for as long as it runs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowException

from csvdynamo.datasets.dataset import Limits
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds
from csvdynamo_airflow.documents.execution import SUCCEEDED
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.stack import Use
from csvdynamo_airflow.tasks.execution_trigger import DELETED, UNSEEN, ExecutionTrigger
from csvdynamo_airflow.tasks.lineage import keep_for_lineage
from csvdynamo_airflow.tasks.task_shell import (
    make_migration,
    open_dataset,
    open_stack,
    permanent_errors_fail_at_once,
    refuse_other_rules,
    refuse_unwanted_deletions,
    wait_for_turn,
)

CHANGES_XCOM = "concurrency"
"""XCom key under which the waiting task leaves how it changed how many batches ran at once."""

_AGAIN = "The next attempt of this task looks again; after the last one, mend the cause and clear this task."
_REDRIVEN = "The next attempt of this task redrives it; after the last one, clear this task."
_WHAT_TO_DO = {
    DELETED: "Clear the task start, too, which starts the run's execution again.",
    "ABORTED": f"It was stopped, by a person or by a run that found another one. {_REDRIVEN}",
    "TIMED_OUT": f"It took longer than the state machine's TimeoutSeconds. {_REDRIVEN}",
}


def _bounds(limits: Limits) -> dict[str, Any] | None:
    """Say between what a run changes how many batches run at once; None where it does not."""
    if not limits.adapts:
        return None
    return ConcurrencyBounds(limits.least_concurrency, limits.max_concurrency, limits.write_units_per_second).to_json()


class ExecutionSensor(BaseSensorOperator):
    """Wait for the run's execution to succeed; redrive a failed one.

    Each attempt looks for the execution of its run and decides by its state: a running one is attached to, a succeeded
    one is done, a failed one is redriven or, where Step Functions does not take it again, started under a new name.
    An attempt does that once, so that the task's retries say how often; clearing the task gives as many again.

    :param prepared: What the task prepare returned.
    :param dataset_name: The data set whose stack runs the execution.
    :param longest_poll_seconds: Seconds between two looks at a long execution.
    :param timeout: Seconds after which the task fails without a retry. The execution goes on, and the task attaches to
        it again when it is cleared.
    """

    template_fields: Sequence[str] = ("prepared",)
    ui_color = "#e8f1fb"

    def __init__(
        self,
        *,
        prepared: Any,
        dataset_name: str,
        longest_poll_seconds: float = 10.0,
        timeout: float = timedelta(days=2).total_seconds(),
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.prepared = prepared
        self.dataset_name = dataset_name
        self.longest_poll_seconds = longest_poll_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Take up the run's execution and wait for it in the triggerer."""
        dataset = open_dataset(self.dataset_name)
        stack = open_stack(dataset, Use.WRITE)
        with permanent_errors_fail_at_once(), wait_for_turn(context):
            prepared = Prepared.from_json(self.prepared)
            refuse_other_rules(prepared, dataset)
            refuse_unwanted_deletions(prepared, dataset)
            execution = make_migration(stack, dataset, prepared).take_up()
        # One that has ended is waited for as well, for a moment: it is the trigger that tells the Map Run's progress.
        self.log.info("Waiting for execution %s (%s)", shown(execution.arn), shown(execution.status))
        self.defer(
            trigger=ExecutionTrigger(
                execution.arn, execution.redrives, self.longest_poll_seconds, _bounds(dataset.limits)
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """End as the execution ended."""
        written = event.get("written")  # a triggerer of an earlier version does not say
        if changes := event.get("changes"):  # nor that
            context["ti"].xcom_push(key=CHANGES_XCOM, value=changes)
        keep_for_lineage(self, prepared=self.prepared, arn=event["arn"], written=written)
        if event["status"] == SUCCEEDED:
            self.log.info("Execution %s succeeded.", shown(event["name"]))
            return {name: event[name] for name in ("arn", "name", "status", "redrives")}
        named = f"Execution {event['name']} of data set {self.dataset_name}"
        if event["status"] == UNSEEN:
            cause = f"{named} could not be looked at: {event['cause'].rstrip('.')}"
            raise AirflowException(shown(f"{cause}. {_AGAIN}"))
        cause = (event["cause"] or "no cause given").rstrip(".")
        what_to_do = _WHAT_TO_DO.get(event["status"], _REDRIVEN)
        raise AirflowException(shown(f"{named} ended as {event['status']}: {cause}. {what_to_do}"))
