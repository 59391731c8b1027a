"""What ledger, verdict and report say of a run that wrote only what changed."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import json_of, read_report
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.spending import counts_of
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.documents.checked_table import Difference, DifferenceKind
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.rolled_back import RolledBack
from csvdynamo_airflow.documents.snapshot import ChangedKey, KeyChange
from tests.unit.plugin.run_findings import (
    checked_table,
    counted,
    difference,
    migrated,
    outcome_of_run,
    prepared_file,
)
from tests.unit.plugin.test_report import SCHEMA

GATES = Gates(max_reject_percent=0.0)
VANISHED = "reports/cars/cars-1/vanished.jsonl"
SOME = prepared_file(10, difference=difference(new=1, changed=2, unchanged=7, vanished=4, vanished_key=VANISHED))
NOTHING_NEW = prepared_file(10, difference=difference(unchanged=10))
SAME = prepared_file(10, difference=difference(unchanged=10, same_source="monthly"))
THE_SAME = "the source is the one that run monthly migrated"


def run(prepared: Prepared = SOME, **changes: Any) -> Findings:
    """A run that went its whole way, of three rows."""
    return migrated(3, **{"prepared": prepared, **changes})


def without_execution(prepared: Prepared = NOTHING_NEW, **changes: Any) -> Findings:
    """A run that had nothing to write, and whose table was checked."""
    values: dict[str, Any] = {
        "execution": None,
        "ended": None,
        "outcome": outcome_of_run(execution="", answered=False),
        "counts": counted(map_run_status=None),
        "checked": checked_table(execution="", keys_checked=10, read_units=5.0),
        **changes,
    }
    return run(prepared, **values)


def test_unchanged_rows_are_a_part_of_the_source() -> None:
    assert problems(run(), GATES) == []
    assert (run().ledger.unchanged, run().ledger.written, run().ledger.unaccounted) == (7, 3, 0)
    [problem, *_] = problems(migrated(2, prepared=SOME, counts=counted(map_run_total=3, map_run_succeeded=3)), GATES)
    assert "1 of 10 rows are unaccounted for" in problem


def test_the_map_run_is_held_against_the_rows_that_were_to_be_written() -> None:
    [problem, *_] = problems(run(counts=counted(map_run_total=10, map_run_succeeded=3)), GATES)

    assert "The Map Run read 10 rows of a file that was prepared with 3" in problem


def test_rows_that_no_execution_was_handed_are_those_that_were_to_be_written() -> None:
    lost = run(execution=None, ended=None, outcome=None, checked=None, counts=counted(unstarted=3))

    assert (lost.ledger.unstarted, lost.ledger.unaccounted, lost.rows_to_migrate) == (3, 0, 3)


def test_a_run_that_had_nothing_to_write_is_green_once_its_table_was_checked() -> None:
    assert problems(without_execution(), GATES) == []
    [problem] = problems(without_execution(checked=None), GATES)
    assert problem == "No row had to be written, and the table was not checked: clear the task verify."


@pytest.mark.parametrize(
    "findings",
    [
        without_execution(checked=None, dry_run=True),
        without_execution(checked=None, refused=True),
    ],
    ids=["dry run", "refused"],
)
def test_a_run_that_was_to_write_nothing_at_all_needs_no_check(findings: Findings) -> None:
    assert not findings.nothing_to_write
    assert not any("was not checked" in problem for problem in problems(findings, GATES))


def test_no_check_is_missed_where_none_is_wanted_or_verify_has_failed() -> None:
    failed = without_execution(checked=None, tasks=(EndedTask("verify", "failed", 1.0, "DynamoDB is gone."),))

    assert problems(without_execution(checked=None), GATES, Verification(VerifyMode.NONE)) == []
    assert problems(failed, GATES) == ["Task verify ended as failed: DynamoDB is gone."]


@pytest.mark.parametrize(
    ("prepared", "next_run"),
    [
        (SOME, "trigger the DAG again, as a new run: it writes all rows."),
        (
            prepared_file(3, difference=difference(changed=3)),
            "trigger the DAG again, as a new run: it writes all rows.",
        ),
        (
            replace(SOME, rollback=RolledBack("monday", "cars-0", "cars-9")),
            "roll run monday back again, as a new run: it looks at every row.",
        ),
    ],
)
def test_what_start_cannot_mend_the_next_run_does(prepared: Prepared, next_run: str) -> None:
    missing = (Difference(DifferenceKind.MISSING, "A_1", 1),)
    found = {"counts": {DifferenceKind.MISSING: 1}, "examples": missing, "key": "differences"}

    [problem] = problems(run(prepared, checked=checked_table(**found)), GATES)

    assert problem.endswith(f"Find who wrote to it, and {next_run}")


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        (run(), "All 10 rows are accounted for: 3 written, 7 unchanged."),
        (without_execution(), "Nothing new: all 10 rows are accounted for: 10 unchanged."),
        (
            without_execution(SAME),
            f"Nothing new: {THE_SAME}; all 10 rows are accounted for: 10 unchanged.",
        ),
        (
            replace(without_execution(SAME), dry_run=True),
            f"A dry run: nothing new, {THE_SAME}.",
        ),
    ],
)
def test_the_sentence_says_what_was_unchanged(findings: Findings, words: str) -> None:
    assert sentence(json_of(make_report(findings, []))) == words


def test_a_report_says_which_run_read_a_source_that_was_not_read_again() -> None:
    report = make_report(without_execution(SAME), [])
    document = json.loads(json.dumps(json_of(report)))

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["changes"]["same_source"] == "monthly"
    assert (
        document["witnesses"]
        | {
            "source_rows": "records that prepare read from s3://bucket/landing/cars/0a/cars.csv, in the run monthly",
            "unchanged": "SHA-256 of the source, the same as in the run monthly",
        }
        == document["witnesses"]
    )
    assert read_report(document) == report
    told = f"nothing new: {THE_SAME}"
    assert f"changes: {told}" in summary(report)
    assert told in html_report(report)


def test_the_report_says_what_changed_and_survives_its_document() -> None:
    document = json.loads(json.dumps(json_of(make_report(run(), []))))

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["changes"] == {
        **{"new": 1, "changed": 2, "unchanged": 7, "vanished": 4, "why_all": "", "beside": "cars-0"},
        "file": "s3://bucket/source/cars/0c/changed_cars.csv",
        "vanished_keys": "s3://bucket/reports/cars/cars-1/vanished.jsonl",
    }
    assert document["witnesses"]["unchanged"].endswith("s3://bucket/reports/cars/cars-0/row_digests-0d.parquet")
    assert read_report(document) == make_report(run(), [])
    assert json_of(make_report(without_execution(), []))["changes"]["file"] is None
    assert "changes" not in json_of(make_report(migrated(3), []))


def test_the_summary_and_the_page_say_what_changed_or_why_all_rows_are_written() -> None:
    told, all_rows = make_report(run(), []), difference(new=3, why_all="the rules were changed", base=None)

    listed = f"4 keys vanished, and stay in the table (they are in s3://bucket/{VANISHED})"
    assert f"changes: 1 new, 2 changed, 7 unchanged; {listed}" in summary(told)
    assert "unchanged, and not written again" in html_report(told)
    report = make_report(run(prepared_file(3, difference=all_rows)), [])
    assert "changes: every row is written: the rules were changed" in summary(report)
    assert "not written again" not in html_report(report)


def test_a_check_without_an_execution_costs_its_reads_and_both_files_their_uploads() -> None:
    assert counts_of(without_execution()).read_units == 5.0
    assert counts_of(run()).uploaded == (1234, 1000, 80)
    assert counts_of(migrated(3)).uploaded == (1234, 1000)


def test_an_answer_to_what_a_gate_asks_is_for_the_rows_that_were_to_be_written() -> None:
    """Prepared again beside another snapshot, the same file may have other rows to write."""
    more = replace(SOME, difference=difference(new=1, changed=9, sha256="1c"))

    assert more.asked != SOME.asked
    assert replace(SOME, difference=difference(new=3, unchanged=7, vanished=1)).asked == SOME.asked


def test_what_prepare_returns_survives_its_document() -> None:
    document = json.loads(json.dumps(SOME.to_json()))

    assert Prepared.from_json(document) == SOME
    del document["difference"]  # an earlier version of csvdynamo prepared it
    assert Prepared.from_json(document) == replace(SOME, difference=None)
    assert (SOME.migrated_key, SOME.rows_to_write) == ("source/cars/0c/changed_cars.csv", 3)


def test_keys_that_the_file_changes_are_named_in_report_and_page() -> None:
    examples = (
        ChangedKey(KeyChange.NEW, '"d"', 1_200),
        ChangedKey(KeyChange.NEW, '"<e>"', 1_201),
        ChangedKey(KeyChange.VANISHED, '"c"'),
    )
    file = prepared_file(10, difference=difference(new=2, unchanged=8, vanished=1, examples=examples))

    report = make_report(run(file), [])
    document = json.loads(json.dumps(json_of(report)))

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert read_report(document) == report
    assert document["changes"]["examples"] == [
        {"kind": "new", "key": '"d"', "row": 1_200},
        {"kind": "new", "key": '"<e>"', "row": 1_201},
        {"kind": "vanished", "key": '"c"', "row": None},
    ]
    page = html_report(report)
    assert "<li>New, such as: &#34;d&#34; (row 1,200), &#34;&lt;e&gt;&#34; (row 1,201).</li>" in page
    assert "<li>Vanished, such as: &#34;c&#34;.</li>" in page
