"""The DAG of one data set."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from csvdynamo.dataset import Dataset
from csvdynamo.shown import shown_lines
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.markdown import code_span
from csvdynamo_airflow.parameters import SOURCE_URL_LENGTH, SOURCE_URL_PATTERN
from csvdynamo_airflow.preparation.prepared import REFUSED_XCOM, Prepared
from csvdynamo_airflow.rejects.error_files import Merged
from csvdynamo_airflow.rejects.error_files_operator import INCOMPLETE_XCOM, FetchErrorFilesOperator
from csvdynamo_airflow.settings import retry_seconds
from csvdynamo_airflow.table.checked_table import CheckedTable
from csvdynamo_airflow.task_error import ERROR_XCOM, tell_error
from csvdynamo_airflow.workflow.execution_sensor import ExecutionSensor

log = shown_log(__name__)

_RULES_TIMEOUT = timedelta(hours=6)
"""Ends the tasks that hold rows against a data set's patterns, one of which may match for ever on some text."""

DOC = """\
Takes {file_name} to the DynamoDB table {table}, and proves that no row was lost.

| task | what it does |
|---|---|
| download | streams the source to the bucket's `landing/` |
| prepare | numbers the rows, rejects what cannot be uploaded, writes the file that Step Functions reads |
| start, wait | run the Distributed Map on it; a retry finds its own execution, a failed one is redriven |
| fetch_error_files | waits until every reject is readable, and merges them |
| verify | reads the table back, by a sample of keys or whole, and compares it with the prepared file |
| reconcile, report | balance the ledger and write `report.json`, for a failed run as well |
| accounted | alone decides whether the run is green: every row accounted for, not too many rejects |

Trigger it with another `source_url` to migrate another file of this data set, or with `dry_run` to stop after prepare.
"""


def make_dag(dataset: Dataset) -> DAG:
    """Make the DAG of a data set.

    Args:
        dataset: The data set, read from its file. The tasks read the file again when they run.
    """
    with DAG(
        dag_id=f"csvdynamo_{dataset.name}",
        description=f"{dataset.source.file_name} to the DynamoDB table {dataset.table.name}, every row accounted for",
        schedule=dataset.dag.schedule,
        start_date=datetime(2024, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": dataset.dag.owner,
            "retries": 3,
            "retry_delay": timedelta(seconds=retry_seconds()),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=15),
            "on_failure_callback": tell_error,
        },
        params=_params(dataset),
        tags=["csvdynamo", *dataset.dag.tags],
        doc_md=DOC.format(file_name=code_span(dataset.source.file_name), table=code_span(dataset.table.name)),
    ) as dag:
        _add_tasks(dataset)
    return dag


def _params(dataset: Dataset) -> dict[str, Param]:
    return {
        "source_url": Param(
            dataset.source.url,
            maxLength=SOURCE_URL_LENGTH,
            pattern=SOURCE_URL_PATTERN,
            type="string",
            minLength=1,
            title="Source",
            description="Where the CSV is: an https URL on a host that the data set file allows, or what the "
            "worker's settings for local use allow. It may be gzipped. Credentials belong into the Airflow "
            "connection that the data set file names.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Stop after prepare: nothing is written to the table.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Force",
            description="Migrate again when this run is cleared after it succeeded.",
        ),
    }


def _add_tasks(dataset: Dataset) -> None:
    downloaded = _download(dataset.name)
    prepared = _prepare(dataset.name, downloaded)
    started = _start(dataset.name, prepared)
    waited = ExecutionSensor(task_id="wait", dataset_name=dataset.name, prepared=prepared)
    fetched = FetchErrorFilesOperator(
        task_id="fetch_error_files", dataset_name=dataset.name, prepare_task="prepare", trigger_rule="all_done"
    )
    verified = _verify(dataset.name)
    reconciled = _reconcile(dataset.name)
    reported = _report(dataset.name)
    started >> waited >> fetched >> verified >> reconciled >> reported >> _accounted(dataset)


# The bodies import what they need: the DAG processor parses this module again and again, and needs none of it.


@task(task_id="download", multiple_outputs=False)
def _download(dataset_name: str, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    steps.refuse_unknown_parameters(context["params"])
    return steps.download_source(dataset_name, context["params"]["source_url"], context["run_id"])


@task(task_id="prepare", multiple_outputs=False, execution_timeout=_RULES_TIMEOUT)
def _prepare(dataset_name: str, landed: Any, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    def keep_refused(prepared: dict[str, Any]) -> None:
        context["ti"].xcom_push(key=REFUSED_XCOM, value=prepared)

    return steps.prepare_source(dataset_name, landed, context["run_id"], keep_refused)


@task(task_id="start", multiple_outputs=False)
def _start(dataset_name: str, prepared: Any, **context: Any) -> dict[str, str]:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    params = context["params"]
    if params["dry_run"]:
        raise AirflowSkipException("A dry run: nothing is migrated.")
    if prepared["prepared_rows"] == 0:
        raise AirflowSkipException("There is no row to migrate.")
    return steps.start_migration(dataset_name, prepared, force=params["force"])


@task(task_id="verify", multiple_outputs=False, trigger_rule="all_done", execution_timeout=_RULES_TIMEOUT)
def _verify(dataset_name: str, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    checked = steps.check_table(dataset_name, context["ti"].xcom_pull(task_ids="prepare"), context["run_id"])
    if checked is None:
        raise AirflowSkipException("No item is to be checked: see the lines before this one.")
    return checked


@task(task_id="reconcile", multiple_outputs=False, trigger_rule="all_done")
def _reconcile(dataset_name: str, **context: Any) -> dict[str, Any] | None:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    return steps.reconcile(_findings(dataset_name, context))


@task(task_id="report", multiple_outputs=False, trigger_rule="all_done")
def _report(dataset_name: str, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow import steps  # noqa: PLC0415

    return steps.publish_report(_findings(dataset_name, context), context["ti"].xcom_pull(task_ids="reconcile"))


def _accounted(dataset: Dataset) -> Any:
    # For a scheme without "x-" Airflow imports every provider's asset handlers, boto3 with them, at each parse.
    # Its name is its URI: Airflow takes no other URI for a name that it knows, and a data set may change its table.
    asset = Asset(f"x-dynamodb://{dataset.table.name}")

    @task(task_id="accounted", trigger_rule="all_done", outlets=[asset])
    def accounted(**context: Any) -> None:
        from csvdynamo_airflow import steps  # noqa: PLC0415

        report = context["ti"].xcom_pull(task_ids="report")
        if not report:
            raise AirflowFailException("There is no report: see the log of the task report.")
        if report["problems"]:
            raise AirflowFailException("Not every row is accounted for, or too many were lost:\n" + report["summary"])
        context["outlet_events"][asset].extra = {"report": report["key"], "written": report["ledger"]["written"]}
        log.info("%s", shown_lines(report["summary"]))
        if not context["params"]["dry_run"]:
            steps.remember_columns(dataset.name, context["ti"].xcom_pull(task_ids="prepare"))

    return accounted()


def _findings(dataset_name: str, context: Mapping[str, Any]) -> Findings:
    """Collect what the tasks before the present one left."""
    instance = context["ti"]
    prepared = instance.xcom_pull(task_ids="prepare")
    refused = None if prepared else instance.xcom_pull(task_ids="prepare", key=REFUSED_XCOM)
    document = prepared or refused
    checked = instance.xcom_pull(task_ids="verify")
    merged = instance.xcom_pull(task_ids="fetch_error_files") or instance.xcom_pull(
        task_ids="fetch_error_files", key=INCOMPLETE_XCOM
    )
    before = context["task"].get_flat_relative_ids(upstream=True)
    return Findings(
        dataset=dataset_name,
        run_id=instance.run_id,
        dry_run=context["params"]["dry_run"],
        landed=instance.xcom_pull(task_ids="download"),
        prepared=Prepared.from_json(document) if document else None,
        refused=bool(refused),
        merged=Merged.from_json(merged) if merged else None,
        checked=CheckedTable.from_json(checked) if checked else None,
        tasks=tuple(
            EndedTask(
                ended["task_id"],
                ended["state"],
                round(ended["duration"] or 0.0, 3),
                instance.xcom_pull(task_ids=ended["task_id"], key=ERROR_XCOM) or "",
            )
            for ended in instance.get_task_breadcrumbs(dag_id=instance.dag_id, run_id=instance.run_id)
            if ended["task_id"] in before
        ),
    )
