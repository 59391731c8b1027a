"""A run's own executions, found again by name at every attempt, and what else of the data set is alive."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self

from csvdynamo.shown import shown
from csvdynamo_airflow.naming import counted_name
from csvdynamo_airflow.task_documents import reading

ALIVE = frozenset({"RUNNING", "PENDING_REDRIVE"})
SUCCEEDED = "SUCCEEDED"

_STOPPED = ("ABORTED", "TIMED_OUT")
_OUTLIVES = timedelta(days=1)
_STOPPED_LOOKED_AT = 10


@dataclass(frozen=True)
class Execution:
    """One execution of the state machine, as DescribeExecution tells.

    Attributes:
        arn: Its ARN.
        name: Its name, by which Firehose and the ResultWriter file what it wrote.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE.
        redrives: How often it was redriven.
        redrivable: Whether RedriveExecution would take it.
        input: Its input, JSON.
        cause: Error and cause of a failure, `shown`; "" without one.
        stopped: When it ended, in seconds since the epoch; None while it is alive.
    """

    arn: str
    name: str
    status: str
    redrives: int = 0
    redrivable: bool = False
    input: str = ""
    cause: str = ""
    stopped: float | None = None

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """Make it from DescribeExecution's answer."""
        stop_date = description.get("stopDate")
        return cls(
            arn=description["executionArn"],
            name=description["name"],
            status=description["status"],
            redrives=description.get("redriveCount", 0),
            redrivable=description.get("redriveStatus") == "REDRIVABLE",
            input=description.get("input") or "",
            cause=shown(": ".join(part for part in (description.get("error"), description.get("cause")) if part)),
            stopped=stop_date.timestamp() if stop_date else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task reconcile returned of the execution"):
            return cls(**document)

    @property
    def alive(self) -> bool:
        """Whether it runs, or is about to."""
        return self.status in ALIVE

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.status == SUCCEEDED

    def has_input(self, text: str) -> bool:
        """Tell whether its input says the same as another; the order of keys and blanks do not matter."""
        try:
            return bool(json.loads(self.input) == json.loads(text))
        except ValueError:
            return False


def execution_input(bucket: str, file_key: str) -> str:
    """Write an execution's input; StartExecution compares it to the letter, so it is always written alike."""
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

    A Map Run can outlive a parent that was stopped or that timed out, so those of the last day are asked for theirs:
    ten at most, since ListMapRuns is throttled to one call a second for the whole account.

    The filter PENDING_REDRIVE is for children alone: with a state machine ListExecutions refuses it
    (https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html).

    Args:
        states: A boto3 Step Functions client.
        state_machine_arn: The data set's state machine.
        own_names: Names of the run's own executions: one that has ended may be listed as running for a moment.
    """
    if other := other_running(states, state_machine_arn, own_names):
        return f"execution {other}"
    since = datetime.now(UTC) - _OUTLIVES
    for status in _STOPPED:
        newest_first = states.list_executions(
            stateMachineArn=state_machine_arn, statusFilter=status, maxResults=_STOPPED_LOOKED_AT
        )
        for execution in newest_first["executions"]:
            if execution["stopDate"] < since:
                break
            if map_run := running_map_run(states, execution["executionArn"]):
                return f"Map Run {map_run} of execution {execution['name']}, which is {status}"
    return None


def other_running(states: Any, state_machine_arn: str, own_names: set[str]) -> str | None:
    """Name a running execution of a state machine that is none of the given names, None when there is none."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING")
    for page in pages:
        for execution in page["executions"]:
            if execution["name"] not in own_names:
                return str(execution["name"])
    return None


def running_map_run(states: Any, arn: str) -> str | None:
    """Find a Map Run of an execution that still runs (ListMapRuns gives no stop date for it)."""
    for map_run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        if "stopDate" not in map_run:
            return str(map_run["mapRunArn"])
    return None
