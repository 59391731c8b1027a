"""One child execution of a Map Run."""

import json
import uuid
from typing import Any

from local_aws.distributed_map.item_batcher import to_json
from local_aws.distributed_map.settings import Processor
from local_aws.distributed_map.spool import Spool
from local_aws.executions import history
from local_aws.executions.progress import FIELD, Progress
from local_aws.executions.stopping import ExecutionStoppedError, StopSignal, current
from local_aws.executions.walk import walk
from local_aws.ministack_internals import now, stepfunctions

PENDING_REDRIVE = "PENDING_REDRIVE"


class ChildRecord(dict[str, Any]):
    """An execution as MiniStack keeps it, whose input stays on disk until somebody asks for it."""

    def __init__(self, fields: dict[str, Any], inputs: Spool, index: int) -> None:
        super().__init__(fields)
        self._inputs = inputs
        self._index = index

    def __missing__(self, key: str) -> Any:
        if key == "input":
            return self._inputs[self._index].decode()
        raise KeyError(key)


def start(map_run: dict[str, Any], inputs: Spool, index: int, items: int) -> ChildRecord:
    """A new RUNNING child of a Map Run, listed and described like any execution.

    Args:
        map_run: MiniStack's record of the Map Run.
        inputs: the inputs of all its children.
        index: the place of this child's.
        items: how many items its input holds.
    """
    name = str(uuid.uuid4())
    machine_arn = map_run["_stateMachineArn"]
    fields = {
        "executionArn": f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}",
        "stateMachineArn": machine_arn,
        "mapRunArn": map_run["mapRunArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": now(),
        "stopDate": None,
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": {"included": True},
        "events": [],
        "redriveCount": 0,
        "testCase": map_run["_testCase"],
        "_items": items,
        "mockAttempts": {},
    }
    child = ChildRecord(fields, inputs, index)
    stepfunctions.executions[child["executionArn"]] = child
    return child


def await_redrive(child: ChildRecord) -> None:
    """Let a child that did not succeed wait to be run again."""
    child.update(_statusBefore=child["status"], status=PENDING_REDRIVE)


def give_up_redrive(child: ChildRecord) -> None:
    """Let a child that waited in vain be what it was before."""
    child["status"] = child.pop("_statusBefore")


def redrive(child: ChildRecord, processor: Processor) -> None:
    """Let a child that waited run again: RUNNING, under the same ARN, with the same input.

    An EXPRESS child is started anew, at its first state; a STANDARD one goes on at the state where it ended
    (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#redrive-child-workflow-behavior).
    """
    del child["_statusBefore"]
    child.update(status="RUNNING", stopDate=None, output=None, error=None, cause=None)
    child["redriveCount"] += 1
    if processor.is_express:
        child["startDate"] = now()
        return
    child["redriveDate"] = now()
    child[FIELD].redrive()
    details = {"executionRedrivenEventDetails": {"redriveCount": child["redriveCount"]}}
    history.add_event(child, "ExecutionRedriven", details)


def run(child: ChildRecord, processor: Processor, state_machine: dict[str, Any], stop: StopSignal) -> None:
    """Run a child to its end and record how it went; whatever fails, fails the child alone.

    Args:
        child: the child, RUNNING.
        processor: what it runs.
        state_machine: the context object's ``StateMachine``.
        stop: set when it must not begin anything more; it then ends ABORTED.
    """
    token = current.set(stop)
    try:
        output = _run(child, processor, state_machine)
        ending: dict[str, Any] = {"status": "SUCCEEDED", "output": to_json(output)}
    except ExecutionStoppedError:
        ending = {"status": "ABORTED"}
    except stepfunctions.ExecutionError as error:
        ending = {"status": "FAILED", "error": error.error, "cause": error.cause}
    except Exception as error:
        ending = {"status": "FAILED", "error": "States.Runtime", "cause": str(error)}
    finally:
        current.reset(token)
    if stop.reason is not None:
        # Step Functions stops a child wherever it is, and does not wait for what it had called.
        ending = {"status": "ABORTED"}
    child.update(ending, stopDate=now())
    if processor.is_express:
        history.clear(child)


def _run(child: ChildRecord, processor: Processor, state_machine: dict[str, Any]) -> Any:
    child_input = json.loads(child["input"])
    context = {
        "QueryLanguage": processor.query_language,
        "Execution": {
            "Id": child["executionArn"],
            "Input": child_input,
            "Name": child["name"],
            "StartTime": child["startDate"],
        },
        "StateMachine": state_machine,
        "variables": {},
    }
    if processor.is_express:
        # It never goes on from a state, so that nobody need take down where it was.
        return stepfunctions.run_sub_machine(processor.states, processor.start_at, child_input, child, context)
    progress: Progress = child.setdefault(FIELD, Progress(processor.start_at, child_input))
    return walk(processor.states, progress, child, context)
