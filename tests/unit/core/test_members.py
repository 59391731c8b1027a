"""Lists, sets and bytes in a cell: as they are, or refused."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.refusals import Refusal
from tests.support.converted_cell import convert_cell, refusal_of_cell


@pytest.mark.parametrize(
    ("text", "rules", "members"),
    [
        ("a;b;c", {}, ["a", "b", "c"]),
        ("a", {}, ["a"]),
        (" a ; b c ", {}, ["a", "b c"]),
        ("a;b;a", {}, ["a", "b", "a"]),
        ("a;;c", {}, ["a", "", "c"]),
        ("a;", {}, ["a", ""]),
        ("a|b", {"separator": "|"}, ["a", "b"]),
        ("a;b", {"separator": "|"}, ["a;b"]),
        ("a, b,c", {"separator": ", "}, ["a", "b,c"]),
        ("a b", {"separator": " "}, ["a", "b"]),
        ("é;日本", {}, ["é", "日本"]),
    ],
)
def test_a_list_has_the_members_in_their_order(text: str, rules: dict[str, str], members: list[str]) -> None:
    assert convert_cell(text, type=ColumnType.LIST, **rules) == {"L": [{"S": member} for member in members]}


def test_a_set_has_each_member_once() -> None:
    assert convert_cell(" b;a ;A", type=ColumnType.SET) == {"SS": ["b", "a", "A"]}
    assert convert_cell("3; 1.50;-2e3", type=ColumnType.NUMBER_SET) == {"NS": ["3", "1.5", "-2000"]}
    assert convert_cell("1,2", type=ColumnType.NUMBER_SET, separator=",") == {"NS": ["1", "2"]}


@pytest.mark.parametrize(
    ("type", "text", "words"),
    [
        ("set", "a;b;a", 'has the member "a" twice, which no set has'),
        ("set", "a; a", 'has the member "a" twice'),
        ("set", "a;;b", "has an empty member, which says nothing in a set"),
        ("set", "a;", "has an empty member"),
        ("set", ";", "has an empty member"),
        ("number_set", "1;2;1.0", 'has the member "1" twice'),
        ("number_set", "-0;0", 'has the member "0" twice'),
        ("number_set", "100;1e2", 'has the member "100" twice'),
        ("number_set", "1;x", 'has the member "x", which is not a number that DynamoDB can hold'),
        ("number_set", "1;", 'has the member ""'),
        ("number_set", "1;" + "9" * 39, "which is not a number"),
    ],
)
def test_what_no_set_can_hold_is_refused(type: str, text: str, words: str) -> None:
    message = refusal_of_cell(text, type=ColumnType(type))

    assert words in message
    assert message.endswith(f'; type = "{type}", separator = ";"')


@pytest.mark.parametrize("type", ["list", "set", "number_set", "json", "binary", "date", "timestamp"])
def test_a_blank_cell_is_no_empty_list_or_set(type: str) -> None:
    assert convert_cell(" ", type=ColumnType(type)) is None


@given(st.lists(st.text("ab \u00e9,;", max_size=4), min_size=1, max_size=6))
def test_a_list_is_what_was_joined(members: list[str]) -> None:
    text = "|".join(members)
    made = convert_cell(text, type=ColumnType.LIST, separator="|")

    if text.strip():
        assert made == {"L": [{"S": member.strip()} for member in members]}
    else:
        assert made is None


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=8))
def test_a_number_set_is_refused_where_two_are_equal(members: list[int]) -> None:
    written = [f"{member}.0" if at % 2 else str(member) for at, member in enumerate(members)]
    made = convert_cell(";".join(written), type=ColumnType.NUMBER_SET)

    if len(set(members)) == len(members):
        assert made == {"NS": list(map(str, members))}
    else:
        assert isinstance(made, Refusal)


@given(st.binary(min_size=1, max_size=60))
def test_bytes_are_those_that_were_written(held: bytes) -> None:
    assert convert_cell(f" {base64.b64encode(held).decode()} ", type=ColumnType.BINARY) == {"B": held}


@pytest.mark.parametrize(
    "text",
    [
        "QQ",
        "QQ=",
        "QQ===",
        "QR==",
        "QUI",
        "QUJ=",
        "Q",
        "=",
        "====",
        "QQ==QQ==",
        "Q Q==",
        "QUJD\nQUJD",
        "QUJD-_8=",
        "QUJD!",
        "QUJD\u00e9AAA",
        "\uff31\uff31==",
        "{}",
    ],
)
def test_what_is_not_base64_to_the_last_character_is_refused(text: str) -> None:
    assert refusal_of_cell(text, type=ColumnType.BINARY).endswith('is not Base64; type = "binary"')


@given(st.text("AQgw=+/-_ \n", max_size=9))
def test_base64_has_one_form(text: str) -> None:
    made: Any = convert_cell(text, type=ColumnType.BINARY)

    if isinstance(made, dict):
        assert base64.b64encode(made["B"]).decode() == text.strip()
