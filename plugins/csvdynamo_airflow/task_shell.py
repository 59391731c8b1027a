"""What the tasks share: their data set, their stack, their migration, and how an error ends them."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.dataset import Dataset
from csvdynamo.dataset_file import load_dataset
from csvdynamo.errors import DatasetError, RejectError, ResultFileError
from csvdynamo_airflow.connections import client
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.naming import turn_key
from csvdynamo_airflow.preparation.prepared import Prepared
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.stack import Stack, read_stack, refuse_other_version
from csvdynamo_airflow.table.table_key import check_table_key
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn

PERMANENT_ERRORS = (MigrationError, DatasetError, RejectError, ResultFileError)
"""Errors that another attempt cannot mend. Any other is retried, `MigrationPostponedError` among them."""


@contextmanager
def permanent_errors_fail_at_once() -> Iterator[None]:
    """Fail the task without a retry on an error that another attempt cannot mend."""
    try:
        yield
    except PERMANENT_ERRORS as error:
        raise AirflowFailException(str(error)) from error


def open_dataset(name: str) -> Dataset:
    """Read a data set's file as it is now.

    Raises:
        AirflowFailException: The file is missing or wrong.
    """
    with permanent_errors_fail_at_once():
        return load_dataset(datasets_folder() / f"{name}.toml")


def open_stack(dataset: Dataset, *, to_write: bool) -> Stack:
    """Read a data set's stack.

    Args:
        dataset: The data set.
        to_write: Whether its Lambda functions' rules matter, because rows are to be migrated with it or the table is to
            be held against them. Looking at what a run left needs less: a data set file that was changed during the
            run must not cost its report.

    Raises:
        AirflowFailException: There is none or, for rows to be migrated, it was deployed from another version of the
            data set file.
    """
    with permanent_errors_fail_at_once():
        stack = read_stack(client("cloudformation"), dataset)
        if to_write:
            refuse_other_version(stack, dataset)
        return stack


def refuse_other_table(stack: Stack, dataset: Dataset) -> None:
    """Look at the stack's table before anything is stored or started for it.

    Raises:
        AirflowFailException: It is gone, or has another key than the data set file says.
        csvdynamo_airflow.table.table_key.TableNotReadyError: It is being made or deleted.
    """
    with permanent_errors_fail_at_once():
        check_table_key(client("dynamodb"), stack.table, dataset)


def make_migration(stack: Stack, prepared: Prepared) -> Migration:
    """Make the migration of a prepared file."""
    return Migration(
        dataset=stack.dataset,
        states=client("stepfunctions"),
        state_machine_arn=stack.state_machine_arn,
        bucket=prepared.bucket,
        file_key=prepared.file_key,
        name=prepared.execution_name,
        turn=Turn(client("s3"), prepared.bucket, turn_key(stack.dataset)),
    )
