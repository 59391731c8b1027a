"""What the tasks do beside the others where rows of a run are replayed."""

from collections.abc import Mapping
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.computed import RowNumber
from csvdynamo_airflow.accounting.amendment import amend
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.replayed_run import ReplayedRun
from csvdynamo_airflow.outcome.error_csv import ERROR_CSV_FILE
from csvdynamo_airflow.preparation.replay.replaying import Replaying, as_replayed
from csvdynamo_airflow.settings import local_use
from csvdynamo_airflow.source.download import download
from csvdynamo_airflow.source.error_csv import land_error_csv
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.tasks.connections import client, source_credentials
from csvdynamo_airflow.tasks.task_shell import open_stack, permanent_errors_fail_at_once
from csvdynamo_airflow.workflow.find_replayed import ReplayError, ReplayFinder
from csvdynamo_airflow.workflow.other_executions import OtherExecutions


def download_replayed(stack: Stack, dataset: Dataset, url: str, run_id: str, replay: str) -> Landed:
    """Fetch the error CSV of a run: its own in the bucket, or the corrected one, where another source is given.

    Args:
        stack: The stack.
        dataset: The data set.
        url: The source; the data set's own where none is given.
        run_id: The DAG run's id.
        replay: That of the run whose rows are replayed.

    Raises:
        MigrationError: They cannot be, or the source is none.
    """
    run, s3 = _find(stack, dataset, replay), client("s3")
    if url == dataset.source.url:
        return land_error_csv(s3, stack.bucket, run.named.beside_its_report(ERROR_CSV_FILE), dataset, run_id)
    return download(
        url,
        dataset=as_replayed(dataset),
        bucket=stack.bucket,
        s3=s3,
        run_id=run_id,
        local=local_use(),
        find_credentials=source_credentials,
    )


def find_replaying(dataset: Dataset, run_id: str, replay: str) -> Replaying:
    """Find the run whose rows are replayed, for prepare.

    Args:
        dataset: The data set.
        run_id: The DAG run's id.
        replay: That of the run whose rows are replayed.

    Raises:
        MigrationError: They cannot be.
    """
    return Replaying(client("s3"), _find(open_stack(dataset, Use.LOOK), dataset, replay), run_id)


def amend_replayed(
    dataset_name: str,
    prepared: Mapping[str, Any],
    run_id: str,
    read: Mapping[str, Any] | None,
    ledger: Mapping[str, int],
) -> None:
    """Say beside the report of the run whose rows were replayed what is in the table of them since.

    Args:
        dataset_name: The data set.
        prepared: What prepare returned.
        run_id: The DAG run's id.
        read: What fetch_error_files returned.
        ledger: The ledger of the run's report.
    """
    with permanent_errors_fail_at_once():
        file = Prepared.from_json(prepared)
        amend(
            client("s3"),
            dataset_name,
            file,
            Outcome.from_json(read) if read else Outcome(),
            ledger=ledger,
            run_id=run_id,
        )


def _find(stack: Stack, dataset: Dataset, replay: str) -> ReplayedRun:
    if any(isinstance(one.formula, RowNumber) for one in dataset.computed):
        raise ReplayError(
            f"An attribute of datasets/{dataset.name}.toml is the row's number, and a replayed row has another one "
            "than in its source. Trigger the DAG with the whole corrected source."
        )
    executions = OtherExecutions(client("stepfunctions"), stack.state_machine_arn, ())
    return ReplayFinder(client("s3"), stack.bucket, dataset.name, executions).find(replay)
