"""JSON in a cell: what it says, or refused where DynamoDB would hold something else, or nothing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import number_text
from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.refusals import Refusal
from tests.support.converted_cell import convert_cell, refusal_of_cell


def document(text: str) -> Any:
    return convert_cell(text, type=ColumnType.JSON)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ('{"x": 1}', {"M": {"x": {"N": "1"}}}),
        (
            ' {"a": [true, false, null, "b", -1.50], "c": {}} ',
            {
                "M": {
                    "a": {"L": [{"BOOL": True}, {"BOOL": False}, {"NULL": True}, {"S": "b"}, {"N": "-1.5"}]},
                    "c": {"M": {}},
                }
            },
        ),
        ("[]", {"L": []}),
        ("{}", {"M": {}}),
        ("null", {"NULL": True}),
        ("1e3", {"N": "1000"}),
        ('""', {"S": ""}),
        ('"1"', {"S": "1"}),
        ('"\\u00e9\\ud83d\\ude00"', {"S": "é😀"}),
        ("[0.1, 12345678901234567890123456789012345678]", {"L": [{"N": "0.1"}, {"N": "1234567890" * 3 + "12345678"}]}),
        ('{" ": "\\u0000"}', {"M": {" ": {"S": "\0"}}}),
    ],
)
def test_a_document_is_stored_as_what_it_says(text: str, stored: dict[str, Any]) -> None:
    assert document(text) == stored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{x: 1}", "is not JSON at character 2: Expecting property name"),
        ("[1", "is not JSON at character 3: "),
        ("[1]]", "is not JSON at character 4: Extra data"),
        ("[1,]", "is not JSON"),
        ("'a'", "is not JSON at character 1"),
        ("a;b", "is not JSON at character 1"),
        ("[01]", "is not JSON"),
        ("[1.]", "is not JSON"),
        ('"a\nb"', "is not JSON at character 3: Invalid control character"),
        ("\u00a01", "is not JSON at character 1"),
        ("\ufeff{}", "is not JSON at character 1"),
        ("NaN", "holds NaN, which is no JSON"),
        ("[Infinity]", "holds Infinity"),
        ('{"a": -Infinity}', "holds -Infinity"),
        ('{"a": 1, "b": 2, "a": 1}', 'has the name "a" twice'),
        ('[{"a": {"x": 1, "x": 2}}]', 'has the name "x" twice'),
        ('{"": 1}', "has an empty name"),
        ("[1e999]", 'holds "1e999", which is not a number that DynamoDB can hold'),
        ("[1e-131]", "which is not a number that DynamoDB can hold"),
        ("[" + "9" * 39 + "]", "which is not a number that DynamoDB can hold"),
        ("9" * 5000, "which is not a number that DynamoDB can hold"),
        ("[0." + "1" * 39 + "]", "which is not a number that DynamoDB can hold"),
        ('"\\ud800"', "holds half a surrogate pair"),
        ('{"\\udc00": 1}', "holds half a surrogate pair"),
        ("[" * 100_000, "is nested more than 32 levels deep"),
        ('{"a":' * 50_000, "is nested more than 32 levels deep"),
        ('{"' + "x" * 65_536 + '": 1}', "has a name of more than 65,535 bytes"),
    ],
)
def test_what_dynamodb_would_not_hold_as_it_is_is_refused(text: str, words: str) -> None:
    message = refusal_of_cell(text, type=ColumnType.JSON)

    assert words in message
    assert message.endswith('; type = "json"')


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_a_document_is_nested_as_deep_as_dynamodb_takes_it(begin: str, end: str) -> None:
    assert isinstance(document(begin * 31 + "1" + end * 31), dict)
    assert isinstance(document("[" * 32 + "]" * 32), dict)

    assert "nested more than 32 levels deep" in refusal_of_cell(begin * 32 + "1" + end * 32, type=ColumnType.JSON)
    assert "nested more than 32 levels deep" in refusal_of_cell("[" * 33 + "]" * 33, type=ColumnType.JSON)


def test_many_names_with_one_of_them_twice_are_refused_in_no_time() -> None:
    names = [f'"{number}": 0' for number in range(40_000)]

    assert 'the name "39999" twice' in refusal_of_cell(f"{{{', '.join([*names, names[-1]])}}}", type=ColumnType.JSON)


_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20)
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.integers(-(10**30), 10**30).map(Decimal) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _dumped(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}: {_dumped(one)}" for name, one in value.items()) + "}"
    return "[" + ",".join(map(_dumped, value)) + "]" if isinstance(value, list) else json.dumps(value)


@given(_DOCUMENTS)
def test_a_document_says_what_pythons_reader_and_botos_say(value: Any) -> None:
    text = _dumped(value)
    made = document(text)

    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == value
    assert TypeDeserializer().deserialize(made) == value


@given(st.text('{}[]",:0123456789.eE-+ \n\ttruefalsnNI\\u"', max_size=40))
def test_any_text_is_a_document_as_python_reads_it_or_refused(text: str) -> None:
    made = document(text)
    try:
        read = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        assert made is None or isinstance(made, Refusal)
        return
    if isinstance(made, dict):
        assert TypeDeserializer().deserialize(made) == read
    elif isinstance(read, Decimal):
        assert number_text(text.strip()) is None
