"""The report of a run, however far it came."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commands import docs
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange, VerifyMode
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report, report_key, report_text
from csvdynamo_airflow.accounting.report_document import json_of, read_report
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.costs.prices import known_prices
from csvdynamo_airflow.documents.approval import Approval, Question
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.documents.concurrency import ConcurrencyChange
from csvdynamo_airflow.documents.cost import Cost, CostLine
from csvdynamo_airflow.documents.forecast import Forecast, SizeStep
from csvdynamo_airflow.documents.measures import Measures
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.schema_change import Reference, SchemaChange
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.planning.plan import Foreseen, make_plan
from csvdynamo_airflow.planning.plan_text import dollars
from tests.unit.plugin.run_findings import LANDED, counted, execution, migrated, outcome_of_run, prepared_file

CONTRACT = [
    *("dataset", "run_id", "dry_run", "accounted", "problems"),
    *("execution_arn", "execution_redrives", "execution_status", "execution_cause"),
    *("source", "ledger", "prepared_rows", "map_run_rows", "map_run_arn", "witnesses"),
    *("rejects_by_code", "rejects_by_column", "rejects_missing", "rejects_superseded", "rejects_misfiled"),
    *("failures_by_error", "batches", "throughput", "write_units"),
    *("throttled", "waited_seconds", "concurrency_changes", "cost", "plan"),
    *("unfinished_rows_in_error_files", "verification", "schema_changes", "source_warnings"),
    *("questions", "approval", "profile", "seconds", "error_files"),
]
"""The report's keys, all of them and in their order."""

LEDGER = ["source_rows", "rejected_before_upload", "written", "rejected", "failed", "unstarted", "unaccounted"]
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text(encoding="utf-8"))

NOTHING = Findings(dataset="cars", run_id="run")
LANDED_ONLY = replace(NOTHING, landed=LANDED.to_json())
PREPARED_ONLY = replace(LANDED_ONLY, prepared=prepared_file(10, 1))


EVERYTHING = migrated(
    10,
    before=1,
    rejected=1,
    failed=1,
    checked=CheckedTable(
        VerifyMode.FULL,
        9,
        {DifferenceKind.CHANGED: 1, DifferenceKind.FOREIGN: 1},
        (Difference(DifferenceKind.CHANGED, "A_1", 1, ("Make",)), Difference(DifferenceKind.FOREIGN, "Z")),
    ),
    prepared=prepared_file(10, 1, schema_changes=(SchemaChange.new(["a"], Reference.LAST_RUN, OnChange.WARN),)),
    tasks=(EndedTask("download", "success", 1.5),),
)


PRICED = Cost("us-east-1", 0.5, (CostLine("DynamoDB", "write units", 8.0, 0.5, "by hand"),))
PLAN = make_plan(
    Foreseen(10, 1234, 1000, {}, Forecast(8, {"BAD_TYPE": 2}, (), 8, 800, 100, (SizeStep(256, 8),), 1)),
    Dataset("cars", Source("https://example.org/cars.csv", "cars.csv"), Table("tb_cars", "id")),
    known_prices(),
    "us-east-1",
)


def told(findings: Findings, problems: Sequence[str], **more: Any) -> dict[str, Any]:
    """The report as its JSON document."""
    return json_of(make_report(findings, problems, **more))


THROTTLED = {"TableWriteKeyRangeThroughputExceeded": 2500, "UnprocessedItems": 7}
CHANGES = (
    ConcurrencyChange(1.0, 8, 3, "the last 8 batches waited"),
    ConcurrencyChange(2.0, 3, 4, "the last 10 batches were not throttled"),
)


def throttled(**measures: Any) -> Findings:
    """A run that was throttled, and what its trigger did about it."""
    findings = migrated(10, concurrency_changes=CHANGES)
    assert findings.outcome is not None
    return replace(findings, outcome=replace(findings.outcome, measures=Measures(**measures)))


def test_a_run_that_was_throttled_says_by_what_and_what_was_done_about_it() -> None:
    findings = throttled(throttled=THROTTLED, waited_seconds=83.4)

    report = make_report(findings, [])

    document = json_of(report)
    assert document["throttled"] == THROTTLED
    assert document["waited_seconds"] == 83.4
    assert document["concurrency_changes"] == [change.to_json() for change in CHANGES]
    assert read_report(document) == report
    text = summary(report)
    assert "throttled: 2,500 TableWriteKeyRangeThroughputExceeded, 7 UnprocessedItems; each of these" in text
    assert "waited 83 s together" in text
    assert "batches at once: 8 → 3 → 4; the last change: the last 10 batches were not throttled" in text


@pytest.mark.parametrize("measures", [{}, {"throttled": {}, "waited_seconds": 0.0}])
def test_a_run_that_was_not_throttled_says_nothing_of_it(measures: dict[str, Any]) -> None:
    report = make_report(replace(throttled(**measures), concurrency_changes=()), [])

    assert report.throttled == measures.get("throttled")
    assert "throttled" not in summary(report)
    assert "batches at once" not in summary(report)


def test_the_schema_of_the_report_is_what_is_declared() -> None:
    assert json.loads(docs.report_schema()) == SCHEMA, "make docs writes it"


@pytest.mark.parametrize(
    "findings",
    [
        NOTHING,
        LANDED_ONLY,
        PREPARED_ONLY,
        replace(PREPARED_ONLY, execution=execution("FAILED")),
        migrated(10),
        EVERYTHING,
    ],
    ids=["nothing", "landed", "prepared", "failed", "migrated", "everything"],
)
def test_every_report_has_the_contracts_keys_and_survives_json(findings: Findings) -> None:
    report = told(findings, ["a problem"])

    assert list(report) == CONTRACT
    assert list(report["source"]) == [
        *("url", "bytes", "sha256", "etag", "last_modified", "rows", "format"),
        *("blank_records", "comment_lines", "skipped_lines", "notes"),
    ]
    assert list(report["verification"]) == [
        *("mode", "keys_checked", "missing", "changed", "unfinished", "stale", "foreign", "expired"),
        *("examples", "key", "execution", "redrives", "at", "read_units"),
    ]
    assert list(report["ledger"]) == LEDGER
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert json.loads(report_text(make_report(findings, ["a problem"]))) == report
    ledger = dict(report["ledger"])
    assert ledger.pop("source_rows") == sum(ledger.values())


def test_the_report_of_a_whole_run() -> None:
    tasks = (EndedTask("download", "success", 1.5), EndedTask("wait", "success", 60.25))
    findings = migrated(100, before=2, rejected=3, tasks=tasks, dry_run=False)

    report = told(findings, [])

    assert report["source"] == {
        "url": "https://example.org/cars.csv",
        "bytes": 1234,
        "sha256": "0a",
        "etag": '"e"',
        "last_modified": "Fri, 02 Jan 2026 00:00:00 GMT",
        "rows": 100,
        "format": {
            **{"delimiter": ",", "encoding": "utf-8", "compression": None},
            **{"quote": '"', "escape": None, "encoding_guessed": False},
        },
        **{"blank_records": 0, "comment_lines": 0, "skipped_lines": 0, "notes": []},
    }
    assert report["ledger"] == Ledger(100, 2, 95, 3).to_json()
    assert (report["prepared_rows"], report["map_run_rows"]) == (98, 98)
    assert report["rejects_by_code"] == {"BAD_TYPE": 3, "BAD_WIDTH": 2}
    assert report["witnesses"]["source_rows"].endswith("s3://bucket/landing/cars/0a/cars.csv")
    assert report["witnesses"]["written"] == "SUCCEEDED_*"
    assert report["seconds"] == {"download": 1.5, "wait": 60.25}
    assert report["error_files"] == ["s3://bucket/reports/cars/cars-1/rejects.jsonl"]
    assert (report["accounted"], report["problems"]) == (True, [])


def test_cost_and_plan_are_in_the_report_and_survive_it() -> None:
    report = told(migrated(10), [], cost=PRICED, plan=PLAN)

    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["cost"]["lines"][0]["usd"] == 0.5
    assert (report["plan"]["write_units"], report["plan"]["rejects"]) == (8, {"BAD_TYPE": 2})
    read = read_report(json.loads(json.dumps(report)))
    assert (read.cost, read.plan) == (PRICED, PLAN)
    assert (told(migrated(10), [])["cost"], told(migrated(10), [])["plan"]) == (None, None)


def test_the_summary_tells_the_cost_and_what_was_planned() -> None:
    text = summary(make_report(migrated(10), [], cost=PRICED, plan=PLAN))

    assert f"\ncost: $0.5000, planned were {dollars(PLAN.cost.usd)}\n" in text
    assert "\ncost: unknown\n" in summary(make_report(migrated(10), [], cost=replace(PRICED, usd=None)))
    assert "cost:" not in summary(make_report(PREPARED_ONLY, [], cost=PRICED))


def test_the_summary_of_a_dry_run_is_its_plan() -> None:
    text = summary(make_report(replace(PREPARED_ONLY, dry_run=True), [], cost=PRICED, plan=PLAN))

    assert "\nMap Run: 1 batches, about " in text
    assert "\nCost in us-east-1: " in text
    assert text.endswith("A dry run: every row is accounted for, and none was migrated.")


def test_the_rows_that_a_dry_run_foresaw_to_be_rejected_are_among_its_files() -> None:
    prepared = prepared_file(10, forecast=Forecast(8, {"BAD_TYPE": 2}, rejects_key="reports/foreseen_rejects.jsonl"))

    report = told(replace(PREPARED_ONLY, dry_run=True, prepared=prepared), [])

    assert report["error_files"] == ["s3://bucket/reports/foreseen_rejects.jsonl"]


def test_the_version_of_an_object_is_told_where_there_is_one() -> None:
    landed = replace(LANDED, url="s3://publisher/cars.csv", version_id="3sL4kqtJlcpXroDTDmJ")

    told_of = told(replace(LANDED_ONLY, landed=landed.to_json()), [])

    assert told_of["source"]["version_id"] == "3sL4kqtJlcpXroDTDmJ"
    jsonschema.Draft202012Validator(SCHEMA).validate(told_of)


def test_prepared_rows_that_nobody_was_asked_about_are_unaccounted_for() -> None:
    report = told(PREPARED_ONLY, [])

    assert report["ledger"] == Ledger(source_rows=10, rejected_before_upload=1).to_json()
    assert report["ledger"]["unaccounted"] == 9
    assert report["rejects_by_code"] == {"BAD_WIDTH": 1}


def test_what_became_of_the_rejects_is_told() -> None:
    outcome = Outcome(rejects=9, missing=3, superseded=5, misfiled=7)

    report = told(migrated(10, outcome=outcome), [])

    counts = [report[f"rejects_{name}"] for name in ("missing", "superseded", "misfiled")]
    assert counts == [3, 5, 7]


def test_a_failed_execution_is_named_with_its_cause() -> None:
    report = told(migrated(10, execution=execution("FAILED", cause="States.Timeout")), ["red"])

    assert (report["execution_status"], report["execution_cause"]) == ("FAILED", "States.Timeout")
    assert report["accounted"] is False


def test_the_key_is_that_of_the_execution_or_one_of_the_runs_own() -> None:
    assert report_key(PREPARED_ONLY) == "reports/cars/cars-1/report.json"
    assert report_key(NOTHING) == f"reports/cars/{execution_name('cars', 'run', '')}/report.json"
    assert report_key(replace(NOTHING, run_id="another")) != report_key(NOTHING)


def test_the_summary_shows_the_ledger_the_codes_and_every_problem() -> None:
    text = summary(make_report(migrated(5000, before=2, rejected=3), ["First.", "Second."]))

    assert "source rows                      5,000" in text
    assert "rejects: 3 BAD_TYPE, 2 BAD_WIDTH" in text
    assert text.endswith("First.\nSecond.")


def test_failed_rows_are_told_by_their_error_and_where_they_are() -> None:
    outcome = outcome_of_run(
        csv_key="reports/r.csv",
        unfinished_key="reports/u.jsonl",
        failed=3,
        unstarted=2,
        failures_by_error={"States.Timeout": 3},
    )
    findings = migrated(1000, failed=3, unstarted=2, outcome=outcome)

    report = told(findings, ["too many"])

    assert report["failures_by_error"] == {"States.Timeout": 3}
    assert sum(report["failures_by_error"].values()) == report["ledger"]["failed"]
    assert report["unfinished_rows_in_error_files"] == 5
    assert report["error_files"] == ["s3://bucket/reports/r.csv", "s3://bucket/reports/u.jsonl"]
    assert report["rejects_by_code"] == {}
    text = summary(make_report(findings, ["too many"]))
    assert "failed rows by error: 3 States.Timeout\n5 of the 5 rows that failed or never started are in" in text


def test_failed_rows_that_no_error_file_names_are_told_loudly() -> None:
    counts = counted(failed=3, failures_by_error={"FAILED": 3})

    text = summary(make_report(migrated(1000, outcome=Outcome(), counts=counts), ["too many"]))

    assert "None of the 3 rows that failed or never started is in an error file" in text


def test_the_summary_of_a_run_whose_failures_are_tolerated_does_not_hide_them() -> None:
    text = summary(make_report(migrated(1000, failed=3, unstarted=2), []))

    assert text.endswith(
        "\nEvery row is accounted for. 5 of them failed or never started, as the data set file tolerates."
    )


def test_the_summary_of_a_dry_run_calls_no_row_failed() -> None:
    counts = MigrationCounts(unstarted=9)

    text = summary(make_report(replace(PREPARED_ONLY, dry_run=True, counts=counts), []))

    assert "never started are" not in text
    assert "error file" not in text


def test_rows_that_no_execution_was_started_for_are_told_as_such() -> None:
    findings = replace(PREPARED_ONLY, refused=True, counts=MigrationCounts(unstarted=9))

    text = summary(make_report(findings, ["too many"]))

    assert "\n9 rows were handed to no execution. They are in the source, and in no error file.\n" in text
    assert "Map Run" not in text


def test_the_summary_of_a_green_run_says_so_and_a_dry_run_says_what_it_is() -> None:
    assert summary(make_report(migrated(1), [])).endswith("\nEvery row is accounted for.")
    assert "A dry run" in summary(make_report(replace(PREPARED_ONLY, dry_run=True), []))


def test_the_summary_tells_what_the_check_of_the_table_found_and_which_rejects_were_left_out() -> None:
    findings = migrated(10, rejected=1, checked=CheckedTable(VerifyMode.SAMPLE, 9))
    outcome = replace(findings.outcome or Outcome(), superseded=3)

    text = summary(make_report(replace(findings, outcome=outcome), []))

    assert "\ntable: 9 keys of the file checked (sample): all as expected.\n" in text
    assert "superseded rejects of repeated attempts, left out: 3" in text
    assert "table:" not in summary(make_report(migrated(10, checked=None), []))


def test_the_merged_rejects_are_told_as_json_lines_and_as_csv_and_the_profile_beside_them() -> None:
    outcome = Outcome(key="reports/r.jsonl", csv_key="reports/r.csv", rejects=1)
    prepared = prepared_file(
        *(10, 1),
        profile_key="reports/p.json",
        delimiter="\t",
        encoding="utf-16-le",
        compression="zip",
        quote=None,
        escape="\\",
        encoding_guessed=True,
        notes=SourceNotes(3, 2, 1, ("Column 3 was left out.",)),
    )

    report = told(migrated(10, outcome=outcome, prepared=prepared), [])

    assert report["error_files"] == ["s3://bucket/reports/r.jsonl", "s3://bucket/reports/r.csv"]
    assert report["profile"] == "s3://bucket/reports/p.json"
    assert report["source"]["format"] == {
        **{"delimiter": "\t", "encoding": "utf-16-le", "compression": "zip"},
        **{"quote": None, "escape": "\\", "encoding_guessed": True},
    }
    assert (report["source"]["blank_records"], report["source"]["comment_lines"]) == (3, 2)
    assert (report["source"]["skipped_lines"], report["source"]["notes"]) == (1, ["Column 3 was left out."])


def test_every_witness_is_another_one() -> None:
    witnesses = told(migrated(10, before=1, checked=CheckedTable(VerifyMode.FULL, 9)), [])["witnesses"]

    assert witnesses["verification"] == "items of the table, against the rows of s3://bucket/source/cars/0b/cars.csv"
    assert len(set(witnesses.values())) == len(witnesses)


def test_where_the_witnesses_were_not_heard_it_says_so() -> None:
    assert "were not heard" in told(PREPARED_ONLY, [])["witnesses"]["rejected_before_upload"]


@pytest.mark.parametrize(
    ("answer", "told_of_it"),
    [
        (Approval("digest", approved=True, by="bob", at=1_795_751_000.0), " bob approved it at 2026-11-27 03:43 UTC."),
        (Approval("digest", approved=False, by="", at=1_795_751_000.0), " Nobody answered in time."),
        (None, ""),
    ],
)
def test_what_a_person_was_asked_and_answered_is_in_the_report_the_summary_and_the_page(
    answer: Approval | None, told_of_it: str
) -> None:
    question = Question("gates.last_record", "The last record, row 7, is none.", {"row": 7})
    findings = replace(PREPARED_ONLY, prepared=prepared_file(10, questions=(question,)), approval=answer)

    report = make_report(findings, [])

    document = json.loads(report_text(report))
    assert document["questions"] == [question.to_json()]
    assert document["approval"] == (answer and answer.to_json())
    assert read_report(document) == report
    assert f"\n\nasked of a person:{told_of_it}\n- gates.last_record: The last record, row 7, is none.\n" in summary(
        report
    )
    page = html_report(report)
    assert f"<p>{told_of_it.strip() or 'Nobody has answered.'}</p>" in page
    assert "<li>gates.last_record: The last record, row 7, is none.</li>" in page


def test_what_speaks_against_the_source_is_in_the_report_and_in_the_summary() -> None:
    warnings = ("The source has 10 rows, and the last green run's had 100.", "The last record, row 10, is none.")
    findings = replace(PREPARED_ONLY, prepared=prepared_file(10, source_warnings=warnings))

    report = told(findings, [])

    assert report["source_warnings"] == list(warnings)
    assert "\n\n" + "\n".join(warnings) + "\n\n" in summary(make_report(findings, []))
    assert told(replace(findings, prepared=None), [])["source_warnings"] == []
