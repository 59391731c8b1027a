"""Step Functions as far as a run's executions need it, with what moto lacks: redrives, and Map Runs that live on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.unit.plugin.fake_bucket import ClientError

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:csvdynamo-cars"
NOW = datetime.now(UTC)


class ExecutionDoesNotExist(Exception):  # noqa: N818 - boto3's names
    """DescribeExecution knows no such ARN."""


class ExecutionAlreadyExists(Exception):  # noqa: N818
    """StartExecution was given a name that is taken."""


class StateMachineDoesNotExist(Exception):  # noqa: N818
    """The state machine was deleted."""


class ValidationException(Exception):  # noqa: N818
    """A parameter is not allowed."""


def arn_of(name: str) -> str:
    return f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"


@dataclass
class FakeStepFunctions:
    """A boto3 client over a dictionary of executions.

    Attributes:
        executions: DescribeExecution's answers by ARN.
        map_runs: ListMapRuns' answers by execution ARN.
        calls: The names of the calls that change something or are scarce, in order.
        cut_off: How many children were aborted, by Map Run.
        definition: The state machine's; an execution that has none of its own began with it.
        made: When the state machine was made.
        listed_by: The time by which ListExecutions gives the latest first; AWS does not say which it is.
    """

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    map_runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    cut_off: dict[str, int] = field(default_factory=dict)
    definition: str = "{}"
    made: datetime = NOW - timedelta(days=300)
    listed_by: str = "startDate"
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(
            ClientError=ClientError,
            ExecutionDoesNotExist=ExecutionDoesNotExist,
            ExecutionAlreadyExists=ExecutionAlreadyExists,
            StateMachineDoesNotExist=StateMachineDoesNotExist,
        )
    )

    def add(self, name: str, status: str, input: str, *, stopped_hours_ago: float = 1, **more: Any) -> str:
        """Add an execution; return its ARN."""
        arn = arn_of(name)
        stopped = NOW - timedelta(hours=stopped_hours_ago)
        self.executions[arn] = {"executionArn": arn, "name": name, "status": status, "input": input}
        self.executions[arn] |= {"startDate": NOW if status == "RUNNING" else stopped - timedelta(seconds=60)}
        if status != "RUNNING":
            self.executions[arn]["stopDate"] = stopped
        self.executions[arn] |= more
        return arn

    def add_map_run(self, execution_arn: str, *, running: bool, aborted: int = 0) -> None:
        """Add a Map Run to an execution, some of whose children were cut off."""
        map_run = {"mapRunArn": f"{execution_arn}/map", "startDate": NOW}
        self.cut_off[map_run["mapRunArn"]] = aborted
        self.map_runs.setdefault(execution_arn, []).append(map_run if running else {**map_run, "stopDate": NOW})

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.executions:
            raise ExecutionDoesNotExist(executionArn)
        return self.executions[executionArn]

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: N803
        self.calls.append(f"start {name}")
        if arn_of(name) in self.executions:
            raise ExecutionAlreadyExists(name)
        return {"executionArn": self.add(name, "RUNNING", input)}

    def redrive_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(f"redrive {executionArn.rpartition(':')[2]}")
        execution = self.executions[executionArn]
        execution |= {"status": "RUNNING", "redriveCount": execution.get("redriveCount", 0) + 1}
        return {"redriveDate": NOW}

    def stop_execution(self, *, executionArn: str, **_: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(f"stop {executionArn.rpartition(':')[2]}")
        self.executions[executionArn] |= {"status": "ABORTED", "stopDate": NOW}
        return {"stopDate": NOW}

    def list_map_runs(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append("list map runs")
        return {"mapRuns": self.map_runs.get(executionArn, [])}

    def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        return {"executionCounts": {"running": 0, "timedOut": 0, "aborted": self.cut_off[mapRunArn]}}

    def describe_state_machine(self, *, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803
        return {"definition": self.definition, "creationDate": self.made}

    def describe_state_machine_for_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"definition": self.executions[executionArn].get("definition", self.definition)}

    def list_executions(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        statusFilter: str | None = None,  # noqa: N803
        maxResults: int = 100,  # noqa: N803
    ) -> dict[str, Any]:
        if statusFilter == "PENDING_REDRIVE":
            raise ValidationException("PENDING_REDRIVE needs a mapRunArn")
        found = [one for one in self.executions.values() if statusFilter in (None, one["status"])]
        found.sort(key=lambda execution: execution.get(self.listed_by) or execution["startDate"], reverse=True)
        return {"executions": found[:maxResults]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"

        def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:
            for execution in self.list_executions(**arguments, maxResults=1000)["executions"]:
                yield {"executions": [execution]}

        return SimpleNamespace(paginate=paginate)
