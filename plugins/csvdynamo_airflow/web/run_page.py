"""A run as the page shows it, made of its report. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from csvdynamo_airflow.accounting.advice import advice_for
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.console_links import Console
from csvdynamo_airflow.documents.run_line import RunLine
from csvdynamo_airflow.documents.since import Since
from csvdynamo_airflow.web.documents import AdviceEntry, Links, RunPage, SinceRows


def run_page(
    line: RunLine, report: Mapping[str, Any], table: str, *, real_aws: bool, since: Since | None = None
) -> RunPage:
    """Make the page of a run.

    Args:
        line: The run in the list of runs.
        report: Its report.
        table: The table.
        real_aws: Whether its resources are in an AWS that has a console.
        since: What became of its rows since, or of those of the run that it replayed; None where nothing did.
    """
    return RunPage(
        line=line,
        sentence=sentence(report),
        table=table,
        report=report,
        advice=_advice(report["problems"]),
        throttling_advice=_advice(report.get("throttled") or ()),
        links=_links(report, table) if real_aws else Links(),
        files=tuple(location.rpartition("/")[2] for location in report["error_files"]),
        since=_since(since) if since else None,
    )


def _since(since: Since) -> SinceRows:
    return SinceRows(
        run=since.run,
        source_rows=since.ledger["source_rows"],
        then=since.rows_then,
        since=since.rows_since,
        replays=tuple(one.run for one in since.replays),
    )


def _advice(texts: Iterable[str]) -> tuple[AdviceEntry, ...]:
    return tuple(AdviceEntry(one.title, one.do) for one in advice_for(texts))


def _links(report: Mapping[str, Any], table: str) -> Links:
    execution, map_run = report["execution_arn"], report.get("map_run_arn")
    console = Console.of_arn(execution) if execution else None
    if console is None:
        return Links()
    return Links(
        execution=console.execution(execution),
        map_run=console.map_run(map_run) if map_run else None,
        table=console.table(table),
    )
