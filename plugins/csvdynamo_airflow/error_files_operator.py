"""The task that fetches the error files: awaited deferred, merged beside the report."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from csvdynamo_airflow.connections import client
from csvdynamo_airflow.error_files import ErrorFiles, Merged, merge
from csvdynamo_airflow.error_files_trigger import ErrorFilesTrigger
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.prepare import Prepared
from csvdynamo_airflow.task_shell import open_dataset, open_migration, open_stack

MERGED_FILE = "rejects.jsonl"
INCOMPLETE_XCOM = "incomplete"
"""XCom key of what was merged when a reject did not arrive: the report tells it all the same."""

GRACE_SECONDS = 300


class FetchErrorFilesOperator(BaseOperator):
    """Wait until Firehose has delivered every reject that counts, and merge the rejects into one object.

    The deadline is three buffer intervals of the stack's Firehose stream and five minutes.

    :param dataset_name: The data set.
    :param prepare_task: Id of the task that prepared the file.
    :param poll_seconds: Seconds between two looks at the bucket.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#fdeeda"

    def __init__(self, *, dataset_name: str, prepare_task: str, poll_seconds: float = 5.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_name = dataset_name
        self.prepare_task = prepare_task
        self.poll_seconds = poll_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Merge at once when everything is there, else wait in the triggerer."""
        prepared, execution = self._run(context)
        if execution is None or ErrorFiles.expected(s3 := client("s3"), prepared.bucket, execution).look(s3):
            return self._merge(prepared, execution).to_json()
        stack = open_stack(open_dataset(self.dataset_name))
        wait = 3 * stack.error_buffer_seconds + GRACE_SECONDS
        self.defer(
            trigger=ErrorFilesTrigger(prepared.bucket, execution, time.time() + wait, self.poll_seconds),
            method_name="execute_complete",
            timeout=timedelta(seconds=wait + GRACE_SECONDS),
        )

    def execute_complete(self, context: Context, event: dict[str, int]) -> dict[str, Any]:
        """Merge what has arrived, and fail when something is missing."""
        merged = self._merge(*self._run(context))
        if merged.missing:
            context["ti"].xcom_push(key=INCOMPLETE_XCOM, value=merged.to_json())
            raise AirflowException(
                f"{merged.missing:,} rejects of the result files are not among the error files, after the deadline. "
                "Look at the Firehose stream's error log, and clear this task to look again."
            )
        return merged.to_json()

    def _run(self, context: Context) -> tuple[Prepared, str | None]:
        """Find the run's prepared file, and the name of its newest execution."""
        told = context["ti"].xcom_pull(task_ids=self.prepare_task)
        if not told:
            raise AirflowSkipException("No file was prepared: there are no error files.")
        executions = open_migration(self.dataset_name, told).executions()
        return Prepared.from_json(told), executions[-1].name if executions else None

    def _merge(self, prepared: Prepared, execution: str | None) -> Merged:
        s3 = client("s3")
        with tempfile.TemporaryFile(prefix="csvdynamo-rejects-") as file:
            if prepared.rejects_key:
                s3.download_fileobj(prepared.bucket, prepared.rejects_key, file)
            merged = merge(s3, prepared.bucket, execution, file) if execution else Merged()
            if not file.tell():
                return merged
            key = reports_prefix(self.dataset_name, prepared.execution_name) + MERGED_FILE
            file.seek(0)
            s3.upload_fileobj(file, prepared.bucket, key)
        self.log.info("The run's rejects are in s3://%s/%s; the Lambda's: %s", prepared.bucket, key, merged.by_code)
        return replace(merged, key=key)
