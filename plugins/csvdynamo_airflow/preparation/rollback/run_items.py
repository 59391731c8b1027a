"""Which items runs have put into the table, and which they have deleted, by the files that their executions read."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.write_units import WriteUnits
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.preparation.file_rows import read_file_rows
from csvdynamo_airflow.preparation.rollback.find_rollback import RollbackError
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import ObjectError, fetch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ReadRules = Callable[[str], RowRules | None]
"""Gives the rules of a digest; None where they were not kept."""


def write_run_items(
    s3: "S3Client", runs: Sequence[Prepared], dataset: Dataset, read_rules: ReadRules, space: DiskSpace
) -> Path:
    """Write what runs have put under each key that they wrote to, or deleted there (`taken_back.PUT_COLUMNS`).

    The items are made by the rules that each run had. Not every one of them came into the table: a row may have been
    refused, or its batch have failed.

    Args:
        s3: A boto3 S3 client.
        runs: What the runs prepared.
        dataset: The data set.
        read_rules: Gives the rules of a run.
        space: The space of a private folder.

    Raises:
        RollbackError: The file or the rules of a run are gone.
        NoSpaceError: The disk has no room.
    """
    path = space.folder / "run_items"
    with space.open_text(path) as file:
        for run in runs:
            if not run.nothing_to_write:
                for key, item, units in _items(s3, run, dataset, read_rules, space):
                    file.write(f'"{key.replace(_QUOTE, _QUOTE * 2)}",{item},{units}\n')
    return path


_QUOTE = '"'


def _items(
    s3: "S3Client", run: Prepared, dataset: Dataset, read_rules: ReadRules, space: DiskSpace
) -> Iterator[tuple[str, str, str]]:
    rules = dataset.rules if run.rules == dataset.rules.digest else read_rules(run.rules)
    if rules is None:
        raise RollbackError(
            f"The rules by which execution {run.execution_name} made items ({run.rules[:12]}) are not kept any more: "
            "nobody can tell which items it put into the table."
        )
    path = space.folder / "run_file"
    try:
        fetch(s3, run.bucket, run.migrated_key, run.migrated_sha256, path)
    except ObjectError as error:
        raise RollbackError(
            f"s3://{run.bucket}/{run.migrated_key}, which execution {run.execution_name} read, is gone or was changed: "
            "nobody can tell what it put into the table."
        ) from error
    header, converter, units_of = run.migrated_header, RowConverter(rules), WriteUnits(dataset)
    for read in read_file_rows(path):
        row = header.named(read)
        if deletion := Deletion.of(row):
            yield deletion.key, "", ""
        elif not isinstance(made := converter.measured(row), Refusal):
            item, size = made
            yield rules.key.of(item), item_digest(item), str(units_of.of(item, size))
    path.unlink()
