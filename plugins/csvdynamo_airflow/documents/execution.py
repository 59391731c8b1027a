"""A run's own executions, found again by name at every attempt."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.errors import TurnLostError
from csvdynamo.records.totals import Totals, read_totals
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.task_documents import reading
from csvdynamo_airflow.naming import counted_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

ALIVE = frozenset({"RUNNING", "PENDING_REDRIVE"})
SUCCEEDED = "SUCCEEDED"

ANOTHER_MIGRATION = "AnotherMigration"
"""The error of an execution that its run stopped again, since another one had begun meanwhile."""

STOPPED_IN_AIRFLOW = "StoppedInAirflow"
"""The error of an execution that was stopped because a person marked or cleared the task that waited for it."""


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
        started: When it began, in seconds since the epoch; a redrive does not change it.
        stopped: When it ended, likewise; None while it is alive.
        totals: What it put out of its result files' sums; None where it put out none.
    """

    arn: str
    name: str
    status: str
    redrives: int = 0
    redrivable: bool = False
    input: str = ""
    cause: str = ""
    started: float = 0.0
    stopped: float | None = None
    totals: Totals | None = None

    @classmethod
    def from_description(cls, description: "DescribeExecutionOutputTypeDef") -> Self:
        """Make it from DescribeExecution's answer."""
        start_date, stop_date = description.get("startDate"), description.get("stopDate")
        return cls(
            arn=description["executionArn"],
            name=description["name"],
            status=description["status"],
            redrives=description.get("redriveCount", 0),
            redrivable=description.get("redriveStatus") == "REDRIVABLE",
            input=description.get("input") or "",
            cause=shown(": ".join(part for part in (description.get("error"), description.get("cause")) if part)),
            started=start_date.timestamp() if start_date else 0.0,
            stopped=stop_date.timestamp() if stop_date else None,
            totals=read_totals(description.get("output")),
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task reconcile returned of the execution"):
            totals = document["totals"]
            return cls(**{**document, "totals": Totals(**totals) if totals else None})

    @property
    def alive(self) -> bool:
        """Whether it runs, or is about to."""
        return self.status in ALIVE

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.status == SUCCEEDED

    @property
    def lost_its_turn(self) -> bool:
        """Whether it was refused or stopped since another one had taken its turn by the time it began."""
        return self.cause.startswith((TurnLostError.__name__, ANOTHER_MIGRATION))

    def has_input(self, text: str) -> bool:
        """Tell whether its input says the same as another; the order of keys and blanks do not matter."""
        try:
            return bool(json.loads(self.input) == json.loads(text))
        except ValueError:
            return False


@dataclass(frozen=True)
class Ended:
    """An execution that the task wait saw end well.

    Attributes:
        name: Its name.
        redrives: How often it had been redriven.
    """

    name: str
    redrives: int

    @classmethod
    def from_xcom(cls, told: Mapping[str, Any] | None) -> Self | None:
        """Read what the task wait returned; None if it returned nothing."""
        if told is None:
            return None
        with reading("What the task wait returned"):
            return cls(told["name"], int(told["redrives"]))

    def is_shown_by(self, found: Execution | None) -> bool:
        """Tell whether what Step Functions says of the run's newest execution is not older than this."""
        if found is None or found.alive:
            return False
        return found.name == self.name and found.redrives >= self.redrives


def execution_input(bucket: str, file_key: str, rules: str) -> str:
    """Write an execution's input; StartExecution compares it to the letter, so it is always written alike.

    Args:
        bucket: The stack's bucket.
        file_key: The prepared file.
        rules: What tells of the rules that it was prepared by (`FileHeader.told_rules`): a batch refuses to be written
            by others. Who starts an execution by hand gives none.
    """
    return json.dumps({"bucket_name": bucket, "file_key": file_key, "rules": rules})


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Write the ARN of an execution of a state machine."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def describe(states: "SFNClient", arn: str) -> Execution | None:
    """Describe an execution, None when there is none of that ARN."""
    try:
        return Execution.from_description(states.describe_execution(executionArn=arn))
    except states.exceptions.ExecutionDoesNotExist:
        return None


def executions_of_run(states: "SFNClient", state_machine_arn: str, name: str) -> list[Execution]:
    """Find every execution of a run, oldest first: ``name``, ``name-2``, ``name-3`` and so on."""

    def found() -> Iterator[Execution]:
        for number in count(1):
            execution = describe(states, execution_arn(state_machine_arn, counted_name(name, number)))
            if execution is None:
                return
            yield execution

    return list(found())
