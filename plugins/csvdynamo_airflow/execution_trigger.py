"""The trigger that waits for an execution to end, and reports its Map Run's progress meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.providers.amazon.aws.hooks.step_function import StepFunctionHook
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async
from botocore.exceptions import ClientError

from csvdynamo_airflow.connections import AWS_CONNECTION
from csvdynamo_airflow.execution import ALIVE
from csvdynamo_airflow.map_run import Progress

PROGRESS_XCOM = "progress"
"""XCom key under which the waiting task keeps its Map Run's progress."""

MAP_RUN_SECONDS = 5.0
"""Least seconds between two looks at a Map Run: DescribeMapRun's bucket of tokens refills at one a second, and it is
the whole account's."""

_DELETED = "DELETED"
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})


class ExecutionTrigger(BaseTrigger):
    """Wait until an execution is neither running nor pending a redrive, and yield once.

    Everything it needs is in its fields, since ``dag.test()`` drops what is given to ``defer(kwargs=…)``. The event
    is ``{"status": …, "cause": …}``; the status of an execution that no longer exists is ``DELETED``.

    :param execution_arn: The execution to wait for.
    :param longest_poll_seconds: Seconds between two looks at it, once it has run for a while.
    """

    def __init__(self, execution_arn: str, longest_poll_seconds: float = 10.0) -> None:
        super().__init__()
        self.execution_arn = execution_arn
        self.longest_poll_seconds = longest_poll_seconds
        self._map_run_arn: str | None = None
        self._looked_at = 0.0
        self._progress = Progress()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the fields that make this trigger again."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"execution_arn": self.execution_arn, "longest_poll_seconds": self.longest_poll_seconds},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the execution has ended."""
        async with await StepFunctionHook(aws_conn_id=AWS_CONNECTION).get_async_conn() as states:
            pause = 1.0
            while (event := await self._look(states)) is None:
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, self.longest_poll_seconds)
            yield TriggerEvent(event)

    async def on_kill(self) -> None:
        """Stop the execution: a person marked the task or cleared it."""
        async with await StepFunctionHook(aws_conn_id=AWS_CONNECTION).get_async_conn() as states:
            await states.stop_execution(
                executionArn=self.execution_arn, error="StoppedInAirflow", cause="The task that waited was stopped."
            )
        self.log.info("Stopped execution %s", self.execution_arn)

    async def _look(self, states: Any) -> dict[str, str] | None:
        try:
            description = await states.describe_execution(executionArn=self.execution_arn)
            ended = description["status"] not in ALIVE
            if ended or time.monotonic() - self._looked_at >= MAP_RUN_SECONDS:
                await self._report_progress(states)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ExecutionDoesNotExist":
                return {"status": _DELETED, "cause": f"Execution {self.execution_arn} no longer exists."}
            if code not in _THROTTLED:
                raise
            self.log.warning("AWS is throttling (%s); looking again later.", code)
            return None
        if not ended:
            return None
        cause = ": ".join(part for part in (description.get("error"), description.get("cause")) if part)
        return {"status": description["status"], "cause": cause}

    async def _report_progress(self, states: Any) -> None:
        if self._map_run_arn is None:
            map_runs = (await states.list_map_runs(executionArn=self.execution_arn))["mapRuns"]
            if not map_runs:
                return
            self._map_run_arn = map_runs[0]["mapRunArn"]
        counts = (await states.describe_map_run(mapRunArn=self._map_run_arn))["itemCounts"]
        before, seconds = self._progress, time.monotonic() - self._looked_at
        self._progress, self._looked_at = Progress.from_item_counts(counts), time.monotonic()
        if self._progress == before:
            return
        rate = (self._progress.settled - before.settled) / seconds
        self.log.info("Map Run: %s", self._progress.sentence(rate if before.total else None))
        await self._publish(self._progress)

    async def _publish(self, progress: Progress) -> None:
        instance = self.task_instance
        if instance is None:
            return
        from airflow.sdk.execution_time.xcom import XCom  # noqa: PLC0415 - there only inside a run

        await sync_to_async(XCom.set)(
            key=PROGRESS_XCOM,
            value=progress.to_json(),
            dag_id=instance.dag_id,
            task_id=instance.task_id,
            run_id=instance.run_id,
            map_index=instance.map_index if instance.map_index is not None else -1,
        )
