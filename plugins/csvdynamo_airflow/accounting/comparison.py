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
    """

    name: str
    planned: str
    done: str


def compared(report: Report) -> Iterator[Compared]:
    """Set the plan of a run that migrated its rows beside what happened; nothing where there was no plan."""
    plan, ledger, throughput = report.plan, report.ledger, report.throughput
    if plan is None or report.execution_arn is None:
        return
    took = len(throughput.rows) * throughput.seconds if throughput else None
    for name, planned, done in (
        ("rows written", plan.written, ledger.written),
        ("rows rejected by the function", sum(plan.rejects.values()), ledger.rejected),
        ("write units", plan.write_units, report.write_units),
        ("batches", plan.batches, sum(report.batches.values())),
    ):
        yield Compared(name, f"{planned:,}", _counted(done))
    yield Compared("Map Run", duration(plan.map_run_seconds), "unknown" if took is None else duration(took))
    yield Compared("cost", dollars(plan.cost.usd), dollars(report.cost.usd if report.cost else None))


def _counted(number: float | None) -> str:
    return "unknown" if number is None else f"{number:,.0f}"
