"""The task that reads what became of the rows: awaited deferred, written beside the report."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from csvdynamo.shown import shown
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import REFUSED_XCOM, Prepared
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.error_files_trigger import ErrorFilesTrigger
from csvdynamo_airflow.tasks.lineage import keep_for_lineage
from csvdynamo_airflow.tasks.task_shell import make_migration, open_dataset, open_stack, permanent_errors_fail_at_once

INCOMPLETE_XCOM = "incomplete"
"""XCom key of what was read when a reject did not arrive: the report tells it all the same."""

_BUFFER_INTERVALS = 3
_GRACE_SECONDS = 300


class FetchErrorFilesOperator(BaseOperator):
    """Read what became of the run's rows, once Firehose has delivered every reject that counts, and write it out.

    The deadline is three buffer intervals of the stack's Firehose stream and five minutes after the execution ended,
    so that a retry does not wait all over again.

    :param dataset_name: The data set.
    :param prepare_task: Id of the task that prepared the file. It may have failed, and then nothing is fetched but the
        rejects that it refused to go on with.
    :param wait_task: Id of the task that waited for the execution.
    :param poll_seconds: Seconds between two looks at the bucket.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#fdeeda"

    def __init__(
        self, *, dataset_name: str, prepare_task: str, wait_task: str, poll_seconds: float = 5.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_name = dataset_name
        self.prepare_task = prepare_task
        self.wait_task = wait_task
        self.poll_seconds = poll_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Read everything; where rejects are missing, wait in the triggerer for what may hold them."""
        return self._gather(context, time.time(), None, may_wait=True)

    def execute_complete(
        self, context: Context, event: dict[str, Any], begun: float, outcome: dict[str, Any]
    ) -> dict[str, Any]:
        """Read what has arrived, and fail when the bucket could not be looked at.

        Args:
            context: Airflow's.
            event: The trigger's.
            begun: When this attempt began, in seconds since the epoch.
            outcome: What it had read by then.
        """
        if error := event.get("error"):
            raise AirflowException(
                f"The error files could not be looked at: {shown(error).rstrip('.')}. The next attempt of this task "
                "looks again; after the last one, mend the cause and clear this task."
            )
        return self._gather(context, begun, Outcome.from_json(outcome), may_wait=event["changed"])

    def _run(self, context: Context) -> tuple[Stack, Prepared, Execution | None]:
        """Find the stack, the run's prepared file, and the run's newest execution."""
        told = context["ti"].xcom_pull(task_ids=self.prepare_task) or context["ti"].xcom_pull(
            task_ids=self.prepare_task, key=REFUSED_XCOM
        )
        if not told:
            raise AirflowSkipException("No file was prepared: there are no error files.")
        prepared = Prepared.from_json(told)
        dataset = open_dataset(self.dataset_name)
        stack = open_stack(dataset, Use.LOOK)
        with permanent_errors_fail_at_once():
            migration = make_migration(stack, dataset, prepared)
            migration.turn.renew(migration.name)
            execution = migration.newest(Ended.from_xcom(context["ti"].xcom_pull(task_ids=self.wait_task)))
        return stack, prepared, execution

    def _gather(self, context: Context, begun: float, earlier: Outcome | None, *, may_wait: bool) -> dict[str, Any]:
        stack, prepared, execution = self._run(context)
        if earlier and not (execution and earlier.is_of(execution.name, execution.redrives)):
            earlier = None
        wait = _BUFFER_INTERVALS * stack.error_buffer_seconds + _GRACE_SECONDS
        deadline = ((execution and execution.stopped) or begun) + wait
        may_wait = may_wait and time.time() < deadline  # the triggerer, whose clock may be ahead, waited as long
        with permanent_errors_fail_at_once():
            outcome = gather(client("s3"), self.dataset_name, prepared, execution, earlier)
        if outcome.missing and execution is not None and may_wait:
            self.log.info("%s rejects have not arrived yet.", f"{outcome.missing:,}")
            self.defer(
                trigger=ErrorFilesTrigger(
                    prepared.bucket, execution.name, outcome.error_objects, deadline, self.poll_seconds
                ),
                method_name="execute_complete",
                kwargs={"begun": begun, "outcome": outcome.to_json()},
                timeout=timedelta(seconds=wait + _GRACE_SECONDS),
            )
        keep_for_lineage(self, prepared=prepared, outcome=outcome)
        if outcome.csv_key:
            self.log.info(
                "The rows that were not written are in %s: %s",
                shown(f"s3://{prepared.bucket}/{outcome.csv_key}"),
                shown(outcome),
            )
        if outcome.missing:
            context["ti"].xcom_push(key=INCOMPLETE_XCOM, value=outcome.to_json())
            raise AirflowFailException(
                f"{outcome.missing:,} rejects of the result files are not among the error files, after the deadline. "
                "Look at the Firehose stream's error log, and clear this task to look again."
            )
        return outcome.to_json()
