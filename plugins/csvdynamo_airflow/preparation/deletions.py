"""Which items a run deletes: those of keys that vanished, as far as anybody noted which items runs have put there."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange
from csvdynamo.datasets.write_rules import UnknownKeys, Write
from csvdynamo.datasets.write_units import WriteUnits
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.gates.source_gate import SourceFault
from csvdynamo_airflow.preparation.file_rows import read_marked_rows
from csvdynamo_airflow.preparation.prepare_file import PreparedFile
from csvdynamo_airflow.preparation.prepared_rows import ENVELOPE_BYTES, format_rows, item_bytes
from csvdynamo_airflow.snapshots.row_digests import Found, VanishedKey
from csvdynamo_airflow.storage.disk_space import DiskSpace

VANISHED_FILE = "vanished.jsonl"


@dataclass(frozen=True)
class VanishedKeys:
    """The keys that vanished, and which of their items a run deletes.

    Attributes:
        listed: The list of the keys, as a file: those of the deletions first, in the order of their numbers.
        deletions: How many items are deleted.
        rows: The rows of the prepared file that say so, as a file without a header.
        write_units: Write units that the deletions take, at most.
    """

    listed: Path
    deletions: int
    rows: Path
    write_units: int


def write_items(prepared: PreparedFile, dataset: Dataset, space: DiskSpace, marks: bytearray) -> Path:
    """Write what the rules make of some rows of a prepared file (`row_digests.ITEM_COLUMNS`).

    An item is deleted only while it is one that a run put there, whatever the rules are by then.

    Args:
        prepared: The prepared file.
        dataset: The data set.
        space: The space of a private folder.
        marks: By row number, whether it is one of them.

    Raises:
        NoSpaceError: The disk has no room.
    """
    path, header = space.folder / "items", FileHeader(prepared.headers)
    converter, units_of = RowConverter(dataset.rules), WriteUnits(dataset)
    with space.open_text(path) as file:
        for read in read_marked_rows(prepared.path, marks):
            row = header.named(read)
            number = row[ROW_NUMBER_HEADER]
            made = converter.measured(row)
            if isinstance(made, Refusal):
                file.write(f"{number},,,{str(not converter.key_of(row)).lower()}\n")
            else:
                item, size = made
                file.write(f"{number},{item_digest(item)},{units_of.of(item, size)},false\n")
    return path


class DeletionTooLargeError(MigrationError):
    """No batch has room for what says that an item is to be deleted."""


def list_vanished(
    vanished: Iterable[VanishedKey], dataset: Dataset, headers: Sequence[str], space: DiskSpace, *, deletes: bool
) -> VanishedKeys:
    """List the keys that vanished, each as DynamoDB's own JSON on a line, and make the deletions of their items.

    As its calls take them, and no spreadsheet's formula. One whose item nobody noted is not deleted: nobody could tell
    whether it is the one that a run put there.

    Args:
        vanished: The keys, those first that can be deleted.
        dataset: The data set.
        headers: The headers of the prepared file, without the row number's.
        space: The space of a private folder.
        deletes: Whether any is deleted.

    Raises:
        DeletionTooLargeError: A batch has no room for one of the deletions.
        NoSpaceError: The disk has no room.
    """
    key, header = dataset.rules.key, FileHeader(tuple(headers))
    limit = dataset.limits.max_input_bytes_per_batch - ENVELOPE_BYTES
    listed, rows = space.folder / VANISHED_FILE, space.folder / "deletion_rows"
    deletions = units = 0
    with space.open_text(listed) as keys_file, space.open_text(rows) as rows_file:
        for one in vanished:
            keys_file.write(f"{json.dumps(key.values(one.key), default=_base64)}\n")
            if deletes and one.items:
                deletions, units = deletions + 1, units + one.units
                fields = Deletion(deletions, one.key, one.items).fields(len(headers))
                size = item_bytes(header, list(map(str, fields[1:])))
                if size > limit:
                    raise DeletionTooLargeError(
                        f"The item of the key {key.shown(one.key)} cannot be deleted: what says so takes {size:,} "
                        f"bytes, and a batch has room for {limit:,}. Raise limits.max_input_bytes_per_batch, or, "
                        'if it is one that vanished, set write.vanished = "report", and deploy.'
                    )
                rows_file.write(format_rows([fields]))
    return VanishedKeys(listed, deletions, rows, units)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def unknown_keys(prepared: PreparedFile, found: Found, dataset: Dataset) -> int:
    """Count the records of a source whose keys cannot be told: any key that vanished may be theirs.

    The header that comes again is no row, nor is a last record that the data set file says is none; nor are any of them
    where it says so of all.
    """
    if dataset.write.unknown_keys is UnknownKeys.IGNORE:
        return 0
    no_rows = prepared.rejects_by_code.get(RejectCode.REPEATED_HEADER, 0)
    if prepared.last_record is not None and dataset.gates.last_record is OnChange.ACCEPT:
        no_rows += 1
    return prepared.source_rows - no_rows - found.told_keys


def may_delete(prepared: PreparedFile, unknown: int) -> bool:
    """Tell whether a run of a data set that deletes may delete anything.

    Args:
        prepared: What was prepared. A corrected error CSV has some rows alone: what it has not has not vanished.
        unknown: Records whose keys cannot be told.
    """
    return unknown == 0 and not prepared.is_error_csv


def judge_deletions(deletions: int, known: int, write: Write) -> list[SourceFault]:
    """List what speaks against deleting so many items.

    Args:
        deletions: Items to be deleted.
        known: Items that earlier runs put into the table.
        write: What the data set file says. Exactly as many as allowed are allowed.
    """
    if 100 * deletions <= Decimal(str(write.max_delete_percent)) * known:
        return []
    return [
        SourceFault(
            f"{deletions:,} items of {known:,} would be deleted, as no row of the source has their keys any more: more "
            f"than write.max_delete_percent = {write.max_delete_percent:g}.",
            "Look whether its publisher serves all of it. If so many have really gone, raise the setting, or let a "
            'person decide (gates.gate = "approve")',
            fails=True,
            gate="write.max_delete_percent",
            numbers={"items to be deleted": deletions, "items that earlier runs put there": known},
            acceptable=False,
        )
    ]
