"""Whether a data set's snapshot holds: as long as nobody wrote to its table since, as far as anybody can know.

Who may have written is asked in one way (`why_gone`, `writers_since`): when a run looks what it may rest on, before its
execution is started or redriven, and once more by the witnesses of its rows, after the check of the table.
"""

from collections.abc import Callable
from dataclasses import dataclass

from csvdynamo_airflow.documents.snapshot import Base, Snapshot, Trace
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.naming import is_counted_name
from csvdynamo_airflow.snapshots.pointer import SnapshotGoneError, StoredPointer
from csvdynamo_airflow.workflow.other_executions import Other, OtherExecutions

_CLOCKS_SECONDS = 60.0
"""How far the clocks of a worker and of AWS may be apart, where a run's own executions are told from others."""

_OTHER_TABLE = "the table is another one than then, was made anew, or its items expire by another attribute"


class StaleFileError(MigrationError):
    """A file of all rows deletes, or takes a run back, by what was known of the table, and that was long ago."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This run was to delete items, or to take a run back, as far as it was known when its file was prepared "
            f"what the table has: {why}. Clear the task prepare, which finds that anew."
        )


class StaleReplayError(MigrationError):
    """Rows are replayed as they were settled beside what was in the table when they were prepared."""

    def __init__(self, other: str) -> None:
        super().__init__(
            f"Execution {other} has written since the rows that this run replays were settled beside those in the "
            "table. Clear the task prepare, which settles them anew, or says why they cannot be replayed any more."
        )


def find_base(stored: StoredPointer, rules: str, table: str, executions: OtherExecutions, at: float) -> Base:
    """Find the snapshot that a run may rest on, and say why there is none.

    Args:
        stored: Where the data set's snapshot is told.
        rules: The digest of the rules (`RowRules.digest`): by others, rows of the same cells have other items.
        table: The table as it is now (`Snapshot.table`).
        executions: All executions of the data set.
        at: A moment before anything of this was asked, in seconds since the epoch.
    """
    pointer = stored.read()
    why, snapshot = pointer.speaks_against_it(), pointer.snapshot
    if not why and snapshot is None:
        why = "no snapshot of a green run is there"
    elif not why and snapshot is not None:
        why = "the rules were changed since the last green run" if snapshot.rules != rules else ""
        why = why or why_gone(snapshot, table, executions, at)
    last = snapshot if snapshot is not None and snapshot.table == table else None
    traces = tuple(one for one in pointer.traces if one.table == table)
    return Base(None if why else snapshot, why, table, at, last, traces, pointer.writer)


@dataclass(frozen=True)
class Claim:
    """What a run says of the snapshot before it writes.

    Attributes:
        stored: Where the data set's snapshot is told.
        run: The name of the run's first execution.
        base: The snapshot that its file rests on; None where it writes all rows.
        leaves_one: Whether the run leaves a snapshot when it is green.
        find_table: Tells the table as it is now (`Snapshot.table`).
        trace: What the run may put into the table; None where nobody wants to know.
        at: When the run looked for what it rests on, in seconds since the epoch.
        told: What earlier runs may have put into the table, and the trace tells as well.
        settled: When the rows that it replays were settled beside those in the table, likewise; None without a replay.
    """

    stored: StoredPointer
    run: str
    base: Snapshot | None
    leaves_one: bool
    find_table: Callable[[], str]
    trace: Trace | None = None
    at: float = 0.0
    told: tuple[Trace, ...] = ()
    settled: float | None = None

    def make(self, others: OtherExecutions, now: float) -> None:
        """Say that the run writes; an execution of it is started or redriven next.

        Args:
            others: The executions of the data set that are none of the run's own.
            now: Seconds since the epoch.

        Raises:
            SnapshotGoneError: Its file rests on a snapshot that does not hold any more.
            StaleFileError: Which keys vanished is not what it was when the file was prepared.
            StaleReplayError: Another execution has written since the rows were settled.
            WrittenMeanwhileError: Others change what is told of the snapshot all the time.
        """
        if self.base is not None:
            if why := why_gone(self.base, self.find_table(), others, now):
                raise SnapshotGoneError(self.base.execution, why)
        elif self.settled is not None and (other := next(iter(others.began_since(self.settled)), None)):
            raise StaleReplayError(other.name)
        elif self.trace is not None and (why := self._why_stale(self.trace, others)):
            raise StaleFileError(why)
        self.stored.claim(self.run, self.base, make=self.leaves_one, trace=self.trace, told=self.told)

    def refuse_other_table(self) -> None:
        """Refuse to check a table that is not the one whose rows a run left as they were.

        Raises:
            SnapshotGoneError: It was made anew since, or restored under its name.
        """
        if self.base is not None and (why := _why_other_table(self.base, self.find_table())):
            raise SnapshotGoneError(self.base.execution, why)

    def _why_stale(self, trace: Trace, others: OtherExecutions) -> str:
        """Say why the keys that vanished are others by now, where the run rests on no snapshot that would tell.

        What runs that began before may have written was looked at, also where they had not ended.
        """
        if trace.table != self.find_table():
            return _OTHER_TABLE
        other = next(iter(others.began_since(self.at)), None)
        return f"execution {other.name} has written since" if other else ""


def why_gone(snapshot: Snapshot, table: str, executions: OtherExecutions, now: float) -> str:
    """Say why a snapshot does not hold, as far as the table and Step Functions tell; "" while it does.

    Args:
        snapshot: The snapshot.
        table: The table as it is now (`Snapshot.table`).
        executions: The executions of the data set, but for those of a run that asks of itself.
        now: Seconds since the epoch.
    """
    if why := _why_other_table(snapshot, table):
        return why
    if executions.known_since() > snapshot.at:
        return "the state machine was made anew since the last green run, and what its executions were nobody knows"
    other = next(iter(writers_since(snapshot, executions, now)), None)
    return f"execution {other.name} has written since the last green run" if other else ""


def writers_since(snapshot: Snapshot, executions: OtherExecutions, until: float) -> list[Other]:
    """List the executions that may have written to the table since a snapshot, but for those of the run that left it.

    One that somebody starts by hand asks for no turn, and says nothing of it. Nor does one that somebody redrives.

    Args:
        snapshot: The snapshot.
        executions: The executions of the data set.
        until: The end of the time, in seconds since the epoch.
    """
    return [one for one in executions.overlapping(snapshot.at, until) if not _has_left(one, snapshot)]


def _why_other_table(snapshot: Snapshot, table: str) -> str:
    return "" if snapshot.table == table else _OTHER_TABLE


def _has_left(other: Other, snapshot: Snapshot) -> bool:
    """Tell whether an execution is of the run that left a snapshot, and had ended by then."""
    is_its = is_counted_name(other.name, snapshot.execution)
    return is_its and other.stopped is not None and other.stopped <= snapshot.left + _CLOCKS_SECONDS
