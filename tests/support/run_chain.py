"""Runs of one data set after another that write only what changed, in this process: the tasks' code without AWS."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count, islice
from pathlib import Path
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.deletions import Deletion, is_deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.batch import Batch
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.preparation.file_rows import read_file_rows
from csvdynamo_airflow.preparation.rollback.find_rollback import KeptRuns, find_rollback
from csvdynamo_airflow.preparation.rollback.prepare_rollback import prepare_rollback
from csvdynamo_airflow.schema.schema_memory import remember_run
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.workspace import workspace
from csvdynamo_airflow.table.expected_items import RowOutcomes
from csvdynamo_airflow.table.new_snapshot import keep_snapshot
from csvdynamo_airflow.workflow.other_executions import Other
from csvdynamo_airflow.workflow.snapshot_trust import Claim, find_base
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from tests.hostile.in_process import BUCKET, MemoryBucket, Table, migrate_batch, prepare_bytes, prepare_rejects

_UNFINISHED, _REJECTED, _LEFT_ALONE = 1, 2, 3
_REFUSED = {RejectCode.LEFT_ALONE: _LEFT_ALONE}
_numbers = count(1)


class End(Enum):
    """How a run ends: green; red in its check, or killed before its report; or killed before it has written all."""

    GREEN = "green"
    RED = "red"
    KILLED = "killed"


@dataclass(frozen=True)
class Ran:
    """What a run did.

    Attributes:
        prepared: What it prepared.
        written: The row numbers of the items that it wrote.
        rejected: How many rows were rejected, by prepare or later.
        failed: How many were in batches that failed.
        expected: What the table must hold by the file, by key: the items of the rows that nobody rejected, but for
            those in batches that failed.
        may_be: Keys of which nobody knows what the table holds.
        left: Keys whose items were to be deleted or written over, and were left alone.
    """

    prepared: Prepared
    written: Collection[int]
    rejected: int
    failed: int
    expected: Mapping[str, Item]
    may_be: Collection[str]
    left: Collection[str] = ()


@dataclass
class Chain:
    """A data set's bucket and table, and the runs of it.

    Attributes:
        folder: Where the tasks may work.
        table: The table.
        identity: What tells it from one that is made anew.
        by_hand: Executions that somebody started by hand.
        machine_since: When the state machine was made.
        deleted: The keys of the items that were deleted.
        kept: What the runs prepared, by their executions.
        rules: Their rules, by their digests.
    """

    folder: Path
    table: Table = field(default_factory=Table)
    identity: str = "table-1"
    by_hand: list[Other] = field(default_factory=list)
    machine_since: float = 0.0
    s3: MemoryBucket = field(default_factory=MemoryBucket)
    deleted: list[str] = field(default_factory=list)
    kept: dict[str, Prepared] = field(default_factory=dict)
    rules: dict[str, RowRules] = field(default_factory=dict)

    def overlapping(self, start: float, end: float) -> list[Other]:
        """List executions as `OtherExecutions` does."""
        return [one for one in self.by_hand if one.started <= end and (one.stopped is None or one.stopped >= start)]

    def began_since(self, since: float) -> list[Other]:
        """List executions as `OtherExecutions` does."""
        return [other for other in self.by_hand if other.started > since]

    def known_since(self) -> float:
        """Say since when they are known of."""
        return self.machine_since

    def prepare(self, content: bytes, dataset: Dataset, rests_on: Base | None = None, **asked: Any) -> Prepared:
        """Prepare a file beside what the last green run left; what else prepare is asked goes on to it."""
        base = lambda: rests_on or self.find_base(dataset)  # noqa: E731
        prepared = prepare_bytes(content, dataset, self.folder, self.s3, find_base=base, **asked)
        keep_prepared(self.s3, prepared, dataset)  # type: ignore[arg-type]
        return prepared

    def find_base(self, dataset: Dataset) -> Base:
        """Find what a run may rest on."""
        pointer = StoredPointer(self.s3, BUCKET, dataset.name)  # type: ignore[arg-type]
        return find_base(pointer, dataset.rules.digest, self.identity, self, time.time())  # type: ignore[arg-type]

    def claim(self, prepared: Prepared, dataset: Dataset) -> None:
        """Say that a run writes, as before its execution is started or redriven."""
        pointer = StoredPointer(self.s3, BUCKET, dataset.name)  # type: ignore[arg-type]
        leaves_one = prepared.difference is not None and dataset.write.only_changed
        leaves_trace = dataset.write.deletes or prepared.rollback
        trace = prepared.difference.trace if prepared.difference and leaves_trace else None
        at, told = (prepared.difference.at, prepared.difference.traces) if prepared.difference else (0.0, ())
        name, base = prepared.execution_name, prepared.base
        claim = Claim(pointer, name, base, leaves_one, lambda: self.identity, trace, at, told)
        claim.make(self, time.time())  # type: ignore[arg-type]

    def run(
        self, content: bytes, dataset: Dataset, end: End = End.GREEN, failing: Collection[int] = (), **asked: Any
    ) -> Ran:
        """Take a file to the table.

        Args:
            content: The file.
            dataset: The data set.
            end: How the run ends.
            failing: Which of its batches fail, from 0, once some of their rows are written.
            asked: What else prepare is asked.
        """
        return self.migrate(self.prepare(content, dataset, **asked), dataset, end, failing)

    def take_back(
        self, run: Prepared, dataset: Dataset, end: End = End.GREEN, failing: Collection[int] = (), **options: Any
    ) -> Ran:
        """Roll a run back; the arguments are those of `run`, but for what that run prepared."""
        return self.migrate(self.prepare_back(run, dataset, **options), dataset, end, failing)

    def prepare_back(self, run: Prepared, dataset: Dataset, **options: Any) -> Prepared:
        """Prepare the rollback of a run."""
        name = f"back-{next(_numbers)}"
        pointer = StoredPointer(self.s3, BUCKET, dataset.name)  # type: ignore[arg-type]
        kept = KeptRuns(pointer.read(), (), self.kept.get, lambda one, run_id: one.execution_name == run_id)
        return prepare_rollback(
            find_rollback(run.execution_name, kept, self.identity, dataset.rules),
            dataset,
            s3=self.s3,  # type: ignore[arg-type]
            run_id=name,
            name_execution=lambda _: name,
            find_base=lambda: self.find_base(dataset),
            read_rules=self.rules.get,
            work_parent=self.folder,
            **options,
        )

    def migrate(self, prepared: Prepared, dataset: Dataset, end: End, failing: Collection[int]) -> Ran:
        """Take what was prepared to the table; the other arguments are those of `run`."""
        if not (prepared.nothing_to_write and prepared.execution_name in self.kept):
            self.kept[prepared.execution_name] = prepared
        self.rules[prepared.rules] = dataset.rules
        marks, converter = bytearray(prepared.source_rows + 1), RowConverter(dataset.rules)
        written = set()
        left, undeleted, keys = set[int](), set[int](), dict[int, str]()
        if not prepared.nothing_to_write:
            self.claim(prepared, dataset)
            rows = read_items(self.s3.objects[prepared.migrated_key], CsvFormat())
            for number in count():
                batch = tuple(islice(rows, dataset.limits.rows_per_batch))
                if not batch or (end is End.KILLED and number):
                    break
                fails = number in failing
                some = batch[: len(batch) // 2] if fails else batch
                told = prepared.migrated_header.told_rules(prepared.rules, deletes=prepared.deletions > 0)
                migrated, guards = Batch(prepared.execution_name, some, told).unguarded()
                migrated, deletions = migrated.parted()
                rejects = migrate_batch(migrated, converter, self.table, guards)
                rejected = {reject.row: _REFUSED.get(reject.code, _REJECTED) for reject in rejects}
                others = self.delete(deletions)
                named = [deletion for deletion in map(Deletion.of, batch) if deletion]
                keys |= {deletion.number: deletion.key for deletion in named}
                left |= set() if fails else others
                undeleted |= {deletion.number for deletion in named} if fails else set()
                batch = tuple(row for row in batch if not is_deletion(row))
                for row in batch:
                    place = int(row[ROW_NUMBER_HEADER])
                    marks[place] = _UNFINISHED if fails else rejected.get(place, 0)
                written |= {int(row[ROW_NUMBER_HEADER]) for row in batch if not marks[int(row[ROW_NUMBER_HEADER])]}
            if end is End.GREEN:
                self.remember(prepared, dataset, marks, left, undeleted)
        ran = self._ran(prepared, dataset, marks, written)
        may_be = {*ran.may_be, *(keys[number] for number in undeleted)}
        return replace(ran, may_be=may_be, left=[*ran.left, *(keys[number] for number in left)])

    def delete(self, deletions: Collection[Deletion]) -> set[int]:
        """Delete items as the function does; return the numbers of those that are left alone."""
        left = set()
        for deletion in deletions:
            found = self.table.items.get(deletion.key)
            if found is not None and item_digest(found) not in deletion.digests:
                left.add(deletion.number)
            elif found is not None:
                del self.table.items[deletion.key]
                self.deleted.append(deletion.key)
        return left

    def remember(
        self,
        prepared: Prepared,
        dataset: Dataset,
        marks: bytearray,
        left: Collection[int] = (),
        undeleted: Collection[int] = (),
    ) -> None:
        """Keep the columns and the snapshot of a green run."""
        remember_run(self.s3, dataset.name, prepared)  # type: ignore[arg-type]
        marks = bytearray(marks)
        for reject in prepare_rejects(prepared, self.s3):
            marks[reject.row or 0] = _REJECTED
        outcomes = RowOutcomes(
            prepared.execution_name, bytes(marks), left=frozenset(left), undeleted=frozenset(undeleted)
        )
        with workspace("snapshot", dataset.name, f"run-{next(_numbers)}", self.folder) as folder:
            keep_snapshot(self.s3, dataset.name, prepared, outcomes, DiskSpace(folder, "test"))  # type: ignore[arg-type]

    def _ran(self, prepared: Prepared, dataset: Dataset, marks: bytearray, written: Collection[int]) -> Ran:
        path = self.folder / "whole"
        path.write_bytes(self.s3.objects[prepared.file_key])
        converter, expected, may_be = RowConverter(dataset.rules), dict[str, Item](), set[str]()
        left: list[str] = []
        for row in read_file_rows(path):
            item = converter.convert(row)
            if not isinstance(item, Refusal):
                key = dataset.rules.key.of(item)
                mark = marks[int(row[ROW_NUMBER_HEADER])]
                if mark == _UNFINISHED:
                    may_be.add(key)
                elif mark == _LEFT_ALONE:
                    left.append(key)
                else:
                    expected[key] = item
        rejected = prepared.rejected + marks.count(_REJECTED) + marks.count(_LEFT_ALONE)
        return Ran(prepared, written, rejected, marks.count(_UNFINISHED), expected, may_be, left)
