"""Runs of one data set in this process, and replays of their rows: each leaves what a later one is settled by."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count, islice
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.numbered_row import source_row
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch import Batch
from csvdynamo.writing.migration import migrate
from csvdynamo_airflow.accounting.amendment import amend
from csvdynamo_airflow.documents.execution import execution_arn
from csvdynamo_airflow.documents.outcome import ROWS_FILE, Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.replayed_run import ReplayedRun
from csvdynamo_airflow.documents.run_line import REPORT_FILE, RunLine, runs_key
from csvdynamo_airflow.documents.since import Since
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.outcome.error_csv import ERROR_CSV_FILE, write_error_csv
from csvdynamo_airflow.preparation.replay.replaying import Replaying, as_replayed
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared
from csvdynamo_airflow.storage.stored_file import file_sha256
from csvdynamo_airflow.workflow.find_replayed import ReplayFinder
from csvdynamo_airflow.workflow.other_executions import Other
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from tests.hostile.in_process import BUCKET, prepare_bytes
from tests.support.run_chain import Chain
from tests.support.write_door import off_the_wire

_UNFINISHED, _REJECTED, _LEFT_ALONE = 1, 2, 3
_moments = count(1)


class _NoExecutionError(Exception):
    """There is none."""


@dataclass
class _States:
    """As much of Step Functions as tells of executions, each begun at the moment of its number."""

    machine: str = "arn:stateMachine:cars"
    started: dict[str, float] = field(default_factory=dict)
    made: float = 0.0

    def __post_init__(self) -> None:
        self.exceptions = type("exceptions", (), {"ExecutionDoesNotExist": _NoExecutionError})
        self.states = self

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        name = next((one for one in self.started if execution_arn(self.machine, one) == executionArn), None)
        if name is None:
            raise _NoExecutionError
        moment = type("moment", (), {"timestamp": lambda _: self.started[name]})()
        return {"executionArn": executionArn, "name": name, "status": "SUCCEEDED", "startDate": moment}

    def known_since(self) -> float:
        return self.made

    def began_since(self, since: float) -> list[Other]:
        return [Other(one, one, "SUCCEEDED", began, began) for one, began in self.started.items() if began > since]


@dataclass(frozen=True)
class RanRows:
    """What a run did.

    Attributes:
        run_id: Its id.
        prepared: What it prepared.
        rejects: The rejects, of prepare and of the function.
        written: How many rows it wrote.
        ledger: What became of its rows.
        since: What it told beside the report of the run whose rows it replayed.
    """

    run_id: str
    prepared: Prepared
    rejects: Sequence[Reject]
    written: int
    ledger: dict[str, int]
    since: Since | None = None


@dataclass
class ReplayChain(Chain):
    """A data set's bucket and table, the runs of it and the replays of their rows."""

    states: Any = field(default_factory=_States)
    lines: list[RunLine] = field(default_factory=list)

    def find(self, run_id: str, dataset: Dataset) -> ReplayedRun:
        """Find a run whose rows may be replayed."""
        return ReplayFinder(self.s3, BUCKET, dataset.name, self.states).find(run_id)  # type: ignore[arg-type]

    def error_csv(self, ran: RanRows) -> bytes:
        """Read the error CSV that a run left."""
        return self.s3.objects[reports_prefix("cars", ran.prepared.execution_name) + ERROR_CSV_FILE]

    def go(self, content: bytes, dataset: Dataset, failing: Collection[int] = ()) -> RanRows:
        """Take a file to the table by a run that is green.

        Args:
            content: The file.
            dataset: The data set.
            failing: Which of its batches fail, from 0, once some of their rows are written.
        """
        run_id = f"run of {next(_moments)}"
        return self._take(run_id, self.prepare(content, dataset), dataset, failing)

    def replay(
        self,
        ran: RanRows,
        content: bytes | None,
        dataset: Dataset,
        failing: Collection[int] = (),
        run_id: str = "",
        *,
        green: bool = True,
    ) -> RanRows:
        """Replay rows of a run by another one; those of its own error CSV, where no other is given."""
        run_id = run_id or f"replay of {next(_moments)}"
        replaying = Replaying(self.s3, self.find(ran.run_id, dataset), run_id)  # type: ignore[arg-type]
        body = content if content is not None else self.error_csv(ran)
        base = self.find_base(dataset)
        prepared = prepare_bytes(
            body, as_replayed(dataset), self.folder, self.s3, find_base=lambda: base, replaying=replaying
        )
        return self._take(run_id, prepared, dataset, failing, green=green)

    def _take(
        self, run_id: str, prepared: Prepared, dataset: Dataset, failing: Collection[int], *, green: bool = True
    ) -> RanRows:
        keep_prepared(self.s3, prepared, dataset)  # type: ignore[arg-type]
        marks, rejects, unfinished = bytearray(prepared.source_rows + 1), list[Reject](), list[dict[str, Any]]()
        if prepared.rejects_key:
            rejects += map(Reject.from_json, self.s3.objects[prepared.rejects_key].splitlines())
        if not prepared.nothing_to_write:
            self.states.started[prepared.execution_name] = float(next(_moments))
            self.claim(prepared, dataset)
            told = prepared.migrated_header.told_rules(prepared.rules)
            rows = read_items(self.s3.objects[prepared.migrated_key], CsvFormat())
            for number in count():
                batch = tuple(islice(rows, dataset.limits.rows_per_batch))
                if not batch:
                    break
                fails = number in failing
                some = Batch(prepared.execution_name, batch[: len(batch) // 2] if fails else batch, told)
                found = self._migrate(some, dataset)
                for row in batch:
                    place = int(row[ROW_NUMBER_HEADER])
                    marks[place] = _UNFINISHED if fails else 0
                    if fails:
                        cells = source_row(prepared.migrated_header.named(row))
                        told_row = {"row": place, "code": "BATCH_FAILED", "column": None, "message": "failed"}
                        unfinished.append({**told_row, "item": dict(cells)})
                for reject in () if fails else found:
                    marks[reject.row or 0] = _LEFT_ALONE if reject.code == RejectCode.LEFT_ALONE else _REJECTED
                    rejects.append(reject)
        return self._leave(run_id, prepared, dataset, marks, rejects, unfinished, green=green)

    def _migrate(self, batch: Batch, dataset: Dataset) -> list[Reject]:
        """Write a batch as the function does."""
        batch, guards = batch.unguarded()

        def write(items: Sequence[WireItem]) -> list[RefusedItem]:
            refused = []
            for index, one in enumerate(items):
                there, item = self.table.items.get(one.key), off_the_wire(one.text)
                if there is not None and item_digest(there) == item_digest(item):
                    continue
                if guards is None or guards[one.key].allows(there):
                    self.table.items[one.key] = item
                else:
                    refused.append(RefusedItem(index, "left alone", RejectCode.LEFT_ALONE))
            return refused

        return migrate(batch, RowConverter(dataset.rules), write).rejects

    def _leave(
        self,
        run_id: str,
        prepared: Prepared,
        dataset: Dataset,
        marks: bytearray,
        rejects: list[Reject],
        unfinished: list[dict[str, Any]],
        *,
        green: bool,
    ) -> RanRows:
        prefix = reports_prefix(dataset.name, prepared.execution_name)
        csv = BytesIO()
        told = ("\n".join(one.to_json() for one in rejects), "\n".join(map(json.dumps, unfinished)))
        write_error_csv(BytesIO(told[0].encode()), prepared.header, csv, BytesIO(told[1].encode()))
        self.s3.objects[prefix + ERROR_CSV_FILE] = csv.getvalue()
        in_function = len(rejects) - prepared.rejected
        ledger = {
            "source_rows": prepared.source_rows,
            "rejected_before_upload": prepared.rejected,
            "written": prepared.rows_to_write - in_function - len(unfinished),
            "rejected": in_function,
            "failed": len(unfinished),
            "unstarted": 0,
            "unaccounted": 0,
            "unchanged": prepared.unchanged,
        }
        report = {"ledger": ledger, "rejects_missing": 0, "unfinished_rows_in_error_files": len(unfinished)}
        self.s3.objects[prefix + REPORT_FILE] = json.dumps(report).encode()
        outcome = self._keep_outcome(prefix, [one.row for one in rejects] + [one["row"] for one in unfinished])
        line = RunLine(
            run_id, prefix + REPORT_FILE, float(next(_moments)), green, False, "", ledger, None, None, 0, None, 0.0
        )
        self.lines.append(line)
        self.s3.objects[runs_key(dataset.name)] = json.dumps([one.to_json() for one in self.lines]).encode()
        if not green:
            return RanRows(run_id, prepared, rejects, ledger["written"], ledger)
        if prepared.difference and not prepared.nothing_to_write and (prepared.base or not prepared.replay):
            self.remember(prepared, dataset, marks)
        since = amend(self.s3, dataset.name, prepared, outcome, ledger=ledger, run_id=run_id)  # type: ignore[arg-type]
        return RanRows(run_id, prepared, rejects, ledger["written"], ledger, since)

    def _keep_outcome(self, prefix: str, rows: Sequence[int | None]) -> Outcome:
        path = self.folder / "outcome.parquet"
        values = ", ".join(f"({row})" for row in rows) or "(NULL)"
        import duckdb

        duckdb.execute(f"COPY (SELECT row::BIGINT AS row FROM (VALUES {values}) AS told(row)) TO '{path}'")
        self.s3.objects[prefix + ROWS_FILE] = path.read_bytes()
        return Outcome(rows_key=prefix + ROWS_FILE, digests={prefix + ROWS_FILE: file_sha256(path)})
