from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import (
    AttributeValue,
    boolean_value,
    item_size,
    key_size,
    number_text,
)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("000.000", "0"),
        ("0e999999", "0"),
        ("2020", "2020"),
        (" 2020\t", "2020"),
        ("+007.50", "7.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("9" * 38, "9" * 38),
        ("1" + "0" * 60, "1E+60"),
        ("1e-130", "1E-130"),
        ("9." + "9" * 37 + "e125", "9." + "9" * 37 + "E+125"),
    ],
)
def test_a_number_is_stored_in_its_shortest_form(text: str, stored: str) -> None:
    assert number_text(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1,000",
        "1 000",
        "0x10",
        "1_000",
        "NaN",
        "inf",
        "1e",
        "1e126",
        "1e-131",
        "9" * 39,
        "1e9999999999",
        "١٢",
        "$5",
        "1.2.3",
    ],
)
def test_what_dynamodb_cannot_hold_as_a_number_is_none(text: str) -> None:
    assert number_text(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_exact_value_or_is_refused(number: Decimal) -> None:
    stored = number_text(str(number))

    if stored is None:
        digits = len("".join(map(str, number.as_tuple().digits)).strip("0"))
        assert digits > 38 or not -130 <= number.adjusted() <= 125
    else:
        assert Decimal(stored).compare(number, Context(prec=400)) == 0


@given(st.text(max_size=50))
def test_any_text_is_a_number_or_none(text: str) -> None:
    stored = number_text(text)

    assert stored is None or number_text(stored) == stored


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), (" TRUE ", True), ("False", False), ("yes", None), ("1", None), ("", None), ("t", None)],
)
def test_only_true_and_false_are_booleans(text: str, value: bool | None) -> None:
    assert boolean_value(text) is value


def test_an_item_is_measured_in_bytes_of_its_names_and_values() -> None:
    assert item_size({"key": {"S": "abc"}}) == 6
    assert item_size({"é": {"S": "日本"}}) == 2 + 6
    assert item_size({"n": {"N": "-1200"}}) == 1 + 1 + 1 + 1
    assert item_size({"n": {"N": "123.45"}}) == 1 + 3 + 1
    assert item_size({"n": {"N": "-1E+125"}, "m": {"N": "1.5E-120"}}) == (1 + 1 + 1 + 1) + (1 + 1 + 1)
    assert item_size({"b": {"BOOL": True}, "x": {"NULL": True}}) == 4


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"B": b"\xff" * 5}, 5),
        ({"B": b""}, 0),
        ({"SS": ["a", "bcd"]}, 4),
        ({"NS": ["1", "-123.45"]}, 2 + 5),
        ({"BS": [b"a", b"bc"]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"NULL": True}]}, 3 + (1 + 2) + (1 + 1)),
        ({"M": {"é": {"N": "12"}, "b": {"BOOL": False}}}, 3 + (1 + 2 + 2) + (1 + 1 + 1)),
        ({"L": [{"L": [{"S": ""}]}, {"M": {"x": {"L": []}}}]}, 3 + (1 + 3 + 1) + (1 + 3 + 1 + 1 + 3)),
    ],
)
def test_what_is_in_a_document_or_a_set_is_measured_as_dynamodb_counts_it(value: AttributeValue, size: int) -> None:
    assert item_size({"name": value}) == 4 + size


def test_a_key_is_measured_without_its_name() -> None:
    assert key_size({"S": "é"}) == 2
    assert key_size({"N": "1234"}) == 3
    assert key_size({"B": b"123"}) == 3


def test_half_a_surrogate_pair_is_found_wherever_it_is() -> None:
    for value in ({"L": [{"S": "\ud800"}]}, {"M": {"\ud800": {"S": ""}}}, {"SS": ["\ud800"]}):
        with pytest.raises(UnicodeEncodeError):
            item_size({"a": value})
