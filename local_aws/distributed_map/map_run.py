"""A Map Run: reads the items, runs the children, watches the failures, writes the results."""

import os
import threading
import uuid
from array import array
from collections.abc import Iterator
from typing import Any

from local_aws.distributed_map import child as children
from local_aws.distributed_map.child import PENDING_REDRIVE, ChildRecord
from local_aws.distributed_map.counts import Counts, Stage
from local_aws.distributed_map.item_batcher import ChildInput
from local_aws.distributed_map.result_writer import Results
from local_aws.distributed_map.settings import MapSettings, Processor
from local_aws.distributed_map.spool import Spool
from local_aws.distributed_map.width import Crew, keeping
from local_aws.executions.stopping import StopReason, StopSignal
from local_aws.ministack_internals import execution_error, now, stepfunctions

_WORKERS_VARIABLE = "LOCAL_AWS_MAP_WORKERS"
_DEFAULT_WORKERS = 2

_MOST_REDRIVES = 1000

_STAGES = {
    "SUCCEEDED": Stage.SUCCEEDED,
    "FAILED": Stage.FAILED,
    "TIMED_OUT": Stage.TIMED_OUT,
    "ABORTED": Stage.ABORTED,
}


class MapRun:
    """One Map Run of an execution, listed by ListMapRuns and described by DescribeMapRun while it goes on.

    Args:
        execution: MiniStack's record of the parent.
        settings: how it goes.
        processor: what each child runs.
        state_machine: the context object's ``StateMachine``, for the children.
        parent_stop: the parent's signal, which also stops the Map Run.

    Attributes:
        begun_at: the event in the history of the parent with which it began, or began again.
    """

    def __init__(
        self,
        execution: dict[str, Any],
        settings: MapSettings,
        processor: Processor,
        state_machine: dict[str, Any],
        parent_stop: StopSignal | None,
    ) -> None:
        self.settings = settings
        self.counts = Counts()
        self.stop = StopSignal(parent_stop)
        self._processor = processor
        self._state_machine = state_machine
        self._inputs = Spool()
        self._items = array("L")
        self._children: list[ChildRecord | None] = []
        self._lock = threading.Lock()
        self._all_read = False
        self.result: Any = None
        self.begun_at = 0
        self.record = _record(execution, settings, self.counts)
        stepfunctions.map_runs[self.arn] = self.record

    @property
    def arn(self) -> str:
        """The Map Run's ARN."""
        return str(self.record["mapRunArn"])

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well, its result written."""
        return bool(self.record["status"] == "SUCCEEDED")

    def redrive(self, parent_stop: StopSignal | None) -> None:
        """Run again under the same ARN: the children that did not succeed, and those that never started.

        Args:
            parent_stop: the signal of the parent's new attempt.

        Raises:
            States.Runtime: it has been redriven too often.
        """
        if self.record["redriveCount"] >= _MOST_REDRIVES:
            raise execution_error("States.Runtime", f"The Map Run has been redriven {_MOST_REDRIVES} times.")
        self.stop = StopSignal(parent_stop)
        self.record.pop("stopDate", None)
        self.record.update(status="RUNNING", redriveCount=self.record["redriveCount"] + 1, redriveDate=now())
        self.counts.forget_written()
        for index, child in enumerate(self._children):
            if child is not None and child["status"] != "SUCCEEDED":
                self.counts.move(self._items[index], _STAGES[child["status"]], Stage.PENDING_REDRIVE)
                children.await_redrive(child)

    def read(self, inputs: Iterator[ChildInput]) -> None:
        """Take in the inputs of all children, which are pending from then on.

        Once all have been read, a redrive has the same ones; before, it reads anew.
        """
        if self._all_read:
            return
        self._inputs, self._items, self._children = Spool(), array("L"), []
        self.counts.clear()
        for child_input in inputs:
            self.stop.check()
            self._inputs.append(child_input.body)
            self._items.append(child_input.items)
            self._children.append(None)
            self.counts.add(child_input.items)
        self._all_read = True

    def process(self) -> None:
        """Run the pending children, a few at once, until all have ended or the Map Run is stopped."""
        pending = iter(
            [i for i, child in enumerate(self._children) if child is None or child["status"] == PENDING_REDRIVE]
        )
        crew = Crew(lambda: self._run_next(pending), self._width)
        with keeping(self.arn, crew):
            crew.work()
        self._give_up_redrives()

    def results(self) -> Any:
        """Write the results and return the state's result.

        Raises:
            States.ResultWriterFailed: S3 refused a file.
            States.DataLimitExceeded: the result is larger than a state's output may be.
        """
        results = Results(self._inputs, self._children, self.settings.writer)
        if self.settings.destination is None:
            return [] if self.stop.reason else results.collected(self._written)
        return results.export(self.settings.destination, self.arn, self._written)

    def end(self, status: str, result: Any = None) -> None:
        """Record how it ended, and with which result."""
        self.result = result
        self.record.update(status=status, stopDate=now())
        # Until its results are written, it may yet be redriven, and then writes the inputs with them.
        if self.succeeded and self.counts.executions["succeeded"] == len(self._children):
            self._forget_inputs()

    def check_tolerance(self) -> None:
        """Raise States.ExceedToleratedFailureThreshold if the failures were too many."""
        if self.stop.reason is StopReason.FAILED:
            raise execution_error(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )

    def _written(self, index: int) -> None:
        self.counts.written(self._items[index])

    def _forget_inputs(self) -> None:
        """Give the disk back: nobody recovers the input of a child that succeeded."""
        for child in self._children:
            if child is not None:
                child.update(input=None, inputDetails={"included": False})
        self._inputs.close()

    def _give_up_redrives(self) -> None:
        for index, child in enumerate(self._children):
            if child is not None and child["status"] == PENDING_REDRIVE:
                children.give_up_redrive(child)
                self.counts.move(self._items[index], Stage.PENDING_REDRIVE, _STAGES[child["status"]])

    def _width(self) -> int:
        """How many children may run at once, as the record says now."""
        allowed = int(os.environ.get(_WORKERS_VARIABLE) or _DEFAULT_WORKERS)
        return max(1, min(allowed, self.record["maxConcurrency"] or allowed, len(self._children) or 1))

    def _run_next(self, pending: Iterator[int]) -> bool:
        if (index := self._next(pending)) is None:
            return False
        self._run_child(index)
        return True

    def _next(self, pending: Iterator[int]) -> int | None:
        with self._lock:
            return None if self.stop.reason else next(pending, None)

    def _run_child(self, index: int) -> None:
        items = self._items[index]
        child = self._children[index]
        if child is None:
            self.counts.move(items, Stage.PENDING, Stage.RUNNING)
            child = self._children[index] = children.start(self.record, self._inputs, index, items)
        else:
            self.counts.move(items, Stage.PENDING_REDRIVE, Stage.RUNNING)
            children.redrive(child, self._processor)
        children.run(child, self._processor, self._state_machine, self.stop)
        self.counts.move(items, Stage.RUNNING, _STAGES[child["status"]])
        if self.settings.tolerance.exceeded(self.counts.failed_items, self.counts.total_items):
            self.stop.set(StopReason.FAILED)


def _record(execution: dict[str, Any], settings: MapSettings, counts: Counts) -> dict[str, Any]:
    _, _, _, region, account, _, machine, *_ = execution["stateMachineArn"].split(":")
    name = f"{machine}/{settings.label}"
    return {
        "mapRunArn": f"arn:aws:states:{region}:{account}:mapRun:{name}:{uuid.uuid4()}",
        "executionArn": execution["executionArn"],
        "status": "RUNNING",
        "startDate": now(),
        "maxConcurrency": settings.max_concurrency,
        "toleratedFailureCount": settings.tolerance.count or 0,
        "toleratedFailurePercentage": settings.tolerance.percentage or 0.0,
        "itemCounts": counts.items,
        "executionCounts": counts.executions,
        "redriveCount": 0,
        "_stateMachineArn": f"arn:aws:states:{region}:{account}:stateMachine:{name}",
        "_testCase": execution.get("testCase"),
    }
