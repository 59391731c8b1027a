"""Whether a data set's snapshot holds: as long as nobody wrote to the table since, as far as anybody can know."""

from dataclasses import dataclass

from csvdynamo_airflow.documents.snapshot import Base, Snapshot
from csvdynamo_airflow.naming import is_counted_name
from csvdynamo_airflow.snapshots.pointer import SnapshotGoneError, StoredPointer
from csvdynamo_airflow.workflow.other_executions import OtherExecutions


def find_base(stored: StoredPointer, rules: str, table: str, executions: OtherExecutions) -> Base:
    """Find the snapshot that a run may rest on, and say why there is none.

    Args:
        stored: Where the data set's snapshot is told.
        rules: The digest of the rules (`RowRules.digest`): by others, rows of the same cells have other items.
        table: The table as it is now (`Snapshot.table`).
        executions: All executions of the data set.
    """
    pointer = stored.read()
    why = pointer.speaks_against_it()
    if not why and pointer.snapshot is None:
        why = "no green run has left a snapshot yet"
    elif not why and pointer.snapshot is not None:
        why = _why_not(pointer.snapshot, rules, table, executions)
    return Base(None if why else pointer.snapshot, why, table)


@dataclass(frozen=True)
class Claim:
    """What a run says of the snapshot before it writes.

    Attributes:
        stored: Where the data set's snapshot is told.
        run: The name of the run's first execution.
        base: The snapshot that its file rests on; None where it writes all rows.
        leaves_one: Whether the run leaves a snapshot when it is green.
    """

    stored: StoredPointer
    run: str
    base: Snapshot | None
    leaves_one: bool

    def make(self, others: OtherExecutions) -> None:
        """Say that the run writes; an execution of it is started or redriven next.

        Args:
            others: The executions of the data set that are none of the run's own.

        Raises:
            SnapshotGoneError: Its file rests on a snapshot that does not hold any more.
            WrittenMeanwhileError: Others change what is told of the snapshot all the time.
        """
        if self.base is not None and (why := _written_since(self.base, others)):
            raise SnapshotGoneError(self.base.execution, why)
        self.stored.claim(self.run, self.base, make=self.leaves_one)


def _why_not(snapshot: Snapshot, rules: str, table: str, executions: OtherExecutions) -> str:
    if snapshot.table != table:
        return "the table is another one than then, or was made anew"
    if snapshot.rules != rules:
        return "the rules were changed since the last green run"
    return _written_since(snapshot, executions)


def _written_since(snapshot: Snapshot, executions: OtherExecutions) -> str:
    """Name an execution that asked for no turn, since somebody started it by hand; "" if there is none."""
    since = executions.began_since(snapshot.at)
    other = next((one for one in since if not is_counted_name(one.name, snapshot.execution)), None)
    return f"execution {other.name} has written since the last green run" if other else ""
