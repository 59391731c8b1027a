"""The trigger that waits until Firehose has delivered every reject of an execution."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from csvdynamo.errors import CsvDynamoError
from csvdynamo.shown import shown
from csvdynamo_airflow.rejects.error_files import ErrorFiles
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.task_error import error_text


class ErrorFilesTrigger(BaseTrigger):
    """Wait until every reject that counts is readable, or until a deadline, and yield once.

    The event is ``{"missing": n}``, 0 when all have arrived. A file that cannot be read ends the wait, too: the task,
    which reads it again, says what is wrong. So does an error of AWS that looking again would not mend, or that lasts
    until the deadline: the event then has it as ``error``. The bucket is read in a thread, so that a large error file
    does not hold up the triggerer's other work.

    :param bucket: The stack's bucket.
    :param execution: The execution's name.
    :param deadline: When to stop waiting, in seconds since the epoch.
    :param poll_seconds: Seconds between two looks.
    """

    def __init__(self, bucket: str, execution: str, deadline: float, poll_seconds: float = 5.0) -> None:
        super().__init__()
        self.bucket = bucket
        self.execution = execution
        self.deadline = deadline
        self.poll_seconds = poll_seconds
        self._files: ErrorFiles | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the fields that make this trigger again."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "bucket": self.bucket,
                "execution": self.execution,
                "deadline": self.deadline,
                "poll_seconds": self.poll_seconds,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until nothing is missing or the deadline has passed."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; not at DAG parse time

        try:
            event: dict[str, Any] = {"missing": await self._wait()}
        except CsvDynamoError as error:
            self.log.warning("No use in waiting: %s", shown(error))
            event = {"missing": -1}
        except (BotoCoreError, ClientError) as error:
            # Airflow would tell the task no more than that its trigger failed.
            event = {"missing": -1, "error": error_text(error)}
        yield TriggerEvent(event)

    async def _wait(self) -> int:
        """Wait until nothing is missing or the deadline has passed; return how many rejects are missing then."""
        s3 = await sync_to_async(client)("s3")
        missing = -1
        while True:
            try:
                missing_now = await asyncio.to_thread(self._missing, s3)
                if not missing_now or time.time() >= self.deadline:
                    return missing_now
            except Exception as error:
                if time.time() >= self.deadline or not _is_retryable(error):
                    raise
                self.log.warning("The error files cannot be looked at now; looking again later: %s", shown(error))
            else:
                if missing_now != missing:
                    missing = missing_now
                    self.log.info("%s rejects have not arrived yet.", f"{missing:,}")
            await asyncio.sleep(self.poll_seconds)

    def _missing(self, s3: Any) -> int:
        """Look once; return how many rejects are missing."""
        if self._files is None:
            self._files = ErrorFiles.expected(s3, self.bucket, self.execution)
        return 0 if self._files.look(s3) else len(self._files.missing)


def _is_retryable(error: Exception) -> bool:
    from csvdynamo.aws.aws_errors import is_retryable  # noqa: PLC0415 - imports botocore

    return is_retryable(error)
