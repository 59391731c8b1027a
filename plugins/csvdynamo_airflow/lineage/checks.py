"""What a run checked, as OpenLineage's assertions tell it: each with what was expected and what was found. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind


@dataclass(frozen=True)
class Check:
    """Something that a run checked.

    Attributes:
        name: Its name, the same in every run.
        passed: Whether it is as it should be.
        expected: What should be.
        found: What is.
        told: What was looked at.
    """

    name: str
    passed: bool
    expected: str
    found: str
    told: str


def checks_of(ledger: Ledger, checked: CheckedTable | None, gates: Gates, problems: int) -> tuple[Check, ...]:
    """Tell what a run checked.

    Args:
        ledger: What became of its rows.
        checked: What the check of the table found, None where it was not checked.
        gates: The data set's limits.
        problems: How many problems its report has: the verdict.
    """
    return tuple(_checks(ledger, checked, gates, problems))


def _checks(ledger: Ledger, checked: CheckedTable | None, gates: Gates, problems: int) -> Iterator[Check]:
    yield Check(
        "ledger_balanced",
        ledger.unaccounted == 0,
        "0",
        str(ledger.unaccounted),
        f"source rows, of {ledger.source_rows}, of which no witness speaks",
    )
    if checked is not None and checked.mode is not VerifyMode.NONE:
        wrong = sum(map(checked.count, (DifferenceKind.MISSING, DifferenceKind.CHANGED, DifferenceKind.UNDELETED)))
        yield Check("table_as_written", wrong == 0, "0", str(wrong), checked.sentence())
    yield _limit("rejects_within_limit", ledger.reject_percent, gates.max_reject_percent, "gates.max_reject_percent")
    yield _limit(
        "failures_within_limit",
        ledger.failure_percent,
        gates.tolerated_failure_percent,
        "gates.tolerated_failure_percent",
    )
    yield Check("every_row_accounted_for", problems == 0, "0", str(problems), "problems that the run's report has")


def _limit(name: str, percent: float, most: float, setting: str) -> Check:
    return Check(name, percent <= most, f"at most {most:g} %", f"{percent:.4g} %", f"{setting} of the source's rows")
