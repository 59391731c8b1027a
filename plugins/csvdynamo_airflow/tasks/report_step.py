"""What the task report does: the one document of a run, as JSON and as a page, and who is told of it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from csvdynamo.shown import shown_lines
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.html_report import HTML_FILE, html_report
from csvdynamo_airflow.accounting.report import make_report, report_key, report_text
from csvdynamo_airflow.accounting.report_document import Report, json_of
from csvdynamo_airflow.accounting.run_list import list_run, run_line
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.spending import cost_of_run, plan_of_run
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.costs.prices import known_prices
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.run_line import REPORT_FILE, RunLine
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.preparation.replay.replaying import as_replayed
from csvdynamo_airflow.stack import Stack, Use
from csvdynamo_airflow.storage.stored_document import WrittenMeanwhileError
from csvdynamo_airflow.tasks.announcements import publish
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.task_shell import (
    make_migration,
    open_dataset,
    open_stack,
)
from csvdynamo_airflow.workflow.migration import Migration

log = shown_log(__name__)


def publish_report(
    findings: Findings, reconciled: Mapping[str, Any] | None, tell: Callable[..., None] = lambda *_: None
) -> dict[str, Any]:
    """Write ``report.json`` to the bucket and announce it; return where it is, its problems and its summary.

    Args:
        findings: What the tasks before left.
        reconciled: What reconcile returned, None when it failed or had nothing to ask.
        tell: Is handed the data set and what is returned, to tell others than the topic.
    """
    dataset = open_dataset(findings.dataset)
    stack = open_stack(dataset, Use.LOOK)
    if reconciled:
        execution = reconciled["execution"]
        findings = replace(
            findings,
            execution=Execution.from_json(execution) if execution else None,
            counts=MigrationCounts.from_json(reconciled["counts"]),
        )
    if findings.prepared and findings.prepared.replay:
        dataset = as_replayed(dataset)
    found = problems(findings, dataset.gates, dataset.policies.verify)
    prices = known_prices()
    report = make_report(
        findings,
        found,
        cost=cost_of_run(findings, dataset, prices, stack.state_machine_arn),
        plan=plan_of_run(findings, dataset, prices, stack.state_machine_arn),
    )
    key, text = report_key(findings), summary(report)
    client("s3").put_object(
        Bucket=stack.bucket, Key=key, Body=report_text(report).encode("utf-8"), ContentType="application/json"
    )
    page = key.removesuffix(REPORT_FILE) + HTML_FILE
    _write_page(stack, page, report)
    _list_run(stack, run_line(report, key, time.time()))
    if findings.prepared:
        _give_turn_back(make_migration(stack, dataset, findings.prepared), findings.ended)
    log.info("Report: s3://%s/%s\n%s", stack.bucket, key, shown_lines(text))
    title = f"csvdynamo {dataset.name}: {'NOT ' if found else ''}accounted for"
    publish(client("sns"), stack.topic_arn, title, f"{text}\n\nThe report as a page: s3://{stack.bucket}/{page}")
    told = {
        "key": key,
        "problems": found,
        "summary": text,
        "sentence": sentence(json_of(report)),
        "page": f"s3://{stack.bucket}/{page}",
        "ledger": json_of(report.ledger),
        "execution": [report.execution_arn, report.execution_redrives],
        "rejects_by_code": report.rejects_by_code,
        "error_files": _digests(findings, report.error_files),
        "changes": asdict(report.changes) if report.changes else None,
    }
    tell(dataset, told)
    return told


def _digests(findings: Findings, files: Iterable[str]) -> dict[str, str]:
    """Give the SHA-256 of each error file, by its URL."""
    digests = findings.outcome.digests if findings.outcome else {}
    return {url: digests.get(url.removeprefix("s3://").partition("/")[2], "") for url in files}


def _write_page(stack: Stack, key: str, report: Report) -> None:
    """Write the report as a page. It is written as JSON by now: a page that cannot be made costs nobody that."""
    try:
        body = html_report(report).encode("utf-8")
        client("s3").put_object(Bucket=stack.bucket, Key=key, Body=body, ContentType="text/html; charset=utf-8")
    except Exception as error:
        log.warning("The report could not be written as a page: %s", error)


def _list_run(stack: Stack, line: RunLine) -> None:
    """Put the run into the data set's list. The report is written by now: a list that lacks it costs nobody that."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    try:
        list_run(client("s3"), stack.bucket, stack.dataset, line)
    except (WrittenMeanwhileError, BotoCoreError, ClientError) as error:
        log.warning("The run could not be put into the list of runs: %s", error)


def _give_turn_back(migration: Migration, ended: Ended | None) -> None:
    """End a run's turn. The report is written by now, and a turn that is not given back ends by itself."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    try:
        migration.end(ended)
    except (MigrationError, BotoCoreError, ClientError) as error:
        log.warning("The turn could not be given back: %s", error)
