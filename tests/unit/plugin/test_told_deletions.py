"""What a run says of the items of keys that vanished: in the sentence, the summary, the page, and to other DAGs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from csvdynamo.datasets.dataset import Dataset, GateAction, Gates
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import Vanished, Write, WriteMode
from csvdynamo_airflow.accounting.comparison import compared
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import Report, json_of, read_report
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.preparation.prepare import GateError
from csvdynamo_airflow.tasks.told_assets import written_rows
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain
from tests.unit.plugin.run_findings import difference, migrated, outcome_of_run, prepared_file
from tests.unit.plugin.test_report import PLAN, SCHEMA

GATES = Gates(max_reject_percent=100.0, min_rows_percent=0.0)
CARS = Dataset(
    "cars",
    Source("https://example.org/cars.csv", "cars.csv"),
    Table("tb_cars", "id"),
    write=Write(WriteMode.CHANGED, Vanished.DELETE),
    gates=GATES,
)

LISTED = "s3://bucket/reports/cars/cars-1/vanished.jsonl"
DELETING = {"vanished": 5, "deletions": 4, "vanished_key": LISTED.removeprefix("s3://bucket/")}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


def rows(*keys: str) -> bytes:
    return "".join(["id,city\n", *(f"{key},Ulm\n" for key in keys)]).encode()


def run(became: dict[str, int], **changes: Any) -> Findings:
    """A run of ten rows, three of them written, with four items to delete."""
    told = difference(**{"new": 3, "unchanged": 7, **DELETING, **changes})
    outcome = outcome_of_run(written=told.new, **became)
    return migrated(3, prepared=prepared_file(10, difference=told), outcome=outcome)


def report(became: dict[str, int], **changes: Any) -> Report:
    return make_report(run(became, **changes), [])


DRY = make_report(replace(run({}), dry_run=True, execution=None, outcome=None), [])


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (report({"deleted": 4}), "3 written, 7 unchanged. Of keys that vanished, 4 items are deleted."),
        (report({"deleted": 3, "left": 1}), "Of keys that vanished, 3 items are deleted, 1 left alone."),
        (report({"left": 4}), "Of keys that vanished, 0 items are deleted, 4 left alone."),
        (report({}, deletions=0), "All 10 rows are accounted for: 3 written, 7 unchanged."),
        (
            report({"deleted": 4}, new=0, unchanged=10),
            "All 10 rows are accounted for: 10 unchanged. Of keys that vanished, 4 items are deleted.",
        ),
        (DRY, "A dry run: 10 rows were read, and none was migrated."),
    ],
)
def test_the_sentence_ends_with_what_was_deleted(told: Report, words: str) -> None:
    assert sentence(json_of(told)).endswith(words)


def test_of_a_source_without_rows_everything_may_be_deleted() -> None:
    gone = difference(vanished=4, deletions=4)
    findings = migrated(0, prepared=prepared_file(0, difference=gone), outcome=outcome_of_run(deleted=4))

    told, dry = (sentence(json_of(make_report(replace(findings, dry_run=dry), []))) for dry in (False, True))

    assert told == "The source has no row. Of keys that vanished, 4 items are deleted."
    assert dry == "The source has no row."


@pytest.mark.parametrize(
    ("told", "words", "beside"),
    [
        (report({"deleted": 4}), "and 4 of 4 items to be deleted are gone", "4 deleted"),
        (
            report({"deleted": 1, "left": 2, "undeleted": 1}),
            "and 1 of 4 items to be deleted are gone; 2 were left alone, as they are not those that a run put there",
            "1 deleted, 2 left alone, 1 not deleted",
        ),
        (DRY, "and a run would delete the items of 4", None),
    ],
)
def test_the_summary_and_the_page_say_what_became_of_the_items(told: Report, words: str, beside: str | None) -> None:
    line = f"3 new, 0 changed, 7 unchanged; 5 keys vanished, {words} (they are in {LISTED})"
    page = html_report(told)

    assert f"changes: {line}\n" in summary(told)
    assert f"<li>Rows: {line}.</li>" in page
    became = (
        f"4 items of keys that vanished: {beside}." if beside else "4 items of keys that vanished would be deleted."
    )
    assert f"<p>Beside these, {became}</p>" in page


def test_the_summary_and_the_page_say_why_nothing_was_deleted() -> None:
    told = report({}, deletions=0, unknown_keys=2)
    words = "5 keys vanished, and stay in the table, since nobody can tell the keys of 2 records of the source"

    assert words in summary(told)
    assert words in html_report(told)
    assert "Beside these" not in html_report(told)
    kept = summary(report({}, deletions=0))
    assert "and stay in the table (they are in" in kept


def test_a_run_that_writes_all_rows_tells_what_it_deletes_as_well() -> None:
    told = report({"deleted": 4}, why_all="the rules were changed", base=None)

    assert "every row is written: the rules were changed; 5 keys vanished, and 4 of 4 items" in summary(told)


def test_the_report_has_the_deletions_and_survives_its_document() -> None:
    told = report({"deleted": 3, "left": 1}, unknown_keys=2)
    document = json.loads(json.dumps(json_of(told)))

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert {"to_delete": 4, "deleted": 3, "left_alone": 1, "unknown_keys": 2}.items() <= document["changes"].items()
    assert read_report(document) == told


def test_what_was_deleted_stands_beside_what_was_planned() -> None:
    planned = replace(report({"deleted": 3, "left": 1}), plan=replace(PLAN, deletions=4, delete_units=4))

    [line] = [one for one in compared(planned) if one.name == "items deleted"]

    assert (line.planned, line.done, line.difference) == ("4", "3", "-1")
    assert "items deleted" not in {one.name for one in compared(replace(planned, plan=PLAN))}


def test_a_dry_runs_page_has_the_deletions_of_its_plan() -> None:
    page = html_report(replace(DRY, plan=replace(PLAN, write_units=13, deletions=4, delete_units=5)))

    assert "; 8 write units</td>" in page
    assert '<th scope="row">items to be deleted</th><td>4, at most 5 write units</td>' in page
    assert "items to be deleted</th>" not in html_report(replace(DRY, plan=PLAN))


@pytest.mark.parametrize(
    ("written", "changes", "is_news"),
    [
        (0, {"deleted": 4}, True),
        (3, None, True),
        (0, {"deleted": 0, "left_alone": 4}, False),
        (0, None, False),
        (0, {"new": 0}, False),
    ],
)
def test_a_run_that_only_deletes_is_news_of_the_table(
    written: int, changes: dict[str, int] | None, *, is_news: bool
) -> None:
    told = {"ledger": {"written": written}, "execution": ["arn", 0], "changes": changes}

    news = written_rows("cars", prepared_file(3).to_json(), told)

    assert (news is not None) == is_news


def test_too_many_deletions_stop_the_run_until_they_are_allowed(folder: Path) -> None:
    chain, allowing = Chain(folder), replace(CARS, write=replace(CARS.write, max_delete_percent=50.0))
    chain.run(rows("a", "b"), CARS)

    with pytest.raises(GateError) as refused:
        chain.prepare(rows("a"), CARS)
    asked = chain.prepare(rows("a"), replace(CARS, gates=replace(GATES, gate=GateAction.APPROVE)))

    told = "1 items of 2 would be deleted, as no row of the source has their keys any more: more than"
    assert str(refused.value).startswith(f"{told} write.max_delete_percent = 1. Nothing was uploaded")
    assert "accept_source" not in str(refused.value)
    assert [(one.gate, one.sentence[: len(told)]) for one in asked.questions] == [("write.max_delete_percent", told)]
    assert set(chain.table.items) == {"a", "b"}
    assert chain.run(rows("a"), allowing).prepared.deletions == 1
    assert set(chain.table.items) == {"a"}


def test_records_whose_keys_nobody_can_tell_stop_deletions_until_they_are_mended(folder: Path) -> None:
    chain, deleting = Chain(folder), replace(CARS, write=replace(CARS.write, max_delete_percent=50.0))
    chain.run(rows("a", "b"), deleting)

    kept = chain.run(rows("a", ""), deleting).prepared.difference

    assert kept is not None
    assert (kept.vanished, kept.deletions, kept.unknown_keys) == (1, 0, 1)
    assert set(chain.table.items) == {"a", "b"}
    assert chain.run(rows("a", "c"), deleting).prepared.deletions == 1
    assert set(chain.table.items) == {"a", "c"}


def test_what_is_foreseen_of_a_file_has_its_deletions(folder: Path) -> None:
    chain, deleting = Chain(folder), replace(CARS, write=replace(CARS.write, max_delete_percent=50.0))
    chain.run(rows("a", "b"), deleting)

    ran = chain.run(rows("a"), replace(deleting, gates=replace(GATES, all_rules=True)))

    foreseen = ran.prepared.forecast
    assert foreseen is not None
    assert (foreseen.written, foreseen.batches, foreseen.deletions, foreseen.delete_units) == (0, 1, 1, 1)
