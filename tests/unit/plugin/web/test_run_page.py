"""What the page says of a run."""

from typing import Any

from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import json_of
from csvdynamo_airflow.accounting.run_list import run_line
from csvdynamo_airflow.web.documents import Links
from csvdynamo_airflow.web.run_page import run_page
from tests.unit.plugin.run_findings import migrated


def report(findings: Findings, *problems: str) -> dict[str, Any]:
    return json_of(make_report(findings, problems))


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


def test_what_was_throttled_has_the_advice_of_its_reasons() -> None:
    told = report(migrated(10)) | {"throttled": {"TableWriteAccountLimitExceeded": 3, "UnprocessedItems": 9}}

    page = run_page(run_line(make_report(migrated(10), ()), "key", 1.0), told, "tb_cars", real_aws=True)

    assert [entry.title for entry in page.throttling_advice] == ["The account's quota is reached"]
    assert page.advice == ()


def test_a_report_of_an_earlier_version_is_shown_as_far_as_it_goes() -> None:
    told = report(migrated(10))
    for name in ("map_run_arn", "batches", "throughput", "write_units", "rejects_by_column", "throttled"):
        del told[name]

    page = run_page(run_line(make_report(migrated(10), ()), "key", 1.0), told, "tb_cars", real_aws=True)

    assert page.sentence == "All 10 rows are accounted for: 10 written."
