"""Which run a rollback takes back, and to which it goes back: the last one that wrote, and the green one before it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.rolled_back import RolledBack
from csvdynamo_airflow.documents.run_line import RunLine
from csvdynamo_airflow.documents.snapshot import Snapshot
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.snapshots.kept_runs import rules_key
from csvdynamo_airflow.snapshots.pointer import Pointer

_LAST_RUNS = 5

log = shown_log(__name__)


class RollbackError(MigrationError):
    """A run cannot be taken back; the message says why, and what can."""


@dataclass(frozen=True)
class Rollback:
    """A run that is taken back.

    Attributes:
        run_id: Its DAG run's id.
        runs: What it prepared, and the runs that were not green between it and the one before, the newest first.
        before: The snapshot that the green run before it left.
        file: What that run prepared: its file is migrated once more.
        older: What green runs before that one have left, the newest first, as far as its own snapshot tells nothing of
            it, since it wrote all rows.
    """

    run_id: str
    runs: tuple[Prepared, ...]
    before: Snapshot
    file: Prepared
    older: tuple[Snapshot, ...] = ()

    @property
    def told(self) -> RolledBack:
        """What the run that takes it back tells of it."""
        return RolledBack(self.run_id, self.runs[0].execution_name, self.file.execution_name)


@dataclass(frozen=True)
class KeptRuns:
    """What is known of a data set's runs.

    Attributes:
        pointer: Who wrote last.
        lines: The list of runs, the oldest first.
        read: Gives what the run of an execution prepared; None where that was not kept.
        is_of: Says whether that is of the run of an id.
    """

    pointer: Pointer
    lines: Sequence[RunLine]
    read: Callable[[str], Prepared | None]
    is_of: Callable[[Prepared, str], bool]

    def name(self, execution: str) -> str:
        """Name the run of an execution for a person."""
        line = self._line(execution)
        return line.run_id if line else f"of execution {execution}"

    def is_green(self, execution: str) -> bool:
        """Say whether the run of an execution was green, as far as it has told."""
        line = self._line(execution)
        return line is not None and line.accounted

    def _line(self, execution: str) -> RunLine | None:
        return next((line for line in self.lines if line.report.split("/")[-2:-1] == [execution]), None)


def find_rollback(run_id: str, kept: KeptRuns, table: str, rules: RowRules) -> Rollback:
    """Find what a rollback takes back, and what it goes back to.

    Args:
        run_id: The DAG run's id of the run that is to be taken back.
        kept: What is known of the runs.
        table: The table as it is now (`Snapshot.table`).
        rules: The rules as they are now.

    Raises:
        RollbackError: It is not the run that wrote last, what the table had before it is not known, or was made by
            other rules.
    """
    run = next((one for one in _takeable(kept) if kept.is_of(one, run_id)), None)
    if run is None:
        raise RollbackError(_why_not(run_id, kept))
    runs = list(_since(run, kept))
    before, file = _before(run, kept)
    while file is not None and kept.is_of(file, run_id):  # the run was prepared again once it had been green
        if file.execution_name in {one.execution_name for one in runs}:
            raise RollbackError(f"What the table had before run {run_id}, which has migrated twice, is not known.")
        runs += _since(file, kept)
        before, file = _before(file, kept)
    if before.table != table:
        raise RollbackError(
            f"The table is another one than before run {run_id}, was made anew, or its items expire by another "
            "attribute: what it had then cannot be put back."
        )
    if file is None:
        raise RollbackError(
            f"What run {kept.name(before.execution)} prepared, which was green before run {run_id}, is not kept any "
            "more: trigger the DAG with its source."
        )
    if file.rules != rules.digest:
        raise RollbackError(
            f"Run {kept.name(before.execution)}, to which run {run_id} is to be taken back, had other rules than "
            f"datasets/{rules.dataset}.toml has now (then {file.rules[:12]}, now {rules.digest[:12]}): bring that file "
            f"back as it was then, and deploy. s3://{file.bucket}/{rules_key(rules.dataset, file.rules)} has its rules."
        )
    return Rollback(run_id, tuple(runs), before, file, tuple(_older(file, kept)))


def _older(run: Prepared | None, kept: KeptRuns) -> Iterator[Snapshot]:
    """Give what green runs had left in the table before a run, up to one that rested on what was left before it."""
    seen = set[str]()
    while run and run.difference and run.base is None and (before := run.difference.before):
        if before.execution in seen:
            return
        seen.add(before.execution)
        yield before
        run = kept.read(before.execution)


def _before(run: Prepared, kept: KeptRuns) -> tuple[Snapshot, Prepared | None]:
    """Give the snapshot of the green run before a run, and what that one prepared.

    Raises:
        RollbackError: There is none.
    """
    difference = run.difference
    if difference is None:
        raise RollbackError(
            'The run wrote every row, compared with nothing: a rollback needs write.mode = "changed" for the run that '
            "is taken back and for the one before it, since a snapshot tells what the table had."
        )
    if difference.before is None:
        raise RollbackError(
            f"No green run has left anything before it that the run could be taken back to: {difference.why_all}."
        )
    return difference.before, kept.read(difference.before.execution)


def _takeable(kept: KeptRuns) -> Iterator[Prepared]:
    """Give the runs that may be taken back.

    That is the last one that wrote. Where that is a rollback, it may be repeated; and where it was green, the table is
    as the run before had left it, which may be taken back next.
    """
    pointer = kept.pointer
    execution = pointer.writer or (pointer.snapshot.execution if pointer.snapshot else "")
    while run := kept.read(execution) if execution else None:
        yield run
        if run.rollback is None:
            return
        if again := kept.read(run.rollback.execution):
            yield again
        execution = "" if pointer.writer else run.rollback.to


def _since(run: Prepared, kept: KeptRuns) -> Iterator[Prepared]:
    """Give a run, and those before it that have written since the last green one.

    Raises:
        RollbackError: One of them was green, or compared its rows with nothing, and left no snapshot.
    """
    seen = {run.execution_name}
    yield run
    while run.difference and run.difference.since not in {"", *seen}:
        earlier = kept.read(run.difference.since)
        if earlier is None:
            told = "What run %s prepared is not kept any more: the items that it put into the table are left alone."
            log.warning(told, kept.name(run.difference.since))
            return
        if earlier.difference is None or kept.is_green(earlier.execution_name):
            raise RollbackError(
                f"Before this run, run {kept.name(earlier.execution_name)} has written, and left no snapshot: what the "
                "table had is not known."
            )
        seen.add(earlier.execution_name)
        yield earlier
        run = earlier


def _why_not(run_id: str, kept: KeptRuns) -> str:
    pointer = kept.pointer
    last = pointer.writer or (pointer.snapshot.execution if pointer.snapshot else "")
    if not any(line.run_id == run_id for line in kept.lines):
        names = ", ".join(line.run_id for line in reversed(kept.lines[-_LAST_RUNS:])) or "none"
        return f"There is no run {run_id} of this data set that has written. The last runs are: {names}."
    if not last:
        return (
            f'Run {run_id} cannot be taken back: no run has left a snapshot. A rollback needs write.mode = "changed".'
        )
    if kept.read(last) is None:
        return f"Run {run_id} cannot be taken back: what run {kept.name(last)} wrote, the last one, is not kept."
    return (
        f"Run {run_id} is not the last one that wrote to the table: that is run {kept.name(last)}. Roll that one back "
        "first. A run that wrote nothing has nothing to be taken back."
    )
