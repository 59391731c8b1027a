"""Holds every row of a prepared file against all the rules, as the Lambda function will, before it is uploaded."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from csvdynamo.datasets.dataset import MOST_ROWS_PER_BATCH, Dataset
from csvdynamo.datasets.write_units import WriteUnits
from csvdynamo.records.rejects import FIREHOSE_STEP_BYTES, Reject, reject_id
from csvdynamo.rules.attribute_values import utf8_length
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.deletions import is_deletion
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.numbered_row import source_row
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.forecast import Forecast, SizeStep
from csvdynamo_airflow.documents.measures import ColumnRejects
from csvdynamo_airflow.preparation.deletions import VanishedKeys
from csvdynamo_airflow.preparation.file_rows import PreparedRow, read_file_rows
from csvdynamo_airflow.preparation.prepare_file import PreparedFile
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.storage.disk_space import DiskSpace

_SMALLEST_STEP = 256
_COLUMNS = 100  # pairs of code and column that are told

# As ItemBatcher writes a batch; json.dumps would make an encoder for every row.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class BatchCount:
    """Counts the batches that ItemBatcher cuts rows into, each as full as the limits allow.

    Attributes:
        batches: How many there are, the last one among them.
    """

    def __init__(self, most_rows: int, most_bytes: int, frame: int) -> None:
        """Begin.

        Args:
            most_rows: The most rows of a batch.
            most_bytes: The most bytes of its input.
            frame: Bytes of that beside its rows.
        """
        self.batches = 0
        self._most_rows, self._most_bytes, self._frame = most_rows, most_bytes, frame
        self._rows, self._size = most_rows, 0  # as after a full one

    def add(self, size: int) -> None:
        """Take the next row, of so many bytes."""
        if self._rows == self._most_rows or self._size + size + 1 > self._most_bytes:
            self.batches += 1
            self._rows, self._size = 1, self._frame + size
        else:
            self._rows += 1
            self._size += size + 1


def _json_bytes(value: object) -> int:
    return utf8_length(_encode(value))


@dataclass
class _Items:
    written: int = 0
    write_units: int = 0
    item_bytes: int = 0
    largest: int = 0
    sizes: Counter[int] = field(default_factory=Counter)

    def add(self, size: int, units: int) -> None:
        self.written += 1
        self.write_units += units
        self.item_bytes += size
        self.largest = max(self.largest, size)
        self.sizes[max(0, (size - 1).bit_length() - 8)] += 1

    @property
    def steps(self) -> tuple[SizeStep, ...]:
        return tuple(SizeStep(_SMALLEST_STEP << step, items) for step, items in sorted(self.sizes.items()))


def foresee_file(
    prepared: PreparedFile,
    dataset: Dataset,
    execution_name: str,
    space: DiskSpace,
    *,
    vanished: VanishedKeys | None = None,
) -> tuple[Forecast, RejectSpool]:
    """Hold a prepared file against all the rules; return what the function will make of it, and what it will reject.

    Args:
        prepared: The file.
        dataset: The data set.
        execution_name: The name of the execution that migrates it.
        space: The space of its folder.
        vanished: The deletions at its end; None where there are none.

    Raises:
        NoSpaceError: The disk has no room.
    """
    with RejectSpool(space.folder / "foreseen", prepared.headers, space) as spool:
        header = FileHeader(prepared.headers)
        return foresee(prepared.path, header, dataset, execution_name, spool, vanished=vanished), spool


def foresee(
    path: Path,
    header: FileHeader,
    dataset: Dataset,
    execution_name: str,
    spool: RejectSpool,
    *,
    vanished: VanishedKeys | None = None,
) -> Forecast:
    """Go through a prepared file.

    Its rows have keys that all differ, or the rules refuse them; so each row by itself is what its batch makes of it.

    Args:
        path: The file.
        header: Its header.
        dataset: The data set.
        execution_name: The name of the execution that migrates it.
        spool: Takes the rows that the function will reject.
        vanished: The deletions at its end, which fill batches as its rows do; None where there are none.

    Raises:
        NoSpaceError: The disk fills up.
    """
    rules = dataset.rules
    converter, units_of, items = RowConverter(rules), WriteUnits(dataset), _Items()
    deletions = vanished.deletions if vanished else 0
    told_rules = header.told_rules(rules.digest, deletes=deletions > 0)
    batch_input = {"execution_name": execution_name, "rules": told_rules}
    frame, limits = _json_bytes({"BatchInput": batch_input, "Items": []}), dataset.limits
    batches = BatchCount(limits.rows_per_batch, limits.max_input_bytes_per_batch, frame)
    full_batches = BatchCount(MOST_ROWS_PER_BATCH, limits.max_input_bytes_per_batch, frame)
    by_column: Counter[tuple[str, str | None]] = Counter()
    reject_bytes = 0
    for read in read_file_rows(path):
        bytes_in_batch = _json_bytes(read)
        batches.add(bytes_in_batch)
        full_batches.add(bytes_in_batch)
        if is_deletion(read):
            continue
        row = header.named(read)
        made = converter.measured(row)
        if isinstance(made, Refusal):
            reject = _reject(made, row, rules.dataset, execution_name)
            by_column[str(made.code), made.column] += 1
            reject_bytes += -(-len(reject.to_line()) // FIREHOSE_STEP_BYTES) * FIREHOSE_STEP_BYTES
            fields = [row[name] for name in header.names]
            spool.add(int(row[ROW_NUMBER_HEADER]), BadRecord(made.code, made.message, fields, column=made.column))
        else:
            item, size = made
            items.add(size, units_of.of(item, size))
    return Forecast(
        written=items.written,
        by_code=dict(sorted(spool.by_code.items())),
        by_column=tuple(ColumnRejects(code, column, rows) for (code, column), rows in by_column.most_common(_COLUMNS)),
        write_units=items.write_units,
        item_bytes=items.item_bytes,
        largest=items.largest,
        sizes=items.steps,
        batches=batches.batches,
        full_batches=full_batches.batches,
        reject_bytes=reject_bytes,
        deletions=deletions,
        delete_units=vanished.write_units if vanished else 0,
        singly=header.guarded or rules.inserts,
    )


def _reject(refusal: Refusal, row: PreparedRow, dataset: str, execution_name: str) -> Reject:
    """Make the record that the function will send."""
    number = int(row[ROW_NUMBER_HEADER])
    return Reject(
        execution_name=execution_name,
        dataset=dataset,
        row=number,
        stage=Stage.VALIDATE,
        code=refusal.code,
        column=refusal.column,
        message=refusal.message,
        item=source_row(row),
        reject_id=reject_id(execution_name, number),
    )
