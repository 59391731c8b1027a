"""What a run says that took another one back: in the summary, the sentence and the page."""

from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import Report, json_of, read_report
from csvdynamo_airflow.accounting.run_list import run_line
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.rolled_back import RolledBack
from tests.unit.plugin.run_findings import SNAPSHOT, difference, migrated, outcome_of_run, prepared_file
from tests.unit.plugin.test_report import SCHEMA

BACK = RolledBack("manual__1", "cars-9", "cars-8", 2)
PREPARED = prepared_file(
    10,
    difference=difference(
        new=1, changed=3, unchanged=6, vanished=4, deletions=4, vanished_key="reports/v.jsonl", before=SNAPSHOT
    ),
    rollback=BACK,
)


def report(**became: Any) -> Report:
    outcome = outcome_of_run(written=3, by_code={"LEFT_ALONE": 1}, rejects=1, answered_rejects=1, **became)
    return make_report(migrated(3, prepared=PREPARED, outcome=outcome), [])


DRY = make_report(replace(migrated(3, prepared=PREPARED), dry_run=True, execution=None, outcome=None), [])


def test_what_was_put_back_taken_away_and_left_alone_is_told() -> None:
    told = report(deleted=3, left=1)

    assert (
        "changes: run manual__1 is taken back, to what execution cars-8 left: 3 of 4 rows are there as before, 3 of 4 "
        "items taken away, 2 left alone, as somebody else has changed them since, 6 unchanged (the keys of the items "
        "to be taken away are in s3://bucket/reports/v.jsonl); 2 items cannot be put back, since no row of that run's "
        "file makes them"
    ) in summary(told)
    assert sentence(json_of(told)) == (
        "Run manual__1 is taken back. All 10 rows are accounted for: 3 written, 6 unchanged, 1 left alone. "
        "Of keys that had nothing before, 3 items are taken away, 1 left alone."
    )
    line = run_line(told, "key", 1.0)
    assert (line.kind, line.deleted, line.left_alone) == ("rollback", 3, 2)
    assert "4 items of keys that had nothing before: 3 taken away, 1 left alone." in html_report(told)


def test_a_dry_run_tells_what_would_be() -> None:
    assert "4 rows would be put back where they are not there, 4 items taken away, 6 unchanged" in summary(DRY)
    assert "4 items of keys that had nothing before would be taken away." in html_report(DRY)


@pytest.mark.parametrize("told", [report(deleted=4), DRY])
def test_the_report_names_the_run_and_is_read_again(told: Report) -> None:
    document = json_of(told)

    jsonschema.validate(document, SCHEMA)
    assert document["changes"]["rollback"] == {"run": "manual__1", "execution": "cars-9", "to": "cars-8", "lost": 2}
    assert read_report(document) == told


def test_it_is_handed_on_whole() -> None:
    assert Prepared.from_json(PREPARED.to_json()) == PREPARED
