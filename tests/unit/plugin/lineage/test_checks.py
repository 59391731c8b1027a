"""What a run checked, and how it came out."""

from dataclasses import replace

import pytest

from csvdynamo.datasets.dataset import Gates
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.lineage.checks import Check, checks_of
from tests.unit.plugin.run_findings import checked_table

LEDGER = Ledger(source_rows=100, rejected_before_upload=2, written=95, rejected=3)
GATES = Gates(max_reject_percent=5)


def checks(ledger: Ledger = LEDGER, checked: CheckedTable | None = None, problems: int = 0) -> dict[str, Check]:
    return {one.name: one for one in checks_of(ledger, checked or checked_table(keys_checked=95), GATES, problems)}


def test_a_green_run_passes_every_check() -> None:
    found = checks()

    assert [(one.name, one.expected, one.found) for one in found.values() if one.passed] == [
        ("ledger_balanced", "0", "0"),
        ("table_as_written", "0", "0"),
        ("rejects_within_limit", "at most 5 %", "5 %"),
        ("failures_within_limit", "at most 0 %", "0 %"),
        ("every_row_accounted_for", "0", "0"),
    ]
    assert found["table_as_written"].told == "95 keys of the file checked (full): all as expected."


@pytest.mark.parametrize(
    ("name", "how", "told"),
    [
        ("ledger_balanced", {"ledger": replace(LEDGER, written=94)}, "1"),
        ("ledger_balanced", {"ledger": replace(LEDGER, written=96)}, "-1"),
        ("table_as_written", {"checked": checked_table(counts={DifferenceKind.MISSING: 2})}, "2"),
        ("table_as_written", {"checked": checked_table(counts={DifferenceKind.CHANGED: 3})}, "3"),
        ("table_as_written", {"checked": checked_table(counts={DifferenceKind.UNDELETED: 4})}, "4"),
        ("rejects_within_limit", {"ledger": replace(LEDGER, rejected=4, written=94)}, "6 %"),
        ("failures_within_limit", {"ledger": replace(LEDGER, failed=1, written=94)}, "1 %"),
        ("failures_within_limit", {"ledger": replace(LEDGER, unstarted=1, written=94)}, "1 %"),
        ("every_row_accounted_for", {"problems": 2}, "2"),
    ],
)
def test_what_is_wrong_fails_its_own_check_and_no_other(name: str, how: dict[str, object], told: str) -> None:
    failed = [one for one in checks(**how).values() if not one.passed]  # type: ignore[arg-type]

    assert [(one.name, one.found) for one in failed] == [(name, told)]


@pytest.mark.parametrize("checked", [None, CheckedTable()])
def test_a_table_that_was_not_checked_is_no_check(checked: CheckedTable | None) -> None:
    assert "table_as_written" not in {one.name for one in checks_of(LEDGER, checked, GATES, 0)}
