"""What became of a run's rows, in a sentence."""

from dataclasses import replace
from typing import Any

import pytest

from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import json_of
from csvdynamo_airflow.accounting.sentence import sentence
from tests.unit.plugin.run_findings import migrated


def report(findings: Findings, *problems: str) -> dict[str, Any]:
    return json_of(make_report(findings, problems))


EMPTY = replace(migrated(0), outcome=None)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (report(migrated(5000)), "All 5,000 rows are accounted for: 5,000 written."),
        (
            report(migrated(5000, before=2, rejected=6, failed=10, unstarted=5)),
            "All 5,000 rows are accounted for: 4,977 written, 2 rejected before upload, 6 rejected, 10 failed, "
            "5 never started.",
        ),
        (report(migrated(10, rejected=1), "Too many."), "The run is red: 10 rows, 9 written, 1 rejected."),
        (report(replace(migrated(7), dry_run=True)), "A dry run: 7 rows were read, and none was migrated."),
        (report(EMPTY), "The source has no row."),
        (report(Findings("cars", "run"), "Task download failed."), "The run is red, and no row was read."),
    ],
)
def test_a_sentence_says_what_became_of_the_rows(told: dict[str, Any], words: str) -> None:
    assert sentence(told) == words


def test_rows_that_nobody_speaks_of_come_first() -> None:
    told = report(migrated(10), "Rows are missing.")
    told["ledger"] |= {"written": 7, "unaccounted": 3}

    assert sentence(told) == "3 of 10 rows are unaccounted for: 7 written."
