"""The report for a person: the text of the task's log, of the topic's messages and of the commands. Pure."""

from collections.abc import Mapping

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.records.ledger import Ledger
from csvdynamo.shown import shown
from csvdynamo_airflow.accounting.report_document import Report, json_of
from csvdynamo_airflow.accounting.row_changes import told_changes
from csvdynamo_airflow.accounting.throttling import told_throttling
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.schema_change import warnings
from csvdynamo_airflow.planning.plan_text import dollars, told_plan


def summary(report: Report) -> str:
    """Write the report for a person: the ledger, why rows are missing, what ails the source, what is wrong."""
    ledger = Ledger.from_json(json_of(report.ledger))
    lines = [f"data set {report.dataset}, run {report.run_id}", "", *ledger.table().split("\n")]
    if codes := report.rejects_by_code:
        lines += ["", "rejects: " + _counted(codes)]
    lines += _unfinished(report, ledger)
    if told := [*report.source_warnings, *warnings(report.schema_changes)]:
        lines += ["", *told]
    lines += _told_replay(report)
    lines += _told_changes(report)
    lines += _asked(report)
    if report.rejects_superseded:
        lines.append(f"superseded rejects of repeated attempts, left out: {report.rejects_superseded:,}")
    if report.verification.mode is not VerifyMode.NONE:
        checked = CheckedTable.from_json(json_of(report.verification))
        lines += ["", "table: " + checked.sentence()]
    if told := list(told_throttling(report)):
        lines += ["", *told]
    if report.plan and report.dry_run:
        lines += ["", *told_plan(report.plan).split("\n")]
    elif report.cost and report.execution_arn:
        lines += ["", _told_cost(report)]
    if report.problems:
        lines += ["", *(line for problem in report.problems for line in problem.split("\n"))]
    elif report.dry_run:
        lines += ["", "A dry run: every row is accounted for, and none was migrated."]
    else:
        lines += ["", _green(ledger)]
    return "\n".join(map(shown, lines))


def _told_replay(report: Report) -> list[str]:
    if report.replays is None:
        return []
    told = (
        ""
        if report.problems or report.dry_run
        else f", and what is in the table since stands in {report.replays.since}"
    )
    return ["", f"replay: rows of the run {report.replays.run}, whose report stays as it is{told}"]


def _told_changes(report: Report) -> list[str]:
    told = told_changes(report)
    return ["", f"changes: {told}"] if told else []


def _asked(report: Report) -> list[str]:
    """Say what a gate asked a person, and what that person answered."""
    if not report.questions:
        return []
    answer = f" {Approval(**vars(report.approval)).sentence()}" if report.approval else ""
    return ["", f"asked of a person:{answer}", *(f"- {one.gate}: {one.sentence}" for one in report.questions)]


def _told_cost(report: Report) -> str:
    """Say what the run cost, beside what it was to cost."""
    cost, plan = report.cost, report.plan
    planned = f", planned were {dollars(plan.cost.usd)}" if plan else ""
    return f"cost: {dollars(cost.usd if cost else None)}{planned}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _unfinished(report: Report, ledger: Ledger) -> list[str]:
    """Say of the rows whose batches did not succeed why, and where they are."""
    rows = ledger.failed + ledger.unstarted
    if not rows or report.dry_run:
        return []
    if report.execution_arn is None:
        return ["", f"{rows:,} rows were handed to no execution. They are in the source, and in no error file."]
    lines = ["", "failed rows by error: " + _counted(report.failures_by_error)] if ledger.failed else [""]
    told = report.unfinished_rows_in_error_files
    if told:
        lines.append(f"{told:,} of the {rows:,} rows that failed or never started are in the error files.")
    else:
        lines.append(
            f"None of the {rows:,} rows that failed or never started is in an error file: the Map Run left no result "
            "files that name them, or these were not fetched."
        )
    return lines


def _green(ledger: Ledger) -> str:
    if rows := ledger.failed + ledger.unstarted:
        return f"Every row is accounted for. {rows:,} of them failed or never started, as the data set file tolerates."
    return "Every row is accounted for."
