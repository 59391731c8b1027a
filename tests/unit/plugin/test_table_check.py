"""Items compared as DynamoDB compares them, and each difference told apart."""

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.rules.attribute_values import Item, number_text
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.table.table_check import (
    Expected,
    ExpectedDigest,
    RowOutcome,
    differing_attributes,
    digest,
    digest_expected,
    judge,
)

ITEM: Item = {"id": {"S": "A_1"}, "year": {"N": "2020"}, "new": {"BOOL": True}, "note": {"NULL": True}}


@pytest.mark.parametrize("text", ["2020", "2020.0", "2.02E3", "+2020", "02020", "2020.000000"])
def test_numbers_are_compared_by_their_value_and_not_their_form(text: str) -> None:
    assert digest({**ITEM, "year": {"N": text}}) == digest(ITEM)
    assert differing_attributes(ITEM, {**ITEM, "year": {"N": text}}) == ()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30))
def test_a_number_that_the_core_wrote_equals_itself_in_every_form(number: Decimal) -> None:
    text = number_text(str(number))
    assume(text is not None)

    assert digest({"n": {"N": text}}) == digest({"n": {"N": f"{number:E}"}})


def test_all_38_digits_of_a_number_count() -> None:
    digits = "1234567890123456789012345678901234567"

    assert digest({"n": {"N": digits + "8"}}) != digest({"n": {"N": digits + "9"}})


@given(st.randoms())
def test_the_order_of_the_attributes_does_not_count(order: random.Random) -> None:
    names = list(ITEM)
    order.shuffle(names)

    assert digest({name: ITEM[name] for name in names}) == digest(ITEM)


OTHERS: list[Any] = [
    {**ITEM, "year": {"N": "2021"}},
    {**ITEM, "year": {"S": "2020"}},
    {**ITEM, "new": {"BOOL": False}},
    {**ITEM, "note": {"S": ""}},
    {**ITEM, "more": {"S": "x"}},
    {name: value for name, value in ITEM.items() if name != "note"},
    {**ITEM, "id": {"S": "A_1 "}},
    {**ITEM, "blob": {"B": b"\xff"}},
    {**ITEM, "parts": {"M": {"a": {"N": "1"}}}},
]


@pytest.mark.parametrize("other", OTHERS)
def test_any_other_value_type_or_attribute_is_another_item(other: Item) -> None:
    assert digest(other) != digest(ITEM)
    [name] = differing_attributes(ITEM, other)
    assert ITEM.get(name) != other.get(name)


def test_the_attributes_that_differ_are_named_in_order() -> None:
    assert differing_attributes(ITEM, {"id": {"S": "A_1"}, "a": {"S": "x"}}) == ("a", "new", "note", "year")


def test_a_row_that_the_rules_make_no_item_of_meets_no_item() -> None:
    expected = digest_expected(Expected("A_1", 1, RowOutcome.WRITTEN, None))

    assert [found.kind for found in judge("A_1", [expected], digest(ITEM))] == [DifferenceKind.CHANGED]
    assert [found.kind for found in judge("A_1", [expected], None)] == [DifferenceKind.MISSING]


MADE, OTHER = digest(ITEM), digest(OTHERS[0])


@pytest.mark.parametrize(
    ("outcome", "found", "kind"),
    [
        (RowOutcome.WRITTEN, MADE, None),
        (RowOutcome.WRITTEN, None, DifferenceKind.MISSING),
        (RowOutcome.WRITTEN, OTHER, DifferenceKind.CHANGED),
        (RowOutcome.UNFINISHED, MADE, None),
        (RowOutcome.UNFINISHED, None, DifferenceKind.UNFINISHED),
        (RowOutcome.UNFINISHED, OTHER, DifferenceKind.UNFINISHED),
        (RowOutcome.REJECTED, None, None),
        (RowOutcome.REJECTED, OTHER, DifferenceKind.STALE),
    ],
)
def test_what_a_row_lets_expect(outcome: RowOutcome, found: str | None, kind: DifferenceKind | None) -> None:
    differences = list(judge("A_1", [ExpectedDigest(7, outcome, MADE)], found))

    assert differences == ([Difference(kind, "A_1", 7)] if kind else [])


def test_an_item_of_no_row_is_foreign() -> None:
    assert list(judge("A_9", [], OTHER)) == [Difference(DifferenceKind.FOREIGN, "A_9")]


def test_an_item_that_a_written_row_accounts_for_is_not_stale_by_another_that_was_rejected() -> None:
    expected = [ExpectedDigest(1, RowOutcome.REJECTED, ""), ExpectedDigest(2, RowOutcome.WRITTEN, MADE)]

    assert list(judge("A_1", expected, MADE)) == []
    assert list(judge("A_1", expected, None)) == [Difference(DifferenceKind.MISSING, "A_1", 2)]


def test_of_two_rows_written_under_one_key_one_was_lost() -> None:
    expected = [ExpectedDigest(1, RowOutcome.WRITTEN, OTHER), ExpectedDigest(2, RowOutcome.WRITTEN, MADE)]

    assert list(judge("A_1", expected, MADE)) == [Difference(DifferenceKind.CHANGED, "A_1", 1)]


DIFFERENCES = st.builds(
    Difference,
    st.sampled_from(DifferenceKind),
    st.text(),
    st.none() | st.integers(1, 10**9),
    st.lists(st.text(min_size=1)).map(tuple),
)


@given(DIFFERENCES)
def test_a_difference_survives_its_document(difference: Difference) -> None:
    assert Difference.from_json(difference.to_json()) == difference


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "1,500 keys of the file checked (full): all as expected."),
        (
            {DifferenceKind.MISSING: 1, DifferenceKind.FOREIGN: 2000},
            "1,500 keys of the file checked (full): 1 missing, 2,000 foreign.",
        ),
    ],
)
def test_the_check_says_itself_in_a_line(counts: dict[DifferenceKind, int], sentence: str) -> None:
    assert CheckedTable(VerifyMode.FULL, 1500, counts).sentence() == sentence


def test_a_table_that_was_not_checked_says_so() -> None:
    assert CheckedTable().sentence() == "not checked."


def test_the_check_survives_the_reports_document() -> None:
    examples = (Difference(DifferenceKind.MISSING, "A_1", 5), Difference(DifferenceKind.FOREIGN, "A_9"))
    counts = {DifferenceKind.MISSING: 1, DifferenceKind.FOREIGN: 2000}
    checked = CheckedTable(VerifyMode.FULL, 1500, counts, examples, "k")

    assert CheckedTable.from_json(checked.to_json()) == checked
    assert checked.examples_of(DifferenceKind.FOREIGN) == [examples[1]]
    assert [str(example) for example in examples] == ["A_1 (row 5)", "A_9"]
