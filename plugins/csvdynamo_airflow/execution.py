"""A run's own execution: found again by its name at every attempt, whatever became of the attempt before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any, Self

from csvdynamo_airflow.naming import counted_name

ALIVE = frozenset({"RUNNING", "PENDING_REDRIVE"})
FAILED = frozenset({"FAILED", "ABORTED", "TIMED_OUT"})


@dataclass(frozen=True)
class Execution:
    """One execution of the state machine, as DescribeExecution tells.

    Attributes:
        arn: Its ARN.
        name: Its name, by which Firehose and the ResultWriter file what it wrote.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE.
        redrives: How often it was redriven.
        redrivable: Whether RedriveExecution would take it.
        file_key: The prepared file that it migrates.
        cause: Error and cause of a failure, "" without one.
    """

    arn: str
    name: str
    status: str
    redrives: int
    redrivable: bool
    file_key: str
    cause: str

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        """Make it from DescribeExecution's answer."""
        cause = ": ".join(part for part in (description.get("error"), description.get("cause")) if part)
        return cls(
            arn=description["executionArn"],
            name=description["name"],
            status=description["status"],
            redrives=description.get("redriveCount", 0),
            redrivable=description.get("redriveStatus") == "REDRIVABLE",
            file_key=json.loads(description.get("input") or "{}").get("file_key", ""),
            cause=cause,
        )


class Action(Enum):
    """What an attempt does about the newest execution of its run."""

    START = "start"
    ATTACH = "attach"
    DONE = "done"
    REDRIVE = "redrive"
    START_ANOTHER = "start another"
    GIVE_UP = "give up"


def next_action(newest: Execution | None, *, force: bool = False, max_redrives: int = 3) -> Action:
    """Decide what an attempt does, from the state that the run's newest execution is in.

    Args:
        newest: The run's newest execution, None when there is none yet.
        force: Whether a succeeded execution is to be repeated.
        max_redrives: After how many redrives a failed execution is left alone.
    """
    if newest is None:
        return Action.START
    if newest.status in ALIVE:
        return Action.ATTACH
    if newest.status == "SUCCEEDED":
        return Action.START_ANOTHER if force else Action.DONE
    if not newest.redrivable:
        return Action.START_ANOTHER
    return Action.REDRIVE if newest.redrives < max_redrives else Action.GIVE_UP


def execution_input(bucket: str, file_key: str) -> str:
    """Write the execution's input; StartExecution compares it to the letter, so it is always written alike."""
    return json.dumps({"bucket_name": bucket, "file_key": file_key})


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Write the ARN of an execution of a state machine."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def describe(states: Any, arn: str) -> Execution | None:
    """Describe an execution, None when there is none of that ARN."""
    try:
        return Execution.from_description(states.describe_execution(executionArn=arn))
    except states.exceptions.ExecutionDoesNotExist:
        return None


def executions_of_run(states: Any, state_machine_arn: str, name: str) -> list[Execution]:
    """Find every execution of a run, oldest first: ``name``, ``name-2``, ``name-3`` and so on."""

    def found() -> Iterator[Execution]:
        for number in count(1):
            execution = describe(states, execution_arn(state_machine_arn, counted_name(name, number)))
            if execution is None:
                return
            yield execution

    return list(found())


def other_alive(states: Any, state_machine_arn: str, own_names: set[str]) -> str | None:
    """Say which other execution or Map Run of the data set is alive, None when there is none.

    A Map Run can outlive a parent that was stopped or that timed out, so those parents' Map Runs are looked at, too.

    Args:
        states: A boto3 Step Functions client.
        state_machine_arn: The data set's state machine.
        own_names: Names of the run's own executions.
    """
    for status in sorted(ALIVE):
        for page in states.get_paginator("list_executions").paginate(
            stateMachineArn=state_machine_arn, statusFilter=status
        ):
            for execution in page["executions"]:
                if execution["name"] not in own_names:
                    return f"execution {execution['name']} ({status})"
    for status in ("ABORTED", "TIMED_OUT"):
        stopped = states.list_executions(stateMachineArn=state_machine_arn, statusFilter=status, maxResults=10)
        for execution in stopped["executions"]:
            if map_run := running_map_run(states, execution["executionArn"]):
                return f"Map Run {map_run} of the {status.lower()} execution {execution['name']}"
    return None


def running_map_run(states: Any, arn: str) -> str | None:
    """Find a Map Run of an execution that still runs (ListMapRuns gives no stop date for it)."""
    for map_run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        if "stopDate" not in map_run:
            return str(map_run["mapRunArn"])
    return None
