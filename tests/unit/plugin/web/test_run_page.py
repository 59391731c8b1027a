"""What the page says of a run."""

from dataclasses import replace
from typing import Any

import pytest

from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import json_of
from csvdynamo_airflow.accounting.run_list import run_line
from csvdynamo_airflow.web.documents import Links
from csvdynamo_airflow.web.run_page import run_page, verdict
from tests.unit.plugin.run_findings import migrated


def report(findings: Findings, *problems: str) -> dict[str, Any]:
    return json_of(make_report(findings, problems))


EMPTY = replace(migrated(0), outcome=None)


@pytest.mark.parametrize(
    ("told", "sentence"),
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
def test_a_sentence_says_what_became_of_the_rows(told: dict[str, Any], sentence: str) -> None:
    assert verdict(told) == sentence


def test_rows_that_nobody_speaks_of_come_first() -> None:
    told = report(migrated(10), "Rows are missing.")
    told["ledger"] |= {"written": 7, "unaccounted": 3}

    assert verdict(told) == "3 of 10 rows are unaccounted for: 7 written."


def test_a_page_has_the_advice_the_links_and_the_files_of_its_report() -> None:
    made = make_report(migrated(10, rejected=1), ["3 rows are in batches that failed: E."])
    told = json_of(made) | {
        "execution_arn": "arn:aws:states:us-east-1:111122223333:execution:m:e",
        "map_run_arn": "arn:aws:states:us-east-1:111122223333:mapRun:m/e:1",
        "error_files": ["s3://b/reports/cars/e/rejects.jsonl", "s3://b/reports/cars/e/rejects.csv"],
    }

    page = run_page(run_line(made, "key", 1.0), told, "tb_cars", real_aws=True)

    assert [entry.title for entry in page.advice] == ["Batches failed"]
    assert page.advice[0].do.startswith("mend the cause")
    assert page.files == ("rejects.jsonl", "rejects.csv")
    assert page.links.execution is not None
    assert page.links.map_run is not None
    assert page.links.table is not None
    assert run_page(page.line, told, "tb_cars", real_aws=False).links == Links()
    assert run_page(page.line, told | {"execution_arn": None}, "tb_cars", real_aws=True).links == Links()


def test_a_report_of_an_earlier_version_is_shown_as_far_as_it_goes() -> None:
    told = report(migrated(10))
    for name in ("map_run_arn", "batches", "throughput", "write_units", "rejects_by_column"):
        del told[name]

    page = run_page(run_line(make_report(migrated(10), ()), "key", 1.0), told, "tb_cars", real_aws=True)

    assert page.sentence == "All 10 rows are accounted for: 10 written."
