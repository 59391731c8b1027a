"""What a prepared file lets expect of the table, row by row, once its execution has ended."""

import csv
import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import reject_id
from csvdynamo.records.result_files import unfinished_batches
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter, row_number
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.rejects.error_files import expected_reject_ids
from csvdynamo_airflow.storage.result_objects import find_manifest
from csvdynamo_airflow.table.table_check import Expected, Standing

_FIELD_LIMIT = 1 << 20  # characters; a row is far smaller, or no batch would have room for it

PreparedRow = Mapping[str, str]
"""Header to text, the row number among them."""


def read_rows(path: Path) -> Iterator[PreparedRow]:
    """Read a prepared file as Step Functions' CSV reader does, each pair of backslashes as one."""
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    # Only \n ends a line of a prepared file; Python would end one at a lone carriage return, too.
    with path.open(encoding="utf-8", newline="\n") as file:
        records = csv.reader(line.replace("\\\\", "\\") for line in file)
        header = next(records)
        for fields in records:
            yield dict(zip(header, fields, strict=True))


@dataclass(frozen=True)
class Settled:
    """What the result files of an execution say of its rows.

    Attributes:
        execution: The execution's name.
        reject_ids: Ids of the rejects of batches that succeeded.
        unfinished: By row number, whether the row's batch did not succeed; None when there are no result files, so that
            nobody knows of any batch that did.
    """

    execution: str
    reject_ids: frozenset[str]
    unfinished: bytes | None

    def standing(self, row: int) -> Standing:
        """Say what became of a row."""
        if self.unfinished is None or self.unfinished[row]:
            return Standing.UNFINISHED
        if self.reject_ids and reject_id(self.execution, row) in self.reject_ids:
            return Standing.REJECTED
        return Standing.WRITTEN


def read_settled(s3: Any, prepared: Prepared, execution: str) -> Settled:
    """Read what the result files of an execution say of its rows.

    Raises:
        csvdynamo.errors.ResultFileError: A result file is malformed.
    """
    manifest = find_manifest(s3, prepared.bucket, execution)
    if manifest is None:
        return Settled(execution, frozenset(), None)
    unfinished = bytearray(prepared.source_rows + 1)
    for file in (*manifest.failed, *manifest.pending):
        for batch in unfinished_batches(object_chunks(s3, prepared.bucket, file.key), file.key):
            for row in batch.rows:
                number = row_number(row)
                if number is not None and number < len(unfinished):
                    unfinished[number] = True
    reject_ids = frozenset(expected_reject_ids(s3, prepared.bucket, execution))
    return Settled(execution, reject_ids, bytes(unfinished))


class Expectations:
    """Makes of each row of a prepared file what the table must hold of it."""

    def __init__(self, dataset: Dataset, settled: Settled) -> None:
        self._settled = settled
        self._key = dataset.table.partition_key
        self._converter = RowConverter(dataset.rules)
        key_columns = tuple(one for one in dataset.columns if one.header == dataset.rules.key_header)
        self._key_converter = RowConverter(replace(dataset.rules, columns=key_columns))

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
        standing = self._settled.standing(number)
        item = None if standing is Standing.REJECTED else self._item(row)
        if item is not None:
            return Expected(item[self._key]["S"], number, standing, item)
        if standing is Standing.UNFINISHED:
            standing = Standing.REJECTED  # as it would have been
        key = self._key_of_refused(row)
        return None if not key and standing is Standing.REJECTED else Expected(key, number, standing, None)

    def sample(self, rows: Iterable[PreparedRow], seed: str, size: int) -> list[Expected]:
        """Choose rows all over the file, the same at every attempt, and make their expectations.

        Args:
            rows: The rows of the file.
            seed: What the choice depends on besides the row numbers: the file's digest.
            size: How many rows to choose among those that were not rejected; all of them when there are fewer.

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
            if expected is None or expected.standing is Standing.REJECTED:
                continue
            (heapq.heappushpop if len(chosen) == size else heapq.heappush)(chosen, (rank, number, expected))
        return [expected for _, _, expected in sorted(chosen, key=lambda one: one[1])]

    def _item(self, row: PreparedRow) -> Item | None:
        result = self._converter.convert(row)
        return None if isinstance(result, Refusal) else result

    def _key_of_refused(self, row: PreparedRow) -> str:
        header = self._converter.plan(row).key_header
        if header is None:
            return ""
        result = self._key_converter.convert({header: row[header]})
        return "" if isinstance(result, Refusal) else result[self._key]["S"]


def _number(row: PreparedRow) -> int:
    return int(row[ROW_NUMBER_HEADER])


def _rank(seed: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\n{number}".encode()).digest()[:8])
