"""Items compared as DynamoDB compares them, and each difference told apart."""

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.rules.attribute_values import Item, number_text
from csvdynamo.rules.item_digest import item_digest
from csvdynamo_airflow.accounting.read_back import read_back
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.table.table_check import (
    Expected,
    ExpectedDigest,
    RowOutcome,
    differing_attributes,
    digest_expected,
    judge,
)

ITEM: Item = {"id": {"S": "A_1"}, "year": {"N": "2020"}, "new": {"BOOL": True}, "note": {"NULL": True}}


@pytest.mark.parametrize("text", ["2020", "2020.0", "2.02E3", "+2020", "02020", "2020.000000"])
def test_numbers_are_compared_by_their_value_and_not_their_form(text: str) -> None:
    assert item_digest({**ITEM, "year": {"N": text}}) == item_digest(ITEM)
    assert differing_attributes(ITEM, {**ITEM, "year": {"N": text}}) == ()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30))
def test_a_number_that_the_core_wrote_equals_itself_in_every_form(number: Decimal) -> None:
    text = number_text(str(number))
    assume(text is not None)

    assert item_digest({"n": {"N": text}}) == item_digest({"n": {"N": f"{number:E}"}})


def test_all_38_digits_of_a_number_count() -> None:
    digits = "1234567890123456789012345678901234567"

    assert item_digest({"n": {"N": digits + "8"}}) != item_digest({"n": {"N": digits + "9"}})


@given(st.randoms())
def test_the_order_of_the_attributes_does_not_count(order: random.Random) -> None:
    names = list(ITEM)
    order.shuffle(names)

    assert item_digest({name: ITEM[name] for name in names}) == item_digest(ITEM)


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

NESTED: Item = {
    "id": {"S": "A_1"},
    "tags": {"SS": ["b", "a", "é"]},
    "codes": {"NS": ["10", "2", "1.5"]},
    "blobs": {"BS": [b"\xff", b"a"]},
    "extras": {"M": {"x": {"N": "10"}, "y": {"L": [{"NS": ["3", "4"]}, {"M": {"b": {"S": ""}, "a": {"NULL": True}}}]}}},
}
SAME: list[dict[str, Any]] = [
    {"tags": {"SS": ["a", "é", "b"]}},
    {"codes": {"NS": ["1.50", "1E1", "2.0"]}},
    {"blobs": {"BS": [b"a", b"\xff"]}},
    {"extras": {"M": dict(reversed(NESTED["extras"]["M"].items()))}},
    {"extras": {"M": {**NESTED["extras"]["M"], "x": {"N": "10.0"}}}},
    {
        "extras": {
            "M": {
                "y": {"L": [{"NS": ["4.0", "3"]}, {"M": {"a": {"NULL": True}, "b": {"S": ""}}}]},
                "x": {"N": "1E+1"},
            }
        }
    },
]
NOT_SAME: list[dict[str, Any]] = [
    {"tags": {"SS": ["a", "b"]}},
    {"tags": {"L": [{"S": "a"}, {"S": "b"}, {"S": "é"}]}},
    {"tags": {"SS": ["a", "b", "e"]}},
    {"codes": {"NS": ["10", "2", "1.6"]}},
    {"codes": {"SS": ["10", "2", "1.5"]}},
    {"blobs": {"BS": [b"\xff", b"b"]}},
    {"blobs": {"B": b"\xffa"}},
    {"extras": {"M": {"x": {"N": "10"}}}},
    {"extras": {"M": {**NESTED["extras"]["M"], "x": {"S": "10"}}}},
    {"extras": {"M": {**NESTED["extras"]["M"], "y": {"L": list(reversed(NESTED["extras"]["M"]["y"]["L"]))}}}},
    {"extras": {"L": [{"N": "10"}]}},
]


@pytest.mark.parametrize("changed", SAME)
def test_sets_and_maps_have_no_order_and_numbers_in_them_no_form(changed: dict[str, Any]) -> None:
    assert item_digest({**NESTED, **changed}) == item_digest(NESTED)
    assert differing_attributes(NESTED, {**NESTED, **changed}) == ()


@pytest.mark.parametrize("changed", NOT_SAME)
def test_another_member_type_or_order_of_a_list_is_another_item(changed: dict[str, Any]) -> None:
    assert item_digest({**NESTED, **changed}) != item_digest(NESTED)
    assert differing_attributes(NESTED, {**NESTED, **changed}) == tuple(changed)


_LEAVES = st.one_of(
    st.text(max_size=3).map(lambda text: {"S": text}),
    st.integers(-5, 5).map(lambda number: {"N": str(number)}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.binary(max_size=2).map(lambda held: {"B": held}),
    st.just({"NULL": True}),
    st.sets(st.sampled_from("abc"), min_size=1).map(lambda members: {"SS": sorted(members)}),
    st.sets(st.integers(0, 3), min_size=1).map(lambda members: {"NS": [str(one) for one in sorted(members)]}),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda members: {"L": members})
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda members: {"M": members})
    ),
    max_leaves=8,
)


def _turned(value: Any, order: random.Random) -> Any:
    """Write a value as DynamoDB might give it back: members of sets and maps in any order, numbers in any form."""
    [(kind, held)] = value.items()
    if kind == "N":
        return {"N": order.choice([held, f"{held}.0", f"{held}E0"])}
    if kind == "NS":
        return {"NS": [_turned({"N": one}, order)["N"] for one in order.sample(held, len(held))]}
    if kind == "SS":
        return {"SS": order.sample(held, len(held))}
    if kind == "L":
        return {"L": [_turned(one, order) for one in held]}
    if kind == "M":
        return {"M": {name: _turned(held[name], order) for name in order.sample(list(held), len(held))}}
    return value


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3), st.randoms())
def test_an_item_equals_itself_in_every_order_and_form(item: Any, order: random.Random) -> None:
    turned = {name: _turned(value, order) for name, value in item.items()}

    assert item_digest(turned) == item_digest(item)
    assert differing_attributes(item, turned) == ()


@given(*[st.dictionaries(st.sampled_from("ab"), _VALUES, max_size=2)] * 2)
def test_items_that_differ_have_other_digests(one: Any, other: Any) -> None:
    assert (item_digest(one) == item_digest(other)) == (differing_attributes(one, other) == ())
    assert one == other or one.keys() == other.keys() or item_digest(one) != item_digest(other)


@pytest.mark.parametrize("other", OTHERS)
def test_any_other_value_type_or_attribute_is_another_item(other: Item) -> None:
    assert item_digest(other) != item_digest(ITEM)
    [name] = differing_attributes(ITEM, other)
    assert ITEM.get(name) != other.get(name)


@pytest.mark.parametrize("value", [{}, {"S": "both", "N": "1"}, {"N": "1", "BOOL": True}, {"NEW": [1]}])
def test_a_value_of_no_type_or_another_one_is_another_item(value: Any) -> None:
    assert item_digest({**ITEM, "year": value}) != item_digest(ITEM)
    assert differing_attributes(ITEM, {**ITEM, "year": value}) == ("year",)


def test_the_attributes_that_differ_are_named_in_order() -> None:
    assert differing_attributes(ITEM, {"id": {"S": "A_1"}, "a": {"S": "x"}}) == ("a", "new", "note", "year")


def test_a_row_that_the_rules_make_no_item_of_meets_no_item() -> None:
    expected = digest_expected(Expected("A_1", 1, RowOutcome.WRITTEN, None))

    assert [found.kind for found in judge("A_1", [expected], item_digest(ITEM))] == [DifferenceKind.CHANGED]
    assert [found.kind for found in judge("A_1", [expected], None)] == [DifferenceKind.MISSING]


MADE, OTHER = item_digest(ITEM), item_digest(OTHERS[0])


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
        (RowOutcome.LEFT_ALONE, None, None),
        (RowOutcome.LEFT_ALONE, OTHER, None),
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


@pytest.mark.parametrize(
    ("checked", "told"),
    [
        (CheckedTable(), "The table was not read back."),
        (CheckedTable(VerifyMode.FULL, 1500), "All of the table was read back: 1,500 keys, all as they should be."),
        (
            CheckedTable(VerifyMode.CHANGED, 9, {DifferenceKind.UNDELETED: 2, DifferenceKind.MISSING: 1}),
            "What was written or deleted was read back, and a sample of the rest: 9 keys, 1 missing, 2 not deleted.",
        ),
        (
            CheckedTable(VerifyMode.SAMPLE, 9, {DifferenceKind.FOREIGN: 2000}, expired=3),
            "A sample of the table was read back: 9 keys, all as they should be. Items beside these: 2,000 of no row "
            "of the source, 3 gone, as their time to live has ended.",
        ),
    ],
)
def test_a_person_is_told_how_much_was_read_back_and_what_is_wrong(checked: CheckedTable, told: str) -> None:
    assert read_back(checked, wrote=True) == told


def test_where_nothing_was_written_what_was_read_back_is_a_sample() -> None:
    told = read_back(CheckedTable(VerifyMode.CHANGED, 9), wrote=False)

    assert told == "A sample of the table was read back: 9 keys, all as they should be."


def test_a_table_that_was_not_checked_says_so() -> None:
    assert CheckedTable().sentence() == "not checked."


def test_the_check_survives_the_reports_document() -> None:
    examples = (Difference(DifferenceKind.MISSING, "A_1", 5), Difference(DifferenceKind.FOREIGN, "A_9"))
    counts = {DifferenceKind.MISSING: 1, DifferenceKind.FOREIGN: 2000}
    checked = CheckedTable(VerifyMode.FULL, 1500, counts, examples, "k")

    assert CheckedTable.from_json(checked.to_json()) == checked
    assert checked.examples_of(DifferenceKind.FOREIGN) == [examples[1]]
    assert [str(example) for example in examples] == ["A_1 (row 5)", "A_9"]


# deletions


@pytest.mark.parametrize("found", [None, "0a"])
def test_an_item_that_is_to_be_gone_is_undeleted_while_there_is_any(found: str | None) -> None:
    expected = digest_expected(Expected("A_1", -3, RowOutcome.DELETED, None))

    differences = list(judge("A_1", [expected], found))

    assert differences == ([Difference(DifferenceKind.UNDELETED, "A_1", -3)] if found else [])


def test_a_deletion_has_no_row_to_be_named() -> None:
    told = Difference(DifferenceKind.UNDELETED, "A_1", -3)

    assert str(told) == "A_1"
    assert Difference.from_json(told.to_json()) == told


def test_a_check_of_before_there_were_deletions_is_read() -> None:
    document = CheckedTable(VerifyMode.FULL, 7, {DifferenceKind.MISSING: 1}).to_json()
    del document["undeleted"]

    assert CheckedTable.from_json(document).counts == {DifferenceKind.MISSING: 1}


def test_undeleted_items_are_counted_and_told() -> None:
    check = CheckedTable(VerifyMode.FULL, 7, {DifferenceKind.UNDELETED: 2})

    assert CheckedTable.from_json(check.to_json()) == check
    assert check.sentence() == "7 keys of the file checked (full): 2 undeleted."
