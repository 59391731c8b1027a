"""What download and prepare do in a run that takes another one back: nothing is downloaded, and no source is read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from csvdynamo.aws.stored_object import read_object
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.run_line import read_runs, runs_key
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.parameters import ParameterError
from csvdynamo_airflow.preparation.gate_error import GateError
from csvdynamo_airflow.preparation.rollback.find_rollback import KeptRuns, Rollback, RollbackError, find_rollback
from csvdynamo_airflow.preparation.rollback.prepare_rollback import prepare_rollback
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared, read_prepared, read_rules
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.steps import find_base_of
from csvdynamo_airflow.tasks.task_shell import (
    find_table,
    open_dataset,
    open_stack,
    permanent_errors_fail_at_once,
    refuse_other_table,
)

log = shown_log(__name__)


def land_rollback(dataset_name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Find the run that is taken back, and the green one before it; return what that one's download stored.

    Args:
        dataset_name: The data set.
        params: The parameters of the DAG run.
    """
    dataset = open_dataset(dataset_name)
    with permanent_errors_fail_at_once():
        if params["source_url"] != dataset.source.url or params["replay"]:
            raise ParameterError(
                "The run was triggered with rollback, which reads no source, and with another source_url or replay: "
                "trigger the DAG with one of them."
            )
    stack = open_stack(dataset, Use.WRITE)
    refuse_other_table(stack, dataset)
    with permanent_errors_fail_at_once():
        rollback = _find(dataset, stack, params["rollback"])
    told = "Run %s is taken back: the file of the green run before it (execution %s) is migrated once more."
    log.info(told, rollback.run_id, rollback.file.execution_name)
    return rollback.file.source.to_json()


def prepare_rolled_back(
    dataset_name: str,
    run_id: str,
    keep_refused: Callable[[dict[str, Any]], None] = lambda _: None,
    *,
    rollback: str,
    accept_source: bool = False,
    dry_run: bool = False,
    force: bool = False,
) -> dict[str, Any]:
    """Write the file that takes a run back; return where it is and how many rows it has.

    Args:
        dataset_name: The data set.
        run_id: The DAG run's id.
        keep_refused: Is handed the same of a file that is not uploaded because some items cannot be put back.
        rollback: The DAG run's id of the run that is taken back.
        accept_source: Whether a person lets that pass.
        dry_run: Whether the run stops after prepare, and tells what it would have done.
        force: Whether every row is looked at, whatever the snapshot says of the table.
    """
    dataset, s3 = open_dataset(dataset_name), client("s3")
    stack = open_stack(dataset, Use.LOOK)
    with permanent_errors_fail_at_once():
        try:
            prepared = prepare_rollback(
                _find(dataset, stack, rollback),
                dataset,
                s3=s3,
                run_id=run_id,
                name_execution=lambda key: execution_name(dataset_name, run_id, key, dataset.rules.digest),
                find_base=lambda: find_base_of(dataset, force=force),
                read_rules=partial(read_rules, s3, stack.bucket, dataset_name),
                accept_source=accept_source,
                dry_run=dry_run,
            )
        except GateError as error:
            keep_refused(error.prepared.to_json())
            raise
    if not dry_run:
        keep_prepared(s3, prepared, dataset)
    return prepared.to_json()


def _find(dataset: Dataset, stack: Stack, run_id: str) -> Rollback:
    if not dataset.write.only_changed:
        raise RollbackError(
            f'A run is taken back by what a snapshot tells of the table: set write.mode = "changed" in '
            f"datasets/{dataset.name}.toml, and deploy."
        )
    s3, name = client("s3"), dataset.name

    def is_of(prepared: Prepared, run: str) -> bool:
        # Its name is made of the run's id, so that a run is known that was killed before it wrote a report.
        return prepared.execution_name == execution_name(name, run, prepared.migrated_key, prepared.rules)

    kept = KeptRuns(
        StoredPointer(s3, stack.bucket, name).read(),
        read_runs(_runs_document(stack)),
        partial(read_prepared, s3, stack.bucket, name),
        is_of,
    )
    return find_rollback(run_id, kept, find_table(stack, dataset), dataset.rules)


def _runs_document(stack: Stack) -> bytes:
    s3 = client("s3")
    try:
        return read_object(s3, stack.bucket, runs_key(stack.dataset))
    except s3.exceptions.NoSuchKey:
        return b"[]"
