"""A run as the page shows it, made of its report. Pure."""

from collections.abc import Mapping
from typing import Any

from csvdynamo_airflow.documents.run_line import RunLine
from csvdynamo_airflow.web.advice import advice_for
from csvdynamo_airflow.web.console_links import Console
from csvdynamo_airflow.web.documents import AdviceEntry, Links, RunPage

_PARTS = (
    ("written", "written"),
    ("rejected_before_upload", "rejected before upload"),
    ("rejected", "rejected"),
    ("failed", "failed"),
    ("unstarted", "never started"),
)


def run_page(line: RunLine, report: Mapping[str, Any], table: str, *, real_aws: bool) -> RunPage:
    """Make the page of a run.

    Args:
        line: The run in the list of runs.
        report: Its report.
        table: The table.
        real_aws: Whether its resources are in an AWS that has a console.
    """
    return RunPage(
        line=line,
        sentence=verdict(report),
        table=table,
        report=report,
        advice=tuple(AdviceEntry(one.title, one.do) for one in advice_for(report["problems"])),
        links=_links(report, table) if real_aws else Links(),
        files=tuple(location.rpartition("/")[2] for location in report["error_files"]),
    )


def verdict(report: Mapping[str, Any]) -> str:
    """Say in a sentence what became of a run's rows.

    Args:
        report: Its report.
    """
    ledger = report["ledger"]
    rows = ledger["source_rows"]
    parts = ", ".join(f"{ledger[name]:,} {words}" for name, words in _PARTS if ledger[name])
    if not report["accounted"]:
        if unaccounted := ledger["unaccounted"]:
            return f"{unaccounted:,} of {rows:,} rows are unaccounted for: {parts or 'nothing is known of any'}."
        return f"The run is red: {rows:,} rows, {parts}." if rows else "The run is red, and no row was read."
    if not rows:
        return "The source has no row."
    if report["dry_run"]:
        return f"A dry run: {rows:,} rows were read, and none was migrated."
    return f"All {rows:,} rows are accounted for: {parts}."


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
