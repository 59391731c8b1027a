"""The check of the table after a run: its items against what the core makes of the prepared file's rows."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.rules.deletions import is_deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.file_rows import PreparedRow, read_file_rows
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import fetch, held_version, upload
from csvdynamo_airflow.storage.workspace import workspace
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.expected_items import Expectations, RowOutcomes, draw, read_row_outcomes
from csvdynamo_airflow.table.full_check import FullCheck
from csvdynamo_airflow.table.lifetimes import Lifetimes
from csvdynamo_airflow.table.table_check import (
    NOT_WRITTEN,
    Expected,
    RowOutcome,
    differing_attributes,
    digest_expected,
    judge,
)
from csvdynamo_airflow.table.table_reader import TableReader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DIFFERENCES_FILE = "verification.jsonl"

_SEGMENTS = 4
_KEYS_AT_ONCE = 1000  # a page of them is in memory
_SPILLED_BYTES = 192  # a row or an item in a full check: a line, its key, and what DuckDB keeps of it meanwhile

log = shown_log(__name__)


@dataclass(frozen=True)
class TableCheck:
    """The check of one run's table.

    Attributes:
        s3: A boto3 S3 client.
        reader: Reads the table.
        dataset: The data set, the same version that the stack was deployed from.
        prepared: The prepared file, which is what Step Functions read. It is read again, or rows that were drawn of it.
        outcome: What was read of the run's newest execution.
    """

    s3: "S3Client"
    reader: TableReader
    dataset: Dataset
    prepared: Prepared
    outcome: Outcome

    def run(self, run_id: str, work_parent: Path | None = None) -> CheckedTable:
        """Compare the table with the prepared file, as the data set's ``verify`` says.

        Args:
            run_id: The DAG run's id, which names the temporary folder.
            work_parent: Where to make the temporary folder; the system's temporary folder if None.

        Raises:
            ObjectError: The prepared file, the one of the rows to write, or the outcome's table of rows is gone or was
                changed.
            NoSpaceError: The temporary folder's disk has no room.
            TableBusyError: DynamoDB left keys unread, or did not say what it read.
        """
        prepared, policy = self.prepared, self.dataset.policies.verify
        rows, items = prepared.prepared_rows, self.reader.count_items()
        mode = policy.mode_for(rows, items, prepared.items if prepared.base else None)
        spilled = (rows + items) * _SPILLED_BYTES if mode is VerifyMode.FULL else 0
        with workspace("verify", self.dataset.name, run_id, work_parent) as folder:
            space = DiskSpace(folder, f"check the table {self.reader.table}")
            space.require(spilled)
            lifetimes = Lifetimes(self.dataset.table.ttl, prepared.source_rows)
            outcomes = read_row_outcomes(self.s3, prepared, self.outcome, space)
            expectations = Expectations(self.dataset, outcomes, lifetimes)
            deleted = self._deleted(outcomes, space)
            with DifferenceLog(folder / "differences", space, lifetimes) as differences:
                if mode is VerifyMode.FULL:
                    self._hold_to_what_was_written()
                    expected = partial(self._expect_all, expectations, self._fetch_file(space))
                    keys = self._check_all(chain(expected(), deleted), space, differences)
                elif mode is VerifyMode.CHANGED:
                    written = self._fetch_written(space)
                    sample = self._sample(expectations, policy.sample_size, space) if prepared.unchanged else []
                    expected = partial(self._expect_changed, expectations, written, sample)
                    stale = list[Difference]()

                    def add(one: Difference) -> None:
                        (stale.append if one.kind is DifferenceKind.STALE else differences.add)(one)

                    keys = self._check_some(chain(expected(), deleted), add)
                    for difference in self._without_rivals(stale, expectations, space):
                        differences.add(difference)
                else:
                    self._hold_to_what_was_written()
                    sample = self._sample(expectations, policy.sample_size, space)
                    sample += draw(deleted, prepared.sha256, policy.sample_size)
                    expected = partial(iter, sample)
                    keys = self._check_some(sample, differences.add)
            checked = CheckedTable(
                mode=mode,
                keys_checked=keys,
                counts=dict(differences.counts),
                examples=self._with_attributes(differences.examples, expected),
                key=self._keep(differences),
                expired=differences.expired,
            )
            checked = replace(checked, read_units=self.reader.units.total)
        log.info("The table %s: %s", self.reader.table, checked.sentence())
        return checked

    def _hold_to_what_was_written(self) -> None:
        """Make sure that the execution read what prepare made, where that was another file than the check reads."""
        prepared = self.prepared
        if prepared.is_in_part:
            key, sha256 = prepared.migrated_key, prepared.migrated_sha256
            held_version(self.s3, prepared.bucket, key, sha256, known="", made_by="prepare")

    def _fetch_file(self, space: DiskSpace) -> Path:
        space.require(self.prepared.bytes)
        path = space.folder / "prepared"
        fetch(self.s3, self.prepared.bucket, self.prepared.file_key, self.prepared.sha256, path)
        return path

    def _fetch_written(self, space: DiskSpace) -> Path | None:
        """Fetch the rows that the execution read; None where there was none."""
        prepared = self.prepared
        if prepared.nothing_to_write:
            return None
        if not prepared.is_in_part:
            return self._fetch_file(space)
        path = space.folder / "written"
        fetch(self.s3, prepared.bucket, prepared.migrated_key, prepared.migrated_sha256, path, made_by="prepare")
        return path

    def _sample(self, expectations: Expectations, size: int, space: DiskSpace) -> list[Expected]:
        """Choose the rows to look for among those that prepare drew; where these are too few, in the whole file."""
        prepared = self.prepared
        if prepared.sample_key is not None:
            bucket, key = prepared.bucket, prepared.file_key
            held_version(self.s3, bucket, key, prepared.sha256, known=prepared.etag, made_by="prepare")
            path = space.folder / "sample"
            fetch(self.s3, prepared.bucket, prepared.sample_key, prepared.sample_sha256, path, made_by="prepare")
            sample = expectations.sample(self._rows(path), prepared.sha256, size)
            if len(sample) == size:
                return sample
        return expectations.sample(self._rows(self._fetch_file(space)), prepared.sha256, size)

    def _deleted(self, outcomes: RowOutcomes, space: DiskSpace) -> Iterator[Expected]:
        """Expect of each deletion that was made that its item is gone; of none where nobody knows which were made."""
        prepared, difference, key = self.prepared, self.prepared.difference, self.dataset.rules.key
        if difference is None or difference.vanished_key is None or not difference.deletions or outcomes.marks is None:
            return
        path = space.folder / "vanished"
        fetch(self.s3, prepared.bucket, difference.vanished_key, difference.vanished_sha256, path, made_by="prepare")
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(islice(file, difference.deletions), 1):
                if number not in outcomes.left and number not in outcomes.undeleted:
                    yield Expected(key.of_json(json.loads(line)), -number, RowOutcome.DELETED, None)

    def _expect_all(self, expectations: Expectations, path: Path) -> Iterator[Expected]:
        return expectations.all(self._rows(path))

    def _expect_changed(
        self, expectations: Expectations, written: Path | None, sample: Sequence[Expected]
    ) -> Iterator[Expected]:
        """Expect the rows that the execution read, and those of a sample that it did not."""
        numbers = bytearray(self.prepared.source_rows + 1)
        if written is not None:
            for expected in expectations.all(self._rows(written)):
                numbers[expected.row] = True
                yield expected
        yield from (one for one in sample if not numbers[one.row])

    def _rows(self, path: Path) -> Iterator[PreparedRow]:
        rows = (row for row in read_file_rows(path) if not is_deletion(row))
        return map(self.prepared.file_header.named, rows)

    def _without_rivals(
        self, stale: Sequence[Difference], expectations: Expectations, space: DiskSpace
    ) -> Iterator[Difference]:
        """Leave out each item under a rejected row's key that another row of the file has put there, or left there."""
        keys = {one.key for one in stale}
        theirs = expectations.written(self._rows(self._fetch_file(space)), keys) if keys else set[str]()
        return (one for one in stale if one.key not in theirs)

    def _check_some(self, expected: Iterable[Expected], add: Callable[[Difference], None]) -> int:
        """Look for keys, each by what one row expects: prepare leaves one to be written. Return how many there are."""
        count, waiting = 0, iter(expected)
        while some := list(islice(waiting, _KEYS_AT_ONCE)):
            keys = sorted({one.key for one in some})
            count += len({one.key for one in some if one.outcome not in NOT_WRITTEN})
            found = {key: item_digest(item) for key, item in self.reader.get([key for key in keys if key]).items()}
            for one in some:
                for difference in judge(one.key, [digest_expected(one)], found.get(one.key)):
                    add(difference)
        return count

    def _check_all(self, expected: Iterator[Expected], space: DiskSpace, differences: DifferenceLog) -> int:
        check = FullCheck(space, self.reader.key)
        return check.run(expected, self.reader.scan(_SEGMENTS), differences)

    def _with_attributes(
        self, examples: Sequence[Difference], expected: Callable[[], Iterator[Expected]]
    ) -> tuple[Difference, ...]:
        """Name the attributes of the changed items among the examples: the check itself compares digests alone."""
        changed = {one.row for one in examples if one.kind is DifferenceKind.CHANGED}
        if not changed:
            return tuple(examples)
        made: dict[int | None, Expected] = {one.row: one for one in expected() if one.row in changed}
        found = self.reader.get(sorted({one.key for one in made.values()}))
        return tuple(
            replace(one, attributes=differing_attributes(made[one.row].item or {}, found.get(one.key, {})))
            if one.kind is DifferenceKind.CHANGED
            else one
            for one in examples
        )

    def _keep(self, differences: DifferenceLog) -> str | None:
        if not differences.counts:
            return None
        key = reports_prefix(self.dataset.name, self.prepared.execution_name) + DIFFERENCES_FILE
        upload(self.s3, differences.path, self.prepared.bucket, key)
        return key
