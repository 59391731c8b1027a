"""The trigger that waits for an execution to end; meanwhile it reports its Map Run's progress and may pace it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from csvdynamo.aws.backoff import Backoff, may_pass
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds, ConcurrencyChange, changes_of
from csvdynamo_airflow.documents.execution import STOPPED_IN_AIRFLOW, Execution
from csvdynamo_airflow.tasks.cancellation import up_to_cancellation
from csvdynamo_airflow.tasks.connections import async_client
from csvdynamo_airflow.tasks.map_run_concurrency import MapRunConcurrency
from csvdynamo_airflow.tasks.task_error import error_text
from csvdynamo_airflow.workflow.map_run import Progress

if TYPE_CHECKING:
    from types_aiobotocore_stepfunctions import SFNClient
    from types_aiobotocore_stepfunctions.type_defs import DescribeMapRunOutputTypeDef

PROGRESS_XCOM = "progress"
"""XCom key under which the waiting task keeps its Map Run's progress."""

MAP_RUN_SECONDS = 5.0
"""Least seconds between two looks at a Map Run that goes on: DescribeMapRun's bucket of tokens refills at one a second,
and it is the whole account's. It holds 200: the look at one that has ended does not wait."""

DELETED = "DELETED"
"""The event's status when the execution no longer exists."""

UNSEEN = "UNSEEN"
"""The event's status when AWS does not let the execution be looked at."""

_CHANGES = 100  # of concurrency that are told
_FIRST_PAUSE_SECONDS = 1.0
_PAUSE_GROWTH = 1.05  # an end is seen that part of the wait too late, at most, and a second
# Pauses of 1, 2, 4 and 8 s: a triggerer gives on_kill half a minute.
_STOPPING = Backoff(tries=5, base_seconds=1.0, cap_seconds=8.0, uniform=lambda: 1.0)


class ExecutionTrigger(BaseTrigger):
    """Wait until an execution is neither running nor pending a redrive, and yield once.

    Everything it needs is in its fields, since ``dag.test()`` drops what is given to ``defer(kwargs=…)``. The event
    is ``{"arn": …, "name": …, "status": …, "redrives": …, "cause": …, "written": …, "changes": …}``, the status
    `DELETED` for an execution that is gone, and `UNSEEN` for one that AWS does not let be looked at, with its error as
    the cause; ``written`` are the items that the execution says it wrote, None where it says nothing, and ``changes``
    how it changed the number of batches that run at once (`ConcurrencyChange`, as JSON).

    :param execution_arn: The execution to wait for.
    :param redrives: How often it was redriven so far. DescribeExecution is eventually consistent: an end with fewer
        redrives is the one before the redrive.
    :param longest_poll_seconds: Seconds between two looks at it, once it has run for a while.
    :param concurrency: Between what it may change how many batches run at once (`ConcurrencyBounds`, as JSON); None
        for no change.
    """

    def __init__(
        self,
        execution_arn: str,
        redrives: int = 0,
        longest_poll_seconds: float = 10.0,
        concurrency: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.execution_arn = execution_arn
        self.redrives = redrives
        self.longest_poll_seconds = longest_poll_seconds
        self.concurrency = concurrency
        self._pacing = MapRunConcurrency(ConcurrencyBounds.from_json(concurrency)) if concurrency else None
        self._changes: list[ConcurrencyChange] = []
        self._map_run_arn: str | None = None
        self._looked_at: float | None = None
        self._progress = Progress()
        self._began: float | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the fields that make this trigger again."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "execution_arn": self.execution_arn,
                "redrives": self.redrives,
                "longest_poll_seconds": self.longest_poll_seconds,
                "concurrency": self.concurrency,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the execution has ended."""
        async with await up_to_cancellation(async_client("stepfunctions")) as states:
            pause = _FIRST_PAUSE_SECONDS
            await self._take_over()
            while (event := await self._look(states)) is None:
                if self._seconds_to_map_run() <= 0:
                    await self._report_progress(states)
                await asyncio.sleep(pause)
                pause = min(pause * _PAUSE_GROWTH, self.longest_poll_seconds)
            if event["status"] not in {DELETED, UNSEEN}:
                await self._report_progress(states)
            yield TriggerEvent({**event, "changes": self._told})

    async def on_kill(self) -> None:
        """Stop the execution: a person marked the task or its run, or cleared it.

        Airflow does not call this when a triggerer is stopped or restarted. It does call it in a triggerer that was
        taken for dead and whose triggers another one has by now: there the task is still deferred, and the execution
        is left alone. A cancellation does not end it: Airflow sends one each second, and a stop may take longer.
        """
        await up_to_cancellation(self._stop_for_person())

    async def _stop_for_person(self) -> None:
        if await self._is_still_deferred():
            self.log.info("Another triggerer waits for %s now: it is left alone.", shown(self.execution_arn))
            return
        async with await async_client("stepfunctions") as states:
            if await self._stop(states):
                self.log.info("Stopped execution %s", shown(self.execution_arn))

    async def _is_still_deferred(self) -> bool:
        """Ask Airflow whether the task waits for this trigger.

        Where it cannot say, the task was stopped: a stopped execution can be redriven, but nobody would stop one that
        was left alone.
        """
        instance = self.task_instance
        if instance is None:
            return False
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance  # noqa: PLC0415 - only inside a run

        try:
            states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
                dag_id=instance.dag_id, task_ids=[instance.task_id], run_ids=[instance.run_id]
            )
        except Exception as error:
            self.log.warning("Airflow does not say whether the task is still deferred: %s", shown(error))
            return False
        return bool(states.get(instance.run_id, {}).get(instance.task_id) == "deferred")

    async def _stop(self, states: "SFNClient") -> bool:
        """Stop the execution, with a few attempts; tell whether there was one."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; not at DAG parse time

        for attempt in count():
            try:
                await states.stop_execution(
                    executionArn=self.execution_arn, error=STOPPED_IN_AIRFLOW, cause="The task that waited was stopped."
                )
            except (BotoCoreError, ClientError) as error:
                if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                    return False
                pause = _STOPPING.seconds_after(attempt) if may_pass(error) else None
                if pause is None:
                    told = f"Execution {self.execution_arn} could not be stopped: stop it by hand. {error}"
                    self.log.warning("%s", shown(told))
                    return False
                await asyncio.sleep(pause)
            else:
                break
        return True

    async def _look(self, states: "SFNClient") -> dict[str, Any] | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; not at DAG parse time

        try:
            description = await states.describe_execution(executionArn=self.execution_arn)
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return self._event(DELETED, f"Execution {self.execution_arn} no longer exists.")
            if not may_pass(error):
                # Airflow would tell the task no more than that its trigger failed.
                return self._event(UNSEEN, error_text(error))
            self.log.warning("The execution cannot be described now; looking again later: %s", shown(error))
            return None
        execution = Execution.from_description(description)
        if execution.alive or execution.redrives < self.redrives:
            return None
        written = execution.totals.written if execution.totals else None
        return self._event(execution.status, execution.cause, execution.redrives, written)

    def _event(self, status: str, cause: str, redrives: int = 0, written: int | None = None) -> dict[str, Any]:
        return {
            "arn": self.execution_arn,
            "name": self.execution_arn.rpartition(":")[2],
            "status": status,
            "redrives": redrives,
            "cause": cause,
            "written": written,
        }

    @property
    def _told(self) -> list[dict[str, Any]]:
        """What it changed, as JSON."""
        return [change.to_json() for change in self._changes]

    def _seconds_to_map_run(self) -> float:
        """Seconds before the Map Run may be looked at again, 0 when it may be now."""
        if self._looked_at is None:
            return 0.0
        return max(0.0, self._looked_at + MAP_RUN_SECONDS - time.monotonic())

    async def _report_progress(self, states: "SFNClient") -> None:
        """Log the Map Run's progress and keep it for the page. It is a courtesy: its failure never ends the wait."""
        before, seconds = self._progress, time.monotonic() - (self._looked_at or 0.0)
        self._looked_at = time.monotonic()
        try:
            map_run = await self._describe_map_run(states)
            if map_run is None:
                return
            self._progress = Progress.from_counts(map_run["itemCounts"], map_run["executionCounts"])
            if not await self._pace(states, map_run) and self._progress == before:
                return
            self._began = self._began or time.time()
            rate = (self._progress.settled - before.settled) / seconds if before.total else None
            self.log.info("Map Run: %s", shown(self._progress.sentence(rate)))
            await self._publish(self._progress)
        except Exception as error:
            self.log.warning("The Map Run's progress cannot be told: %s", shown(error))

    async def _describe_map_run(self, states: "SFNClient") -> "DescribeMapRunOutputTypeDef | None":
        if self._map_run_arn is None:
            map_runs = (await states.list_map_runs(executionArn=self.execution_arn))["mapRuns"]
            if not map_runs:
                return None
            self._map_run_arn = map_runs[0]["mapRunArn"]
        return await states.describe_map_run(mapRunArn=self._map_run_arn)

    async def _pace(self, states: "SFNClient", map_run: "DescribeMapRunOutputTypeDef") -> bool:
        """Change how many batches run at once, where the data set file lets it; tell whether that was done."""
        if self._pacing is None:
            return False
        try:
            change = await self._pacing.adjust(states, map_run)
        except Exception as error:
            self.log.warning("How many batches run at once could not be changed: %s", shown(error))
            return False
        if change is None:
            return False
        self._changes = [*self._changes, change][-_CHANGES:]
        told = f"{change.after} batches at once, not {change.before}: {change.why}"
        self.log.info("Map Run: %s", shown(told))
        return True

    async def _take_over(self) -> None:
        """Read what a triggerer that was stopped had changed. That is a courtesy, too."""
        instance = self.task_instance
        if instance is None or self._pacing is None:
            return
        from airflow.sdk.execution_time.xcom import XCom  # noqa: PLC0415 - there only inside a run

        try:
            kept = sync_to_async(XCom.get_one)(
                key=PROGRESS_XCOM, dag_id=instance.dag_id, task_id=instance.task_id, run_id=instance.run_id
            )
            told = await up_to_cancellation(kept)
            self._changes = list(changes_of((told or {}).get("changes")))
        except Exception as error:
            self.log.warning("What was changed before cannot be told: %s", shown(error))

    async def _publish(self, progress: Progress) -> None:
        instance = self.task_instance
        if instance is None:
            return
        from airflow.sdk.execution_time.xcom import XCom  # noqa: PLC0415 - there only inside a run

        publishing = sync_to_async(XCom.set)(
            key=PROGRESS_XCOM,
            value={
                **progress.to_json(),
                "began": self._began,
                "at": time.time(),
                "changes": self._told,
            },
            dag_id=instance.dag_id,
            task_id=instance.task_id,
            run_id=instance.run_id,
            map_index=instance.map_index if instance.map_index is not None else -1,
        )
        await up_to_cancellation(publishing)
