"""What the tasks share: their data set, their stack, their migration, and how an error ends them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import BatchError, DatasetError, RejectError, ResultFileError
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.settings import datasets_folder, retry_seconds
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.stack import Stack, Use, read_stack, refuse_other_version
from csvdynamo_airflow.table.existing_table import check_table
from csvdynamo_airflow.table.table_key import check_table_key, table_identity
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.snapshot_trust import Claim
from csvdynamo_airflow.workflow.turn import Turn, TurnTakenError

log = shown_log(__name__)

LONGEST_WAIT = timedelta(days=2)
"""How long a run waits for its turn to migrate; as long as it waits for its execution."""

SHORTEST_WAIT_SECONDS = 1.0
"""How soon a run may look again whether it is its turn. Airflow's scheduler gives a task that may run at once another
id, and the attempt that has just said so, and is not there any more when that is noted, fails."""

PERMANENT_ERRORS = (MigrationError, DatasetError, BatchError, RejectError, ResultFileError)
"""Errors that another attempt cannot mend. Any other is retried, `MigrationPostponedError` among them."""


@contextmanager
def permanent_errors_fail_at_once() -> Iterator[None]:
    """Fail the task without a retry on an error that another attempt cannot mend."""
    try:
        yield
    except PERMANENT_ERRORS as error:
        raise AirflowFailException(str(error)) from error


@contextmanager
def wait_for_turn(context: Mapping[str, Any]) -> Iterator[None]:
    """Let a task look again later, without an attempt lost, while it is another's turn to migrate.

    Args:
        context: The task's context.

    Raises:
        AirflowRescheduleException: It is another's turn.
        AirflowFailException: It has been for `LONGEST_WAIT`. A retry would wait as long again: Airflow counts from the
            first look of an attempt.
    """
    try:
        yield
    except TurnTakenError as error:
        now = datetime.now(UTC)
        first = context["ti"].get_first_reschedule_date(context)
        if first is not None and now - first > LONGEST_WAIT:
            waited = f"Waited {LONGEST_WAIT.days} days for the turn to migrate; clear this task to wait again."
            raise AirflowFailException(f"{error} {waited}") from error
        seconds = max(retry_seconds(), error.seconds or 0.0, SHORTEST_WAIT_SECONDS)
        log.info("%s Looking again in %s s.", error, f"{seconds:,.0f}")
        raise AirflowRescheduleException(now + timedelta(seconds=seconds)) from error


def open_dataset(name: str) -> Dataset:
    """Read a data set's file as it is now.

    Raises:
        AirflowFailException: The file is missing or wrong.
    """
    with permanent_errors_fail_at_once():
        return load_dataset(datasets_folder() / f"{name}.toml")


def open_stack(dataset: Dataset, use: Use) -> Stack:
    """Read a data set's stack.

    Args:
        dataset: The data set.
        use: What for.

    Raises:
        AirflowFailException: There is none, or it is not what the data set file says by now, as far as it matters.
    """
    with permanent_errors_fail_at_once():
        stack = read_stack(client("cloudformation"), dataset)
        refuse_other_version(stack, dataset, use)
        return stack


def refuse_other_table(stack: Stack, dataset: Dataset) -> None:
    """Look at the stack's table before anything is stored or started for it.

    Raises:
        AirflowFailException: It is gone, or has another key than the data set file says; a table that the stack did not
            make, other indexes or another time to live, too.
        csvdynamo_airflow.table.table_key.TableNotReadyError: It is being made or deleted.
    """
    with permanent_errors_fail_at_once():
        check_table(client("dynamodb"), stack.table, dataset)


def refuse_other_rules(prepared: Prepared, dataset: Dataset) -> None:
    """Refuse to migrate or check a file by other rules than it was prepared by.

    Raises:
        AirflowFailException: The data set's rules were changed since.
    """
    if prepared.rules != dataset.rules.digest:
        raise AirflowFailException(
            f"The rules in datasets/{dataset.name}.toml were changed since s3://{prepared.bucket}/{prepared.file_key} "
            f"was prepared (then {prepared.rules[:12]}, now {dataset.rules.digest[:12]}): one key could have two "
            "items, or a rule hold for half of the rows. Clear the task prepare, which makes the file anew, or bring "
            "the rules back."
        )


def refuse_unwanted_deletions(prepared: Prepared, dataset: Dataset) -> None:
    """Refuse to start an execution that deletes what is to be kept by now.

    Raises:
        AirflowFailException: The data set file does not let items be deleted any more.
    """
    if prepared.deletions and not dataset.write.deletes and not prepared.rollback:
        raise AirflowFailException(
            f"The file s3://{prepared.bucket}/{prepared.migrated_key} deletes {prepared.deletions:,} items, and "
            f"datasets/{dataset.name}.toml does not want any deleted any more. Clear the task prepare, which makes the "
            'file anew, or set write.vanished = "delete" again, and deploy.'
        )


def refuse_unapproved(prepared: Prepared, approval: Approval | None) -> None:
    """Refuse to migrate a file that a gate asks about, and that no person let pass as it is.

    Raises:
        AirflowFailException: The approval is of another file, of other questions, or there is none.
    """
    if prepared.questions and not (approval and approval.lets_pass(prepared.asked)):
        gates = ", ".join(question.gate for question in prepared.questions)
        raise AirflowFailException(
            f"A gate asks about s3://{prepared.bucket}/{prepared.file_key} ({gates}), and no person let this file "
            "pass. Clear the task approve with everything downstream, which asks; or prepare, if no gate is to ask any "
            "more."
        )


def find_table(stack: Stack, dataset: Dataset) -> str:
    """Tell the stack's table from every other one, as it is now (`table_identity`).

    Raises:
        TableError: There is none, or its key is another.
        TableNotReadyError: It is being made or deleted.
    """
    return table_identity(check_table_key(client("dynamodb"), stack.table, dataset), dataset.table.ttl)


def make_migration(stack: Stack, dataset: Dataset, prepared: Prepared) -> Migration:
    """Make the migration of a prepared file."""
    s3, difference = client("s3"), prepared.difference
    return Migration(
        dataset=stack.dataset,
        states=client("stepfunctions"),
        state_machine_arn=stack.state_machine_arn,
        bucket=prepared.bucket,
        file_key=prepared.migrated_key,
        rules=prepared.migrated_header.told_rules(prepared.rules, deletes=prepared.deletions > 0),
        prepared_at=prepared.at,
        name=prepared.execution_name,
        turn=Turn(s3, prepared.bucket, turn_key(stack.dataset)),
        claim=Claim(
            StoredPointer(s3, prepared.bucket, stack.dataset),
            prepared.execution_name,
            prepared.base,
            leaves_one=difference is not None and dataset.write.only_changed,
            find_table=partial(find_table, stack, dataset),
            trace=difference.trace if difference and (dataset.write.deletes or prepared.rollback) else None,
            at=difference.at if difference else 0.0,
            told=difference.traces if difference else (),
            settled=prepared.at if prepared.replay else None,
        ),
    )
