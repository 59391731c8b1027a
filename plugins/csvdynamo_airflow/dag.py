"""The DAG of one data set."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.shown import shown_lines
from csvdynamo_airflow.documents.prepared import REFUSED_XCOM
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.markdown import code_span
from csvdynamo_airflow.naming import dag_id_of
from csvdynamo_airflow.settings import retry_seconds
from csvdynamo_airflow.tasks.error_files_operator import FetchErrorFilesOperator
from csvdynamo_airflow.tasks.execution_sensor import ExecutionSensor
from csvdynamo_airflow.tasks.lineage import keep_for_lineage, tell_lineage
from csvdynamo_airflow.tasks.links import LINKS
from csvdynamo_airflow.tasks.notifiers import refuse_wrong_notifiers
from csvdynamo_airflow.tasks.run_documents import RunDocuments
from csvdynamo_airflow.tasks.task_error import tell_error
from csvdynamo_airflow.tasks.task_table import RETRIES, task_list, tasks_of
from csvdynamo_airflow.tasks.told_assets import error_files, error_files_asset, table_asset, written_rows
from csvdynamo_airflow.trigger_form import trigger_form

log = shown_log(__name__)

DOC = """\
Takes {file_name} to the DynamoDB table {table}, and proves that no row was lost.

| task | what it does |
|---|---|
{tasks}

The schedule {schedule} is in the time zone {timezone}. Trigger it with another `source_url` to migrate another file of
this data set, with `dry_run` to stop after prepare, with `accept_source` to let a source pass that has too few rows
or a last record that is no row, with `replay` to take the rows back that a run left out, or with `rollback` to take the
last run back.

What became of the rows: the tab *Migration* of each run, and all runs of this data set under
[Migrations](plugin/migrations/{dag_id}).
"""


def make_dag(dataset: Dataset) -> DAG:
    """Make the DAG of a data set.

    Args:
        dataset: The data set, read from its file. The tasks read the file again when they run.

    Raises:
        DatasetError: A notifier that it names is none.
    """
    refuse_wrong_notifiers(dataset)
    with DAG(
        dag_id=dag_id_of(dataset.name),
        description=f"{dataset.source.file_name} to the DynamoDB table {dataset.table.name}, every row accounted for",
        schedule=dataset.dag.schedule,
        # Its time zone is the one that the schedule's times are in.
        start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo(dataset.dag.timezone)),
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": dataset.dag.owner,
            "retries": RETRIES,
            "retry_delay": timedelta(seconds=retry_seconds()),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=15),
            "on_failure_callback": tell_error,
        },
        params=trigger_form(dataset),
        tags=["csvdynamo", *dataset.dag.tags],
        doc_md=DOC.format(
            dag_id=dag_id_of(dataset.name),
            file_name=code_span(dataset.source.file_name),
            table=code_span(dataset.table.name),
            schedule=code_span(dataset.dag.schedule or "none"),
            timezone=code_span(dataset.dag.timezone),
            tasks=task_list(tasks_of(asks=dataset.asks)),
        ),
    ) as dag:
        _add_tasks(dataset)
    return dag


def _add_tasks(dataset: Dataset) -> None:
    """Add the tasks of the table, each with the body that is called like it, and what it needs before it."""
    added: dict[str, Any] = {}
    for row in tasks_of(asks=dataset.asks):
        shared = {"task_id": row.task_id, "trigger_rule": row.trigger_rule, "execution_timeout": row.timeout}
        added[row.task_id] = _BODIES[row.task_id](dataset, added, shared)
        operator = _operator_of(added[row.task_id])
        operator.operator_extra_links = LINKS.get(row.task_id, ())
        tell_lineage(operator, dataset.name)
        for needed in row.needs:
            if needed in added:
                added[needed] >> added[row.task_id]


def _operator_of(made: Any) -> Any:
    """Give the operator of what a body made: of a decorated function it is what the function returns."""
    return getattr(made, "operator", made)


# The bodies import what they need: the DAG processor parses this module again and again, and needs none of it.


def _download(dataset_name: str, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow.tasks import steps  # noqa: PLC0415

    params = context["params"]
    steps.refuse_unknown_parameters(params)
    if params["rollback"]:
        from csvdynamo_airflow.tasks.rollback_step import land_rollback  # noqa: PLC0415

        landed = land_rollback(dataset_name, params)
    else:
        replay = params["replay"] or ""
        landed = steps.download_source(
            dataset_name, params["source_url"], context["run_id"], force=params["force"], replay=replay
        )
    keep_for_lineage(context["task"], landed=landed)
    return landed


def _prepare(dataset_name: str, landed: Any, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow.tasks import steps  # noqa: PLC0415

    def keep_refused(prepared: dict[str, Any]) -> None:
        context["ti"].xcom_push(key=REFUSED_XCOM, value=prepared)

    params = context["params"]
    options = {name: params[name] for name in ("accept_source", "dry_run", "force")}
    if params["rollback"]:
        from csvdynamo_airflow.tasks.rollback_step import prepare_rolled_back  # noqa: PLC0415

        run = params["rollback"]
        prepared = prepare_rolled_back(dataset_name, context["run_id"], keep_refused, rollback=run, **options)
    else:
        more = {"source_url": params["source_url"], "replay": params["replay"] or ""}
        prepared = steps.prepare_source(dataset_name, landed, context["run_id"], keep_refused, **more, **options)
    keep_for_lineage(context["task"], prepared=prepared)
    return prepared


def _start(dataset_name: str, prepared: Any, **context: Any) -> dict[str, str]:
    from csvdynamo_airflow.tasks import steps  # noqa: PLC0415
    from csvdynamo_airflow.tasks.task_shell import wait_for_turn  # noqa: PLC0415

    params = context["params"]
    if params["dry_run"]:
        raise AirflowSkipException("A dry run: nothing is migrated.")
    with wait_for_turn(context):
        approval = context["ti"].xcom_pull(task_ids="approve") if prepared.get("questions") else None
        started = steps.start_migration(dataset_name, prepared, approval, force=params["force"])
    if started is None:
        raise AirflowSkipException("There is no row to write.")
    return started


def _verify(dataset_name: str, **context: Any) -> dict[str, Any]:
    from csvdynamo_airflow.tasks import steps  # noqa: PLC0415

    if context["params"]["dry_run"]:
        raise AirflowSkipException("A dry run: no row of it is in the table.")
    left = RunDocuments.before("verify", context).left
    read = left["outcome"] or left["incomplete"]
    checked = steps.check_table(dataset_name, left["prepared"], left["ended"], read, context["run_id"])
    if checked is None:
        raise AirflowSkipException("No item is to be checked: see the lines before this one.")
    return checked


def _reconcile(dataset_name: str, **context: Any) -> dict[str, Any] | None:
    from csvdynamo_airflow.tasks import steps  # noqa: PLC0415

    return steps.reconcile(RunDocuments.before("reconcile", context).findings(dataset_name))


def _report(dataset: Dataset, _added: dict[str, Any], shared: dict[str, Any]) -> Any:
    files = error_files_asset(dataset)

    @task(**shared, multiple_outputs=False, outlets=[files.alias], on_success_callback=files.note_told)
    def report(dataset_name: str, **context: Any) -> dict[str, Any]:
        from csvdynamo_airflow.tasks import announcements, report_step  # noqa: PLC0415

        def announce(read: Dataset, written: dict[str, Any]) -> None:
            announcements.announce_end(read, written, context)

        documents = RunDocuments.before("report", context)
        told = report_step.publish_report(documents.findings(dataset_name), documents.left["reconciled"], announce)
        extra = {
            "report": told["key"],
            "accounted": not told["problems"],
            "files": told["error_files"],
            "rejects_by_code": told["rejects_by_code"],
            "ledger": told["ledger"],
        }
        files.tell(context, error_files(told), extra)
        keep_for_lineage(context["task"], report=told, checked=documents.left["checked"])
        return {**told, "made_of": documents.digest}

    return report(dataset.name)


def _accounted(dataset: Dataset, _added: dict[str, Any], shared: dict[str, Any]) -> Any:
    table = table_asset(dataset)

    @task(**shared, outlets=[table.alias], on_success_callback=table.note_told)
    def accounted(**context: Any) -> None:
        from csvdynamo_airflow.tasks import green_run, replay_steps  # noqa: PLC0415

        report = context["ti"].xcom_pull(task_ids="report")
        # One that an earlier attempt left speaks of what was then.
        if not report or report["made_of"] != RunDocuments.before("report", context).digest:
            raise AirflowFailException(
                "There is no report of this attempt: see the log of the task report, and clear it."
            )
        if report["problems"]:
            raise AirflowFailException("Not every row is accounted for, or too many were lost:\n" + report["summary"])
        log.info("%s", shown_lines(report["summary"]))
        if context["params"]["dry_run"]:
            return
        prepared = context["ti"].xcom_pull(task_ids="prepare")
        read = context["ti"].xcom_pull(task_ids="fetch_error_files")
        green_run.remember_green_run(dataset.name, prepared, context["run_id"], read)
        ledger = report["ledger"]
        if prepared.get("replay"):
            replay_steps.amend_replayed(dataset.name, prepared, context["run_id"], read, ledger)
        extra = {"report": report["key"], "written": ledger["written"], "ledger": ledger}
        if changes := report.get("changes"):  # an earlier version's report tells of none
            extra["changes"] = changes
        table.tell(context, written_rows(dataset.name, prepared, report), extra)

    return accounted()


def _approve(dataset: Dataset, added: dict[str, Any], shared: dict[str, Any]) -> Any:
    from csvdynamo_airflow.tasks.approval_operator import ApprovalOperator  # noqa: PLC0415 - only where a gate asks

    hours = dataset.gates.approval_hours
    return ApprovalOperator(**shared, dataset_name=dataset.name, prepared=added["prepare"], hours=hours)


def _wait(dataset: Dataset, added: dict[str, Any], shared: dict[str, Any]) -> ExecutionSensor:
    return ExecutionSensor(**shared, dataset_name=dataset.name, prepared=added["prepare"])


def _fetch_error_files(dataset: Dataset, _added: dict[str, Any], shared: dict[str, Any]) -> FetchErrorFilesOperator:
    return FetchErrorFilesOperator(**shared, dataset_name=dataset.name, prepare_task="prepare", wait_task="wait")


def _calling(body: Callable[..., Any], *told_by: str) -> Callable[..., Any]:
    """Make a task of a function of the data set's name, of what some tasks returned, and of the context."""

    def make(dataset: Dataset, added: dict[str, Any], shared: dict[str, Any]) -> Any:
        return task(**shared, multiple_outputs=False)(body)(dataset.name, *(added[one] for one in told_by))

    return make


_BODIES: dict[str, Callable[[Dataset, dict[str, Any], dict[str, Any]], Any]] = {
    "download": _calling(_download),
    "prepare": _calling(_prepare, "download"),
    "approve": _approve,
    "start": _calling(_start, "prepare"),
    "wait": _wait,
    "fetch_error_files": _fetch_error_files,
    "verify": _calling(_verify),
    "reconcile": _calling(_reconcile),
    "report": _report,
    "accounted": _accounted,
}
"""What each task of the table does. Each is given the data set, the tasks before it, and what the table says of it."""
