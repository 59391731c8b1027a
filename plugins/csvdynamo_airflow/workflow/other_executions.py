"""What else of a data set runs, or has run: executions that are none of a run's own."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Self

from csvdynamo.writing.turn import LONGEST_BATCH_SECONDS
from csvdynamo_airflow.documents.execution import SUCCEEDED
from csvdynamo_airflow.workflow.turn import TurnTakenError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef, ListExecutionsInputPaginateTypeDef

STILL_WRITING_SECONDS = LONGEST_BATCH_SECONDS + 5.0
"""How long after an execution was cut off one of its functions may still write, with some seconds for the clocks."""

_DAY = 86_400.0
_LONGEST_SPAN = 15 * _DAY
"""The longest that lies between an execution's beginning and the end of its last redrive: AWS takes redrives for 14
days, and one lasts hours."""

_UNSUCCESSFUL: "tuple[ExecutionStatusType, ...]" = ("ABORTED", "TIMED_OUT", "FAILED")
_LATEST_LOOKED_AT = 10


@dataclass(frozen=True)
class Other:
    """An execution as ListExecutions tells it, some seconds late.

    Attributes:
        arn: Its ARN.
        name: Its name.
        status: Its status.
        started: When it began, in seconds since the epoch.
        stopped: When it ended, likewise; None while it runs.
    """

    arn: str
    name: str
    status: str
    started: float
    stopped: float | None

    @classmethod
    def from_item(cls, item: "ExecutionListItemTypeDef") -> Self:
        """Make it from an item of ListExecutions' answer."""
        stop_date = item.get("stopDate")
        return cls(
            arn=item["executionArn"],
            name=item["name"],
            status=item["status"],
            started=item["startDate"].timestamp(),
            stopped=stop_date.timestamp() if stop_date else None,
        )

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.status == SUCCEEDED


@dataclass(frozen=True)
class OtherExecutions:
    """Looks for executions of a state machine that are none of a run's own.

    Attributes:
        states: A boto3 Step Functions client.
        machine: The state machine's ARN.
        own: Names of the run's own executions: one that has ended may be listed as running for a moment.
    """

    states: "SFNClient"
    machine: str
    own: Collection[str]

    def alive(self, now: float) -> str | None:
        """Say which execution or Map Run is alive, None when there is none.

        A Map Run can outlive a parent that was stopped or that timed out, so those of the last day are asked for
        theirs: ten of a status at most, since ListMapRuns is throttled to one call a second for the whole account.

        The filter PENDING_REDRIVE is for children alone: with a state machine ListExecutions refuses it
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html).

        Args:
            now: Seconds since the epoch.
        """
        if other := self.running():
            return f"execution {other}"
        for other_one in self._cut_off(since=now - _DAY, statuses=_UNSUCCESSFUL[:2]):
            if map_run := running_map_run(self.states, other_one.arn):
                return f"Map Run {map_run} of execution {other_one.name}, which is {other_one.status}"
        return None

    def running(self) -> str | None:
        """Name a running execution, None when there is none."""
        return next((other.name for other in self._listed("RUNNING") if other.name not in self.own), None)

    def still_writing(self, now: float) -> tuple[str, float] | None:
        """Name an execution that was cut off so lately that a function of it may go on, and the seconds it may.

        The run's own count as well: what is started next may have other rules.

        Args:
            now: Seconds since the epoch.
        """
        for one in self._cut_off(since=now - STILL_WRITING_SECONDS, statuses=_UNSUCCESSFUL):
            if _cut_off_children(self.states, one.arn):
                return one.name, (one.stopped or now) + STILL_WRITING_SECONDS - now
        return None

    def refuse_alive(self, now: float) -> None:
        """Refuse to go on while another one is `alive`.

        Raises:
            TurnTakenError: One is.
        """
        if other := self.alive(now):
            raise TurnTakenError(
                f"Another migration of this data set is alive: {other}. Two at once would write over one another; "
                "wait for it or stop it."
            )

    def refuse_still_writing(self, now: float) -> None:
        """Refuse to go on while one that was cut off is `still_writing`.

        Raises:
            TurnTakenError: One is; says how long it may be.
        """
        if busy := self.still_writing(now):
            name, seconds = busy
            raise TurnTakenError(
                f"Execution {name} was cut off, and a function of it may still write for {seconds:,.0f} s.", seconds
            )

    def known_since(self) -> float:
        """Say since when executions are known of, in seconds since the epoch: those of a machine go with it."""
        return self.states.describe_state_machine(stateMachineArn=self.machine)["creationDate"].timestamp()

    def began_since(self, since: float) -> list[Other]:
        """List those that began after a moment and came as far as a Map Run."""
        return [
            other for other in self._others_since(since) if other.started > since and _wrote(self.states, other.arn)
        ]

    def overlapping(self, start: float, end: float) -> list[Other]:
        """List those that may have written between two moments: their time has some of it, and they had a Map Run.

        Args:
            start: Seconds since the epoch.
            end: Likewise.
        """
        return [other for other in self._others_since(start) if other.started <= end and _wrote(self.states, other.arn)]

    def _others_since(self, since: float) -> Iterator[Other]:
        return (other for other in self._since(since) if other.name not in self.own)

    def _cut_off(self, *, since: float, statuses: "Collection[ExecutionStatusType]") -> Iterator[Other]:
        for status in statuses:
            yield from islice(self._since(since, status), _LATEST_LOOKED_AT)

    def _since(self, since: float, status: "ExecutionStatusType | None" = None) -> Iterator[Other]:
        """Give those that had not ended before a moment.

        They are listed "by time, with the most recent execution first", and AWS does not say by which: a redrive may
        move an old one to the top. In either order those after one that ended `_LONGEST_SPAN` before have ended, too.
        """
        for other in self._listed(status):
            if other.stopped is not None and other.stopped < since - _LONGEST_SPAN:
                return
            if other.stopped is None or other.stopped >= since:
                yield other

    def _listed(self, status: "ExecutionStatusType | None" = None) -> Iterator[Other]:
        asked: ListExecutionsInputPaginateTypeDef = {"stateMachineArn": self.machine}
        if status:
            asked["statusFilter"] = status
        for page in self.states.get_paginator("list_executions").paginate(**asked):
            yield from map(Other.from_item, page["executions"])


def running_map_run(states: "SFNClient", arn: str) -> str | None:
    """Find a Map Run of an execution that still runs (ListMapRuns gives no stop date for it)."""
    for map_run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        if "stopDate" not in map_run:
            return map_run["mapRunArn"]
    return None


def _wrote(states: "SFNClient", arn: str) -> bool:
    """Tell whether an execution came as far as a Map Run: one that was refused its turn wrote nothing."""
    return bool(states.list_map_runs(executionArn=arn)["mapRuns"])


def _cut_off_children(states: "SFNClient", arn: str) -> bool:
    """Tell whether children of an execution were ended from outside, while their functions may have gone on."""
    for map_run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        counts = states.describe_map_run(mapRunArn=map_run["mapRunArn"])["executionCounts"]
        if counts["running"] or counts["aborted"] or counts["timedOut"]:
            return True
    return False
