"""The task that fetches the error files: awaited deferred, merged beside the report."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from csvdynamo.shown import shown
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.prepared import REFUSED_XCOM, Prepared
from csvdynamo_airflow.rejects.error_files import ErrorFiles, merge_rejects
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.error_files_trigger import ErrorFilesTrigger
from csvdynamo_airflow.tasks.task_shell import make_migration, open_dataset, open_stack, permanent_errors_fail_at_once

INCOMPLETE_XCOM = "incomplete"
"""XCom key of what was merged when a reject did not arrive: the report tells it all the same."""

_BUFFER_INTERVALS = 3
_GRACE_SECONDS = 300


class FetchErrorFilesOperator(BaseOperator):
    """Wait until Firehose has delivered every reject that counts, and merge the rejects into one object.

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
        """Merge at once when everything is there, else wait in the triggerer."""
        stack, prepared, execution = self._run(context)
        if execution is None or self._all_there(prepared.bucket, execution.name):
            return self._merge(context, prepared, execution)
        wait = _BUFFER_INTERVALS * stack.error_buffer_seconds + _GRACE_SECONDS
        deadline = (execution.stopped or time.time()) + wait
        self.defer(
            trigger=ErrorFilesTrigger(prepared.bucket, execution.name, deadline, self.poll_seconds),
            method_name="execute_complete",
            timeout=timedelta(seconds=wait + _GRACE_SECONDS),
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Merge what has arrived, and fail when something is missing or could not be looked at."""
        if error := event.get("error"):
            raise AirflowException(
                f"The error files could not be looked at: {shown(error).rstrip('.')}. The next attempt of this task "
                "looks again; after the last one, mend the cause and clear this task."
            )
        _, prepared, execution = self._run(context)
        return self._merge(context, prepared, execution)

    def _run(self, context: Context) -> tuple[Stack, Prepared, Execution | None]:
        """Find the stack, the run's prepared file, and the run's newest execution."""
        told = context["ti"].xcom_pull(task_ids=self.prepare_task) or context["ti"].xcom_pull(
            task_ids=self.prepare_task, key=REFUSED_XCOM
        )
        if not told:
            raise AirflowSkipException("No file was prepared: there are no error files.")
        prepared = Prepared.from_json(told)
        stack = open_stack(open_dataset(self.dataset_name), Use.LOOK)
        with permanent_errors_fail_at_once():
            migration = make_migration(stack, prepared)
            migration.turn.renew(migration.name)
            execution = migration.newest(Ended.from_xcom(context["ti"].xcom_pull(task_ids=self.wait_task)))
        return stack, prepared, execution

    def _all_there(self, bucket: str, execution: str) -> bool:
        s3 = client("s3")
        with permanent_errors_fail_at_once():
            return ErrorFiles.expected(s3, bucket, execution).look(s3)

    def _merge(self, context: Context, prepared: Prepared, execution: Execution | None) -> dict[str, Any]:
        with permanent_errors_fail_at_once():
            merged = merge_rejects(client("s3"), self.dataset_name, prepared, execution)
        if merged.csv_key:
            self.log.info(
                "The rows that were not written are in %s: %s",
                shown(f"s3://{prepared.bucket}/{merged.csv_key}"),
                shown(merged),
            )
        if merged.missing:
            context["ti"].xcom_push(key=INCOMPLETE_XCOM, value=merged.to_json())
            raise AirflowFailException(
                f"{merged.missing:,} rejects of the result files are not among the error files, after the deadline. "
                "Look at the Firehose stream's error log, and clear this task to look again."
            )
        return merged.to_json()
