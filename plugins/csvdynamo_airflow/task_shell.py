"""What the tasks share: their data set, their stack, and how an error ends them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.dataset import Dataset
from csvdynamo.dataset_file import load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo_airflow.connections import client
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.migration import Migration
from csvdynamo_airflow.prepare import Prepared
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.stack import Stack, read_stack


@contextmanager
def permanent_errors_fail_at_once() -> Iterator[None]:
    """Fail the task without a retry on an error that another attempt cannot mend."""
    try:
        yield
    except (MigrationError, DatasetError) as error:
        raise AirflowFailException(str(error)) from error


def open_dataset(name: str) -> Dataset:
    """Read a data set's file as it is now.

    Raises:
        AirflowFailException: The file is missing or wrong.
    """
    with permanent_errors_fail_at_once():
        return load_dataset(datasets_folder() / f"{name}.toml")


def open_stack(dataset: Dataset) -> Stack:
    """Read a data set's stack.

    Raises:
        AirflowFailException: There is none, or it was deployed from another version of the data set file.
    """
    with permanent_errors_fail_at_once():
        return read_stack(client("cloudformation"), dataset)


def open_migration(dataset_name: str, prepared: dict[str, Any]) -> Migration:
    """Make the migration of a prepared file, from what the task prepare returned."""
    stack = open_stack(open_dataset(dataset_name))
    told = Prepared.from_json(prepared)
    return Migration(
        states=client("stepfunctions"),
        state_machine_arn=stack.state_machine_arn,
        bucket=told.bucket,
        file_key=told.file_key,
        name=told.execution_name,
    )
