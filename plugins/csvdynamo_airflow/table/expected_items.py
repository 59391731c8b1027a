"""What a prepared file lets expect of the table, row by row, once its execution has ended."""

import hashlib
import heapq
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import reject_id
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.outcome import Outcome, RowStanding
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.outcome_tables import standings
from csvdynamo_airflow.preparation.file_rows import PreparedRow
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from csvdynamo_airflow.storage.stored_file import fetch
from csvdynamo_airflow.table.lifetimes import UNLIMITED, Lifetimes
from csvdynamo_airflow.table.table_check import NOT_WRITTEN, Expected, RowOutcome

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UNFINISHED, _REJECTED, _LEFT_ALONE = 1, 2, 3


@dataclass(frozen=True)
class RowOutcomes:
    """What the outcome of an execution says of its rows.

    Attributes:
        execution: The execution's name.
        marks: By row number, whether the row's batch did not succeed, the row was rejected, or left alone what was
            under its key; None when there are no result files, so that nobody knows of any batch that did.
        unplaced_ids: Ids of rejects whose records did not arrive, or do not say which rows they are.
        left: The numbers of the deletions whose items were left alone.
        undeleted: The numbers of those whose batches did not succeed: nobody knows whether their items are gone.
    """

    execution: str
    marks: bytes | None
    unplaced_ids: frozenset[str] = frozenset()
    left: frozenset[int] = frozenset()
    undeleted: frozenset[int] = frozenset()

    def of(self, row: int) -> RowOutcome:
        """Say what became of a row."""
        if self.marks is None or self.marks[row] == _UNFINISHED:
            return RowOutcome.UNFINISHED
        if self.marks[row] == _LEFT_ALONE:
            return RowOutcome.LEFT_ALONE
        if self.marks[row] == _REJECTED or (self.unplaced_ids and reject_id(self.execution, row) in self.unplaced_ids):
            return RowOutcome.REJECTED
        return RowOutcome.WRITTEN


def read_row_outcomes(s3: "S3Client", prepared: Prepared, outcome: Outcome, space: DiskSpace) -> RowOutcomes:
    """Read what the outcome of an execution says of its rows.

    Args:
        s3: A boto3 S3 client.
        prepared: The prepared file.
        outcome: What was read of the execution.
        space: The space of a temporary folder.

    Raises:
        ObjectError: The table of the rows is gone or was changed.
    """
    if prepared.nothing_to_write:
        # Nothing had to be written: what is in the prepared file is in the table.
        return RowOutcomes("", bytes(prepared.source_rows + 1))
    if not outcome.answered or outcome.rows_key is None:
        return RowOutcomes(outcome.execution, None)
    path = space.folder / "outcome"
    fetch(s3, prepared.bucket, outcome.rows_key, outcome.digests[outcome.rows_key], path, made_by="fetch_error_files")
    marks, unplaced = bytearray(prepared.source_rows + 1), set[str]()
    deletions: dict[RowStanding, set[int]] = {RowStanding.LEFT: set(), RowStanding.UNDELETED: set()}
    with open_duckdb(space) as session:
        for standing, row, told_id, code in standings(session, path):
            if standing in deletions:
                deletions[standing].add(-(row or 0))
                continue
            place = row if row is not None and 0 <= row < len(marks) else None
            if standing in (RowStanding.FAILED, RowStanding.UNSTARTED):
                mark = _UNFINISHED
            else:
                mark = _LEFT_ALONE if code == RejectCode.LEFT_ALONE else _REJECTED
                by_id = told_id is not None and standing is not RowStanding.BEFORE_UPLOAD
                # A record is believed which row it is of if its id says the same.
                if told_id is not None and by_id and (place is None or reject_id(outcome.execution, place) != told_id):
                    unplaced.add(told_id)
                    continue
            if place is not None:
                marks[place] = mark
    left, undeleted = map(frozenset, deletions.values())
    return RowOutcomes(outcome.execution, bytes(marks), frozenset(unplaced), left, undeleted)


class Expectations:
    """Makes of each row of a prepared file what the table must hold of it."""

    def __init__(self, dataset: Dataset, outcomes: RowOutcomes, lifetimes: Lifetimes = UNLIMITED) -> None:
        """Make them.

        Args:
            dataset: The data set.
            outcomes: What became of the rows.
            lifetimes: Is told until when each item lives.
        """
        self._outcomes = outcomes
        self._lifetimes = lifetimes
        self._key = dataset.rules.key
        self._converter = RowConverter(dataset.rules)

    def all(self, rows: Iterable[PreparedRow]) -> Iterator[Expected]:
        """Make the expectation of every row that has a key or should have an item."""
        for row in rows:
            expected = self.of(row)
            if expected is not None:
                yield expected

    def of(self, row: PreparedRow) -> Expected | None:
        """Make the expectation of a row; None for a rejected row without a key, of which there is nothing to look for.

        A row that the result files call written and the rules refuse has no item: whatever the table holds is wrong.
        """
        number = _number(row)
        outcome = self._outcomes.of(number)
        item = None if outcome in NOT_WRITTEN else self._item(row)
        if item is not None:
            self._lifetimes.note(number, item)
            return Expected(self._key.of(item), number, outcome, item)
        if outcome is RowOutcome.UNFINISHED:
            outcome = RowOutcome.REJECTED  # as it would have been
        key = self._converter.key_of(row) or ""
        return None if not key and outcome in NOT_WRITTEN else Expected(key, number, outcome, None)

    def written(self, rows: Iterable[PreparedRow], keys: Collection[str]) -> set[str]:
        """Say which of some keys have a row that was written, or that the table had as it is."""
        wanted = (row for row in rows if self._outcomes.of(_number(row)) is RowOutcome.WRITTEN)
        return {key for row in wanted if (key := self._converter.key_of(row)) and key in keys}

    def sample(self, rows: Iterable[PreparedRow], seed: str, size: int) -> list[Expected]:
        """Choose rows all over the file, the same at every attempt, and make their expectations.

        Args:
            rows: The rows of the file.
            seed: What the choice depends on besides the row numbers: the file's digest.
            size: How many rows to choose among those that were written; all of them when there are fewer.

        Returns:
            The expectations in the order of the rows.
        """
        chosen: list[tuple[int, int, Expected]] = []
        for row in rows:
            number = _number(row)
            rank = -_rank(seed, number)
            if len(chosen) == size and rank <= chosen[0][0]:
                continue
            expected = self.of(row)
            if expected is None or expected.outcome in NOT_WRITTEN:
                continue
            (heapq.heappushpop if len(chosen) == size else heapq.heappush)(chosen, (rank, number, expected))
        return [expected for _, _, expected in sorted(chosen, key=lambda one: one[1])]

    def _item(self, row: PreparedRow) -> Item | None:
        result = self._converter.convert(row)
        return None if isinstance(result, Refusal) else result


def draw(expected: Iterable[Expected], seed: str, size: int) -> list[Expected]:
    """Choose some of many expectations, the same at every attempt; return them in their order.

    Args:
        expected: All of them.
        seed: What the choice depends on besides their numbers.
        size: How many to choose; all of them when there are fewer.
    """
    some = heapq.nsmallest(size, expected, key=lambda one: _rank(seed, one.row))
    return sorted(some, key=lambda one: -one.row)


def _number(row: PreparedRow) -> int:
    return int(row[ROW_NUMBER_HEADER])


def _rank(seed: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\n{number}".encode()).digest()[:8])
