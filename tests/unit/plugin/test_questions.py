"""What a gate asks of a person: the questions, the numbers, and what tells one answer from another's."""

from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import OnChange
from csvdynamo.datasets.write_rules import Vanished, Write, WriteMode
from csvdynamo_airflow.documents.approval import Approval, Question
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.schema_change import Reference, SchemaChange
from csvdynamo_airflow.gates.questions import approve_option, body, questions
from csvdynamo_airflow.gates.row_mark import RowMark
from csvdynamo_airflow.gates.source_gate import judge_encoding, judge_source
from csvdynamo_airflow.preparation.deletions import judge_deletions
from tests.unit.plugin.run_findings import difference, prepared_file

NEW = SchemaChange.new(["Colour", "Seats"], Reference.DATASET_FILE, OnChange.FAIL)
TOLD = SchemaChange.reordered(["Colour"], Reference.LAST_RUN, OnChange.WARN)


def asked_about(**changes: Any) -> Prepared:
    """A prepared file of 100 rows, 9 of them rejected, that is asked about."""
    file = prepared_file(100, 9, last_rows=400, **changes)
    return replace(file, questions=questions(file, [], Gates(max_reject_percent=5)))


def test_what_no_gate_would_stop_is_no_question() -> None:
    faults = judge_source(90, RowMark(100, "run", 1.0), "The last record", Gates(), accepted=False)

    assert questions(prepared_file(100, 5, schema_changes=(TOLD,)), faults, Gates()) == ()


def test_each_gate_that_would_stop_a_run_is_a_question_with_its_numbers() -> None:
    gates = Gates(last_record=OnChange.FAIL)
    faults = judge_source(100, RowMark(400, "run 1", 1.0), "The last record, row 100", gates, accepted=False)
    faults += judge_encoding("Windows-1252", OnChange.FAIL, accepted=False)

    asked = questions(prepared_file(100, 9, schema_changes=(NEW, TOLD)), faults, gates)

    assert [(one.gate, one.numbers) for one in asked] == [
        ("schema", {"columns new, against the data set file": 2}),
        ("gates.min_rows_percent", {"rows": 100, "rows of the last green run": 400}),
        ("gates.last_record", {}),
        ("source.guessed_encoding", {}),
        ("gates.max_reject_percent", {"rejected": 9, "percent": 9.0, "BAD_WIDTH": 9}),
    ]
    assert asked[0].sentence == "The header changed. New against the data set file: 'Colour', 'Seats'."
    assert asked[-1].sentence.startswith("9 of 100 rows (9.00 %) were rejected, more than gates.max_reject_percent = 5")


@pytest.mark.parametrize(
    "other",
    [
        {"sha256": "0c"},
        {"rules": "other"},
        {"rejects_by_code": {"BAD_WIDTH": 8, "BAD_QUOTE": 1}},
        {"schema_changes": (NEW,)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_an_answer_is_of_one_file_by_its_rules_with_its_questions(other: dict[str, Any]) -> None:
    one, same, another = asked_about(), asked_about(at=60.0, bytes=7), asked_about(**other)
    answer = Approval(one.asked, approved=True, by="alice", at=1.0)

    assert (answer.lets_pass(same.asked), approve_option(same)) == (True, approve_option(one))
    assert not answer.lets_pass(another.asked)
    assert approve_option(another) != approve_option(one)
    assert not replace(answer, approved=False).lets_pass(one.asked)


def test_the_question_shows_the_numbers_to_decide_by() -> None:
    prepared = asked_about(schema_changes=(NEW,))

    text = body(prepared, 24)

    for line in (
        "| rows of the source | 100 |",
        "| rows of the last green run's source | 400 |",
        "| rejected before the upload | 9 (9.00 %) |",
        "| BAD_WIDTH | 9 |",
        "| columns new, against the data set file | 2 |",
        "| rows to be written | 91 |",
        "- prepared file: ` s3://bucket/source/cars/0b/cars.csv `",
        "- rejects: ` s3://bucket/reports/cars/cars-1/rejected_before_upload.jsonl `",
    ):
        assert line in text.split("\n")
    assert f"**{approve_option(prepared)}** migrates this prepared file and no other" in text
    assert "no answer in 24 hours" in text
    assert "to be deleted" not in text
    assert "last green run" not in body(replace(prepared, last_rows=None), 24).replace(
        prepared.questions[0].sentence, ""
    )


def test_a_column_named_like_markup_is_text_in_the_question() -> None:
    evil = "`[x](https://example.org) ![y](z) <script>\n# no"
    change = SchemaChange.new([evil], Reference.DATASET_FILE, OnChange.FAIL)

    tokens = MarkdownIt().enable("table").parse(body(asked_about(schema_changes=(change,)), 24))

    kinds = {child.type for token in tokens for child in token.children or ()} | {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "heading_open"}


def test_a_question_and_an_answer_survive_json() -> None:
    prepared = asked_about(schema_changes=(NEW,))

    assert Prepared.from_json(prepared.to_json()) == prepared
    assert Question.from_json(prepared.questions[0].to_json()) == prepared.questions[0]


def test_a_file_that_was_prepared_before_an_upgrade_asks_nothing() -> None:
    old = {name: one for name, one in prepared_file(7).to_json().items() if name not in {"questions", "last_rows"}}

    assert Prepared.from_json(old) == prepared_file(7)


def test_who_is_asked_whether_items_are_deleted_sees_how_many_and_which() -> None:
    changes = difference(new=91, vanished=7, deletions=5, vanished_key="reports/cars/cars-1/vanished.jsonl")
    faults = judge_deletions(5, 96, Write(WriteMode.CHANGED, Vanished.DELETE))
    prepared = asked_about(difference=changes)
    prepared = replace(prepared, questions=questions(prepared, faults, Gates()))

    text = body(prepared, 24)

    asked = {one.gate: one.numbers for one in prepared.questions}
    assert asked["write.max_delete_percent"] == {"items to be deleted": 5, "items that earlier runs put there": 96}
    assert "| rows to be written | 91 |\n| items to be deleted | 5 |" in text
    listed = "s3://bucket/reports/cars/cars-1/vanished.jsonl"
    assert f"- keys that vanished, those of items to be deleted first: ` {listed} `" in text
