"""What the tasks of the DAG do, with clients of the Airflow connection: thin, one function a task."""

import logging
from typing import Any

from csvdynamo_airflow.connections import client
from csvdynamo_airflow.download import Landed, download
from csvdynamo_airflow.error_files import Merged
from csvdynamo_airflow.ledger import Ledger
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.prepare import Prepared, prepare
from csvdynamo_airflow.report import Findings, finish_report, make_report, report_key, report_text, summary
from csvdynamo_airflow.task_shell import open_dataset, open_migration, open_stack, permanent_errors_fail_at_once
from csvdynamo_airflow.verdict import problems
from csvdynamo_airflow.witnesses import MigrationCounts, count_migration, make_ledger

log = logging.getLogger(__name__)


def download_source(dataset_name: str, url: str, run_id: str) -> dict[str, Any]:
    """Stream the source to ``landing/``; return what landed."""
    dataset = open_dataset(dataset_name)
    stack = open_stack(dataset)
    with permanent_errors_fail_at_once():
        return download(url, dataset=dataset, bucket=stack.bucket, s3=client("s3"), run_id=run_id).to_json()


def prepare_source(dataset_name: str, landed: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Write the file that Step Functions reads; return where it is and how many rows it has."""
    with permanent_errors_fail_at_once():
        return prepare(
            Landed.from_json(landed),
            open_dataset(dataset_name),
            s3=client("s3"),
            run_id=run_id,
            name_execution=lambda file_key: execution_name(dataset_name, run_id, file_key),
        ).to_json()


def start_migration(dataset_name: str, prepared: dict[str, Any], *, force: bool) -> dict[str, str]:
    """Start the run's execution or attach to it; return which one it is."""
    with permanent_errors_fail_at_once():
        execution = open_migration(dataset_name, prepared).start(force=force)
    return {"arn": execution.arn, "name": execution.name, "status": execution.status}


def reconcile(
    dataset_name: str,
    run_id: str,
    *,
    landed: dict[str, Any] | None,
    prepared: dict[str, Any] | None,
    merged: dict[str, Any] | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Balance the ledger from whatever the run left; return the report as far as it is known.

    Args:
        dataset_name: The data set.
        run_id: The DAG run's id.
        landed: What download returned, None when it failed.
        prepared: What prepare returned, None when it failed.
        merged: What fetch_error_files returned, None when there were none to fetch.
        dry_run: Whether the run was to stop after prepare.
    """
    findings = Findings(
        dataset=dataset_name,
        run_id=run_id,
        landed=landed,
        prepared=Prepared.from_json(prepared) if prepared else None,
        merged=Merged.from_json(merged) if merged else None,
        dry_run=dry_run,
    )
    if findings.prepared and prepared:
        migration = open_migration(dataset_name, prepared)
        execution = next(reversed(migration.executions()), None)
        counts = count_migration(client("s3"), migration.states, findings.prepared, execution)
        findings = Findings(**{**vars(findings), "execution": execution, "counts": counts})
    ledger = make_ledger(findings.prepared, findings.counts)
    log.info("Ledger:\n%s", ledger.table())
    return {"key": report_key(findings), "report": make_report(findings, ledger)}


def publish_report(
    dataset_name: str, run_id: str, reconciled: dict[str, Any] | None, ended_tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Write ``report.json`` to the bucket and announce it; return where it is, its problems and its summary.

    Args:
        dataset_name: The data set.
        run_id: The DAG run's id.
        reconciled: What reconcile returned, None when it failed.
        ended_tasks: The tasks before, as `task_id`, `state` and `duration`.
    """
    dataset = open_dataset(dataset_name)
    stack = open_stack(dataset)
    if reconciled is None:
        nothing = Findings(dataset=dataset_name, run_id=run_id, counts=MigrationCounts())
        reconciled = {"key": report_key(nothing), "report": make_report(nothing, Ledger())}
    failed = {
        task["task_id"]: task["state"] for task in ended_tasks if task["state"] not in ("success", "skipped", "removed")
    }
    seconds = {task["task_id"]: round(task["duration"] or 0.0, 3) for task in ended_tasks}
    report = reconciled["report"]
    found = problems(Ledger.from_json(report["ledger"]), dataset.gates, failed, dry_run=report["dry_run"])
    report = finish_report(report, seconds, found)
    text = summary(report)
    client("s3").put_object(
        Bucket=stack.bucket,
        Key=reconciled["key"],
        Body=report_text(report).encode("utf-8"),
        ContentType="application/json",
    )
    log.info("Report: s3://%s/%s\n%s", stack.bucket, reconciled["key"], text)
    verdict = "accounted for" if not found else "NOT accounted for"
    client("sns").publish(TopicArn=stack.topic_arn, Subject=f"csvdynamo {dataset_name}: {verdict}"[:100], Message=text)
    return {"key": reconciled["key"], "problems": found, "summary": text}
