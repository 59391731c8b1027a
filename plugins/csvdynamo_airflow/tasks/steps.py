"""What the tasks of the DAG do, with clients of the Airflow connection: thin, one function a task."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.shown import shown_lines
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.witnesses import count_migration
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.execution import Ended
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.parameters import refuse_unknown
from csvdynamo_airflow.preparation.prepare import GateError, Prepared, prepare
from csvdynamo_airflow.preparation.replay.replaying import as_replayed
from csvdynamo_airflow.settings import local_use
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.source.download import Landed, download
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.table.last_check import LastCheck
from csvdynamo_airflow.table.table_reader import TableReader
from csvdynamo_airflow.table.verification import TableCheck
from csvdynamo_airflow.tasks.connections import client, source_credentials
from csvdynamo_airflow.tasks.replay_steps import download_replayed, find_replaying
from csvdynamo_airflow.tasks.task_shell import (
    find_table,
    make_migration,
    open_dataset,
    open_stack,
    permanent_errors_fail_at_once,
    refuse_other_rules,
    refuse_other_table,
    refuse_unapproved,
    refuse_unwanted_deletions,
)
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.other_executions import OtherExecutions
from csvdynamo_airflow.workflow.snapshot_trust import find_base

log = shown_log(__name__)


def refuse_unknown_parameters(params: Mapping[str, Any]) -> None:
    """Fail a run with a parameter that there is not, before its first step."""
    with permanent_errors_fail_at_once():
        refuse_unknown(params)


def download_source(
    dataset_name: str, url: str, run_id: str, *, force: bool = False, replay: str = ""
) -> dict[str, Any]:
    """Stream the source to ``landing/``, once the table is one that its rows fit; return what landed.

    Args:
        dataset_name: The data set.
        url: The source.
        run_id: The DAG run's id.
        force: Whether it is fetched although its publisher says that it is unchanged.
        replay: The DAG run's id of the run whose rows are replayed; "" where none is.
    """
    dataset = open_dataset(dataset_name)
    stack = open_stack(dataset, Use.WRITE)
    refuse_other_table(stack, dataset)
    with permanent_errors_fail_at_once():
        if replay:
            return download_replayed(stack, dataset, url, run_id, replay).to_json()
        return download(
            url,
            dataset=dataset,
            bucket=stack.bucket,
            s3=client("s3"),
            run_id=run_id,
            local=local_use(),
            find_credentials=source_credentials,
            force=force,
        ).to_json()


def prepare_source(
    dataset_name: str,
    landed: dict[str, Any],
    run_id: str,
    keep_refused: Callable[[dict[str, Any]], None] = lambda _: None,
    *,
    source_url: str | None = None,
    accept_source: bool = False,
    dry_run: bool = False,
    force: bool = False,
    replay: str = "",
) -> dict[str, Any]:
    """Write the file that Step Functions reads; return where it is and how many rows it has.

    Args:
        dataset_name: The data set.
        landed: What download returned.
        run_id: The DAG run's id.
        keep_refused: Is handed the same of a file that is not uploaded because a gate of the data set stopped it.
        source_url: The source that the run was to read.
        accept_source: Whether a person lets the source pass with too few rows, or a last record that is no row.
        dry_run: Whether the run stops after prepare, and tells what it would have done.
        force: Whether all rows are written, whatever the table has of them.
        replay: The DAG run's id of the run whose rows are replayed; "" where none is.
    """
    dataset, s3 = open_dataset(dataset_name), client("s3")
    with permanent_errors_fail_at_once():
        replaying = find_replaying(dataset, run_id, replay) if replay else None
        dataset = as_replayed(dataset) if replay else dataset
        try:
            prepared = prepare(
                Landed.from_json(landed),
                dataset,
                s3=s3,
                run_id=run_id,
                name_execution=lambda key: execution_name(dataset_name, run_id, key, dataset.rules.digest),
                source_url=None if replay else source_url,
                accept_source=accept_source,
                dry_run=dry_run,
                find_base=lambda: find_base_of(dataset, force=force),
                replaying=replaying,
            )
        except GateError as error:
            keep_refused(error.prepared.to_json())
            raise
    if not dry_run:
        keep_prepared(s3, prepared, dataset)
    return prepared.to_json()


def find_base_of(dataset: Dataset, *, force: bool) -> Base:
    """Find the snapshot that a run may rest on that writes only what changed."""
    at, stack = time.time(), open_stack(dataset, Use.LOOK)
    table = find_table(stack, dataset)
    stored = StoredPointer(client("s3"), stack.bucket, dataset.name)
    executions = OtherExecutions(client("stepfunctions"), stack.state_machine_arn, ())
    base = find_base(stored, dataset.rules.digest, table, executions, at)
    return replace(base, snapshot=None, why_all="the run was triggered with force") if force else base


def start_migration(
    dataset_name: str, prepared: Mapping[str, Any], approval: Mapping[str, Any] | None = None, *, force: bool
) -> dict[str, str] | None:
    """Start the run's execution or attach to it; return which one it is, None where no row is to be written.

    The table is looked at again: days may lie between download and a start that was cleared. The file is migrated again
    where the run's last check found the table without items that its execution had written, or with others.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned.
        approval: What approve returned, None where no gate asks.
        force: Migrate again whatever the check found.
    """
    with permanent_errors_fail_at_once():
        file = Prepared.from_json(prepared)
    if file.nothing_to_write:
        return None
    dataset = open_dataset(dataset_name)
    stack = open_stack(dataset, Use.WRITE)
    refuse_other_table(stack, dataset)
    with permanent_errors_fail_at_once():
        refuse_other_rules(file, dataset)
        refuse_unwanted_deletions(file, dataset)
        refuse_unapproved(file, Approval.from_json(approval) if approval else None)
        last_check = LastCheck.of(client("s3"), dataset_name, file)
        execution = make_migration(stack, dataset, file).start(lambda newest: force or last_check.found_damage(newest))
    return {"arn": execution.arn, "name": execution.name, "status": execution.status}


def check_table(
    dataset_name: str,
    prepared: Mapping[str, Any] | None,
    ended: Mapping[str, Any] | None,
    read: Mapping[str, Any] | None,
    run_id: str,
) -> dict[str, Any] | None:
    """Compare the table with the prepared file; return what differs.

    The rules must be those that the Lambda functions have: by other rules every item would differ.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned, None when it did not end.
        ended: What wait returned, None when it did not see the execution succeed.
        read: What fetch_error_files returned, None when it read nothing.
        run_id: The DAG run's id.

    Returns:
        A `CheckedTable` as JSON, None when there is nothing to check: the data set wants none, or nothing was migrated.
    """
    dataset = open_dataset(dataset_name)
    if prepared is None or dataset.policies.verify.mode is VerifyMode.NONE:
        log.info("Nothing to check: %s.", "no file was prepared" if prepared is None else 'verify.mode is "none"')
        return None
    stack = open_stack(dataset, Use.CHECK)
    file = Prepared.from_json(prepared)
    dataset = as_replayed(dataset) if file.replay else dataset
    with permanent_errors_fail_at_once():
        refuse_other_rules(file, dataset)
        migration = make_migration(stack, dataset, file)
        execution = migration.newest(Ended.from_xcom(ended))
        if execution is None and file.is_in_the_table:
            return _check(file, dataset, stack, Outcome(), migration, run_id=run_id).to_json()
        if execution is None or execution.alive:
            log.info(
                "Nothing to check: %s.", f"{execution.name} has not ended" if execution else "nothing was migrated"
            )
            return None
        outcome = Outcome.from_json(read) if read else None
        if outcome is None or not outcome.is_of(execution.name, execution.redrives):
            log.info("Nothing to check: nobody has read what became of the rows of %s as it is now.", execution.name)
            return None
        return _check(file, dataset, stack, outcome, migration, run_id=run_id).to_json()


def _check(
    file: Prepared, dataset: Dataset, stack: Stack, outcome: Outcome, migration: Migration, *, run_id: str
) -> CheckedTable:
    """Compare the table with the prepared file, and keep what differs for whoever comes next."""
    s3, difference = client("s3"), file.difference
    if migration.claim is not None:
        migration.claim.refuse_other_table()
    reader = TableReader(client("dynamodb"), stack.table, dataset.rules.key)
    with migration.turn.kept(migration.name):
        checked = TableCheck(s3, reader, dataset, file, outcome).run(run_id)
    checked = replace(checked, execution=outcome.execution, redrives=outcome.redrives, at=time.time())
    LastCheck.of(s3, dataset.name, file).keep(checked)
    damage = sum(map(checked.count, (DifferenceKind.MISSING, DifferenceKind.CHANGED)))
    if damage and difference:
        why = f"the check of the table after the run of {file.execution_name} found {damage:,} items missing or changed"
        StoredPointer(s3, file.bucket, dataset.name).doubt(file.execution_name, difference.base, why)
    return checked


def reconcile(findings: Findings) -> dict[str, Any] | None:
    """Hear the witnesses of a run's rows, whatever the run left; return what they say, for the task report.

    Args:
        findings: What the tasks before left.

    Returns:
        ``{"execution": …, "counts": …}``, None when nothing was prepared and so there is nothing to ask.
    """
    if findings.prepared is None:
        return None
    dataset = open_dataset(findings.dataset)
    stack = open_stack(dataset, Use.LOOK)
    with permanent_errors_fail_at_once():
        migration = make_migration(stack, dataset, findings.prepared)
        migration.turn.renew(migration.name)
        execution = migration.newest(findings.ended)
        counts = count_migration(client("s3"), migration.states, findings.prepared, execution, findings.outcome)
        if execution is not None or findings.nothing_to_write:
            checked_at = findings.checked.at if findings.checked else 0.0
            counts = replace(counts, overlapping=migration.overlapping(checked_at))
    log.info("Ledger:\n%s", shown_lines(replace(findings, counts=counts).ledger.table()))
    return {"execution": execution.to_json() if execution else None, "counts": counts.to_json()}
