"""What a run was to do, beside what it did. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from csvdynamo_airflow.accounting.report_document import Report
from csvdynamo_airflow.planning.plan_text import dollars, duration


@dataclass(frozen=True)
class Compared:
    """One thing that was planned.

    Attributes:
        name: What it is.
        planned: How much of it there was to be.
        done: How much there was; "unknown" where nobody counted it.
        difference: By how much more or less that is; "unknown" likewise.
    """

    name: str
    planned: str
    done: str
    difference: str


def compared(report: Report) -> Iterator[Compared]:
    """Set the plan of a run that migrated its rows beside what happened; nothing where there was no plan."""
    plan, ledger, throughput = report.plan, report.ledger, report.throughput
    if plan is None or report.execution_arn is None:
        return
    took = len(throughput.rows) * throughput.seconds if throughput else None
    deleted = report.changes.deleted if report.changes else 0
    for name, planned, done in (
        ("rows written", plan.written, ledger.written),
        ("rows rejected by the function", sum(plan.rejects.values()), ledger.rejected),
        *([("items deleted", plan.deletions, deleted)] if plan.deletions else []),
        ("write units", plan.write_units, report.write_units),
        ("batches", plan.batches, sum(report.batches.values())),
    ):
        yield Compared(name, f"{planned:,}", _counted(done), _more(planned, done))
    usd = report.cost.usd if report.cost else None
    yield Compared(
        "Map Run",
        duration(plan.map_run_seconds),
        "unknown" if took is None else duration(took),
        _percent_more(plan.map_run_seconds, took),
    )
    yield Compared("cost", dollars(plan.cost.usd), dollars(usd), _percent_more(plan.cost.usd, usd))


def _counted(number: float | None) -> str:
    return "unknown" if number is None else f"{number:,.0f}"


def _more(planned: int, done: float | None) -> str:
    if done is None:
        return "unknown"
    return "none" if done == planned else f"{done - planned:+,.0f}"


def _percent_more(planned: float | None, done: float | None) -> str:
    if not planned or done is None:
        return "unknown"
    return "none" if done == planned else f"{100 * (done / planned - 1):+,.0f} %"
