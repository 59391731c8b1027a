"""Finds the run whose rows are to be replayed, and refuses what would write old rows over newer ones."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csvdynamo.aws.stored_object import read_object
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.execution import executions_of_run
from csvdynamo_airflow.documents.replayed_run import KeptRun, ReplayedRun
from csvdynamo_airflow.documents.run_line import REPORT_FILE, RunLine, read_runs, runs_key
from csvdynamo_airflow.documents.since import Since, since_key
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.naming import is_counted_name, reports_prefix
from csvdynamo_airflow.snapshots.kept_runs import read_prepared, read_rules
from csvdynamo_airflow.workflow.other_executions import OtherExecutions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LISTED = 5
_OTHERWISE = "Trigger the DAG with the corrected rows as source_url, which writes them over whatever is there."


class ReplayError(MigrationError):
    """The rows of a run cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class ReplayFinder:
    """Finds runs of one data set.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        dataset: The data set's name.
        executions: All executions of the data set.
    """

    s3: "S3Client"
    bucket: str
    dataset: str
    executions: OtherExecutions

    def find(self, run_id: str) -> ReplayedRun:
        """Find a run whose rows may be replayed, what has replayed rows of it before, and the runs before it.

        Args:
            run_id: The DAG run's id.

        Raises:
            ReplayError: There is no such run, what it left is gone or says not which rows it wrote, or a later run has
                written to the table.
        """
        lines = read_runs(self._read(runs_key(self.dataset)) or b"[]")
        line = _of_run(lines, run_id)
        if line is None:
            known = ", ".join(repr(shown(one.run_id, 300)) for one in lines[: -_LISTED - 1 : -1])
            raise ReplayError(
                f"There is no report of a run {shown(run_id, 300)!r} of this data set. The last ones are: "
                f"{known or 'none'}."
            )
        named = self._kept(line)
        first, replay = named, named.prepared.replay
        if replay is not None:
            first_line = _of_run(lines, replay.run)
            if first_line is None:
                raise ReplayError(
                    f"The run {run_id} replayed rows of the run {replay.run}, which is not in the list of runs."
                )
            line, first = first_line, self._kept(first_line)
        place = lines.index(line)
        earlier = tuple(_execution_of(one) for one in reversed(lines[:place]) if not one.dry_run)
        replays = tuple(self._replays(first, lines))
        self._refuse_forgotten(first, replays, lines[place + 1 :])
        return ReplayedRun(named, first, replays, earlier, self._counted(first))

    def _kept(self, line: RunLine) -> KeptRun:
        """Read what a run left, where that says of each of its rows whether it is in the table."""
        run, name = line.run_id, _execution_of(line)
        self._refuse_unknown_rows(line)
        prepared = read_prepared(self.s3, self.bucket, self.dataset, name)
        rules = read_rules(self.s3, self.bucket, self.dataset, prepared.rules) if prepared else None
        if prepared is None or rules is None:
            raise ReplayError(
                f"The run {run} left nothing that could be replayed: it was a dry run, was stopped before it wrote "
                "anything, or was of an earlier version of csvdynamo. Trigger the DAG with its corrected rejects.csv "
                "as source_url, and without replay."
            )
        return KeptRun(run, prepared, rules)

    def _refuse_unknown_rows(self, line: RunLine) -> None:
        if why := self._why_unknown(line.report):
            raise ReplayError(
                f"The run {line.run_id} cannot be replayed: {why}. Trigger the DAG with the whole source."
            )

    def _why_unknown(self, report_key: str) -> str:
        """Say why a run's report does not tell of each row whether the table has it; "" where it does."""
        body = self._read(report_key)
        report: dict[str, Any] = json.loads(body) if body else {}
        ledger = report.get("ledger") or {}
        unfinished = ledger.get("failed", 0) + ledger.get("unstarted", 0)
        if not ledger or ledger.get("unaccounted") or report.get("rejects_missing"):
            return "nobody knows of every row of it whether it is in the table"
        if unfinished != report.get("unfinished_rows_in_error_files"):
            return f"{unfinished:,} of its rows were not migrated, and its error files do not have them"
        return ""

    def _replays(self, first: KeptRun, lines: Sequence[RunLine]) -> Iterator[KeptRun]:
        """Give the runs that have replayed rows of a run since.

        Raises:
            ReplayError: Another run has written since.
        """
        own = executions_of_run(self.executions.states, self.executions.machine, first.execution)
        since = own[-1].started if own else first.prepared.at
        if self.executions.known_since() > since:
            raise ReplayError(
                f"The state machine was made anew since the run {first.run_id}, and what its executions were nobody "
                f"knows: they may have written newer rows. {_OTHERWISE}"
            )
        runs = {_execution_of(line): line.run_id for line in lines}
        given: set[str] = set()
        for other in sorted(self.executions.began_since(since), key=lambda one: one.started):
            name = other.name
            if is_counted_name(name, first.execution) or any(is_counted_name(name, one) for one in given):
                continue
            found = self._replay(name, first)
            if found is None:
                run = next((runs[one] for one in runs if is_counted_name(name, one)), "")
                raise _newer(f"The run {run}" if run else f"Execution {name}", first)
            given.add(found.execution)
            yield found

    def _refuse_forgotten(self, first: KeptRun, replays: Sequence[KeptRun], later: Sequence[RunLine]) -> None:
        """Refuse where a later run has written whose execution is not in the list any more: that has 90 days.

        Raises:
            ReplayError: One has.
        """
        for line in later:
            replayed = any(_execution_of(line) == one.execution for one in replays)
            wrote = any(line.ledger.get(what) for what in ("written", "failed", "unaccounted"))
            if wrote and not line.dry_run and not replayed and self._replay(_execution_of(line), first) is None:
                raise _newer(f"The run {line.run_id}", first)

    def _counted(self, first: KeptRun) -> frozenset[str]:
        document = self._read(since_key(self.dataset, first.execution))
        return frozenset(one.execution for one in Since.from_json(document).replays) if document else frozenset()

    def _replay(self, name: str, first: KeptRun) -> KeptRun | None:
        """Read what an execution's run left, if that replayed rows of a run."""
        for execution in (name, name.rpartition("-")[0]):
            prepared = read_prepared(self.s3, self.bucket, self.dataset, execution) if execution else None
            if prepared is None or prepared.replay is None or prepared.replay.execution != first.execution:
                continue
            if rules := read_rules(self.s3, self.bucket, self.dataset, prepared.rules):
                report = reports_prefix(self.dataset, execution) + REPORT_FILE
                return KeptRun(prepared.replay.by, prepared, rules, is_told=not self._why_unknown(report))
        return None

    def _read(self, key: str) -> bytes | None:
        try:
            return read_object(self.s3, self.bucket, key)
        except self.s3.exceptions.NoSuchKey:
            return None


def _newer(who: str, first: KeptRun) -> ReplayError:
    return ReplayError(
        f"{who} has written to the table since the run {first.run_id}, and its rows are newer. Replay that one, or "
        f"{_OTHERWISE[0].lower()}{_OTHERWISE[1:]}"
    )


def _of_run(lines: Sequence[RunLine], run_id: str) -> RunLine | None:
    return next((line for line in lines if line.run_id == run_id), None)


def _execution_of(line: RunLine) -> str:
    """Name the first execution of a run: its report lies in a folder of that name."""
    return line.report.split("/")[-2]
