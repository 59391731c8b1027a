"""The trigger that waits until Firehose has delivered more of an execution's rejects."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from csvdynamo.aws.backoff import may_pass
from csvdynamo.shown import shown
from csvdynamo_airflow.outcome.error_objects import error_objects_digest
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.task_error import error_text


class ErrorFilesTrigger(BaseTrigger):
    """Wait until an object has come that may hold rejects of an execution, or until a deadline, and yield once.

    What is in it the task reads: a file that cannot be read is told by the task, and costs the triggerer no memory. The
    event is ``{"changed": …}``. An error of AWS that looking again would not mend, or that lasts until the deadline,
    ends the wait, too: the event then has it as ``error``.

    :param bucket: The stack's bucket.
    :param execution: The execution's name.
    :param seen: The digest of the objects that were there when the task looked (`error_objects_digest`).
    :param deadline: When to stop waiting, in seconds since the epoch.
    :param poll_seconds: Seconds between two looks.
    """

    def __init__(self, bucket: str, execution: str, seen: str, deadline: float, poll_seconds: float = 5.0) -> None:
        super().__init__()
        self.bucket = bucket
        self.execution = execution
        self.seen = seen
        self.deadline = deadline
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the fields that make this trigger again."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "bucket": self.bucket,
                "execution": self.execution,
                "seen": self.seen,
                "deadline": self.deadline,
                "poll_seconds": self.poll_seconds,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until something has changed or the deadline has passed."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; not at DAG parse time

        try:
            event: dict[str, Any] = {"changed": await self._wait()}
        except (BotoCoreError, ClientError) as error:
            # Airflow would tell the task no more than that its trigger failed.
            event = {"error": error_text(error)}
        yield TriggerEvent(event)

    async def _wait(self) -> bool:
        """Wait until something has changed or the deadline has passed; return whether it has."""
        s3 = await sync_to_async(lambda: client("s3"))()
        while True:
            try:
                if await asyncio.to_thread(error_objects_digest, s3, self.bucket, self.execution) != self.seen:
                    return True
                if time.time() >= self.deadline:
                    return False
            except Exception as error:
                if time.time() >= self.deadline or not may_pass(error):
                    raise
                self.log.warning("The error files cannot be looked at now; looking again later: %s", shown(error))
            await asyncio.sleep(self.poll_seconds)
