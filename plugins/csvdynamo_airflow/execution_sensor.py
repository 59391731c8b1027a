"""The sensor that waits for a run's execution, deferred for as long as it runs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowException

from csvdynamo_airflow.execution import ALIVE, Execution
from csvdynamo_airflow.execution_trigger import ExecutionTrigger
from csvdynamo_airflow.migration import Migration
from csvdynamo_airflow.task_shell import open_migration, permanent_errors_fail_at_once


class ExecutionSensor(BaseSensorOperator):
    """Wait for the run's execution to succeed; redrive a failed one.

    Each attempt looks for the execution of its run and decides by its state: a running one is attached to, a succeeded
    one is done, a failed one is redriven or, where Step Functions does not take it again, started under a new name.

    :param prepared: What the task prepare returned.
    :param dataset_name: The data set whose stack runs the execution.
    :param longest_poll_seconds: Seconds between two looks at a long execution.
    :param timeout: Seconds after which the task fails; the execution goes on, and the next attempt attaches to it.
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

    def execute(self, context: Context) -> dict[str, str]:
        """Take up the run's execution and wait for it in the triggerer."""
        with permanent_errors_fail_at_once():
            execution = self._migration().take_up()
        self.log.info("Waiting for %s (%s)", execution.arn, execution.status)
        if execution.status == "SUCCEEDED":
            return _told(execution)
        self.defer(
            trigger=ExecutionTrigger(execution.arn, self.longest_poll_seconds),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def execute_complete(self, context: Context, event: dict[str, str]) -> dict[str, str]:
        """End as the execution ended."""
        newest = self._migration().executions()[-1:]
        if event["status"] == "SUCCEEDED" and newest:
            self.log.info("Execution %s succeeded.", newest[0].name)
            return _told(newest[0])
        cause = event["cause"] or "no cause given"
        raise AirflowException(f"The execution of data set {self.dataset_name} ended as {event['status']}: {cause}")

    def _migration(self) -> Migration:
        return open_migration(self.dataset_name, self.prepared)


def _told(execution: Execution) -> dict[str, str]:
    if execution.status in ALIVE:
        raise AirflowException(f"Execution {execution.name} is {execution.status} again: somebody redrove it.")
    return {"arn": execution.arn, "name": execution.name, "status": execution.status}
