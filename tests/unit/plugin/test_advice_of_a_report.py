"""What to do about a problem is what docs/operations.md says."""

import json

import pytest

from commands.advice import advice
from commands.project import ROOT
from csvdynamo_airflow.accounting.advice import ADVICE_FILE, advice_for

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_entries_are_those_of_the_page() -> None:
    assert ADVICE_FILE.read_text(encoding="utf-8") == advice(PAGE), "make docs writes it"


def test_every_entry_says_what_to_do_in_one_line() -> None:
    entries = json.loads(advice(PAGE))

    assert len(entries) > 35
    for entry in entries:
        assert entry["title"]
        assert entry["do"], entry
        assert "\n" not in entry["do"]
        assert "](" not in entry["do"], "a link that leads nowhere from Airflow"


@pytest.mark.parametrize(
    ("problem", "titles"),
    [
        ("3 rows are in batches that failed: E.", ["Batches failed"]),
        (
            "Task prepare ended as failed: x: source.max_bytes allows 10.",
            ["The source is larger, or takes longer, than the data set file allows"],
        ),
        ("TableWriteKeyRangeThroughputExceeded", ["Partitions of the table are throttled"]),
        ("IndexWriteProvisionedThroughputExceeded", ["The table's provisioned units are used up"]),
        ("TableWriteMaxOnDemandThroughputExceeded", ["The table's own maximum is reached"]),
        ("TableWriteAccountLimitExceeded", ["The account's quota is reached"]),
        ("UnprocessedItems", []),
        ("An error occurred (ProvisionedThroughputExceededException).", ["Calls are throttled, fail or are cut"]),
        ("Nothing that anybody wrote down.", []),
    ],
)
def test_a_problem_is_answered_by_the_entry_that_looks_like_it(problem: str, titles: list[str]) -> None:
    assert [entry.title for entry in advice_for([problem, problem])] == titles
