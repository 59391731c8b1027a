"""Numbers as people write them: exact, or refused."""

from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import number_text
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ColumnType, Negative
from csvdynamo.rules.refusals import Refusal
from tests.support.converted_cell import convert_cell, refusal_of_cell

ENGLISH = {"thousands": ","}
GERMAN = {"thousands": ".", "decimal": ","}
DOLLARS = {"thousands": ",", "strip": "$ "}
ACCOUNTS = {"thousands": ",", "strip": "$ ", "negative": Negative.PARENTHESES}
SHARE = {"percent": True}
ACCOUNTS_SHARE = {"negative": Negative.PARENTHESES, "percent": True}


def number(text: str, **rules: Any) -> Any:
    return convert_cell(text, type=ColumnType.NUMBER, **rules)


@pytest.mark.parametrize(
    ("rules", "text", "stored"),
    [
        (ENGLISH, "1,234.56", "1234.56"),
        (ENGLISH, "1,234,567", "1234567"),
        (ENGLISH, "12,345", "12345"),
        (ENGLISH, "123,456.", "123456"),
        (ENGLISH, "1234567", "1234567"),
        (ENGLISH, "-1,234", "-1234"),
        (ENGLISH, "+1,234.50", "1234.5"),
        (ENGLISH, "0.123", "0.123"),
        (ENGLISH, ".5", "0.5"),
        (ENGLISH, "007", "7"),
        (ENGLISH, "-0", "0"),
        (ENGLISH, " 1,234\u00a0", "1234"),
        (ENGLISH, "1.5e3", "1500"),
        (GERMAN, "1.234,56", "1234.56"),
        (GERMAN, "1.234.567", "1234567"),
        (GERMAN, "1,5", "1.5"),
        (GERMAN, ",5", "0.5"),
        (GERMAN, "1,95E+3", "1950"),
        ({"decimal": ","}, "1,5", "1.5"),
        ({"decimal": ","}, "-12", "-12"),
        ({"thousands": " "}, "1 234 567.5", "1234567.5"),
        ({"thousands": "\u00a0"}, "1\u00a0234", "1234"),
        ({"thousands": "'"}, "1'234", "1234"),
        ({"thousands": "|"}, "1|234", "1234"),
        (DOLLARS, "$5.00", "5"),
        (DOLLARS, "$ 1,234.50", "1234.5"),
        (DOLLARS, "5.00 $", "5"),
        (DOLLARS, "-$5.00", "-5"),
        (DOLLARS, "$-5.00", "-5"),
        (DOLLARS, "5", "5"),
        ({"strip": "EUR "}, "EUR 1.5", "1.5"),
        ({"strip": "€"}, "12 €", "12"),
        (ACCOUNTS, "(12)", "-12"),
        (ACCOUNTS, "$(1,234.50)", "-1234.5"),
        (ACCOUNTS, "($1,234.50)", "-1234.5"),
        (ACCOUNTS, "( 12 )", "-12"),
        (ACCOUNTS, "-12", "-12"),
        (ACCOUNTS, "12", "12"),
        (ACCOUNTS, "(0)", "0"),
        (SHARE, "12%", "0.12"),
        (SHARE, "12.5 %", "0.125"),
        (SHARE, "-0.01%", "-0.0001"),
        (SHARE, "100%", "1"),
        (SHARE, "0%", "0"),
        (SHARE, "1e2%", "1"),
        (ACCOUNTS_SHARE, "(12%)", "-0.12"),
        (ACCOUNTS_SHARE, "(12)%", "-0.12"),
        ({"strip": "%"}, "12%", "12"),
        (SHARE, "9." + "9" * 37 + "%", "0.09" + "9" * 37),
    ],
)
def test_a_number_is_read_as_its_column_says(rules: dict[str, Any], text: str, stored: str) -> None:
    assert number(text, **rules) == {"N": stored}


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (ENGLISH, "1,23"),
        (ENGLISH, "12,34,567"),
        (ENGLISH, "1,2345"),
        (ENGLISH, "1234,567"),
        (ENGLISH, ",123"),
        (ENGLISH, "1,234,"),
        (ENGLISH, "1,,234"),
        (ENGLISH, "0,123"),
        (ENGLISH, "00,123"),
        (ENGLISH, "012,345"),
        (ENGLISH, "1.234,567"),
        (ENGLISH, "1.23,4"),
        (ENGLISH, "1 234"),
        (ENGLISH, "$5"),
        (ENGLISH, "\u0661,\u0662\u0663\u0664"),
        (GERMAN, "1,234.56"),
        (GERMAN, "1.5"),
        ({"decimal": ","}, "1.5"),
        ({"decimal": ","}, "1,5,5"),
        (DOLLARS, "--5"),
        (DOLLARS, "-$-5"),
        (DOLLARS, "+-5"),
        (DOLLARS, "$"),
        (DOLLARS, "-"),
        (DOLLARS, "- $"),
        (DOLLARS, "€5"),
        (DOLLARS, "5$5"),
        (DOLLARS, "(5)"),
        (ACCOUNTS, "(-12)"),
        (ACCOUNTS, "-(12)"),
        (ACCOUNTS, "(12"),
        (ACCOUNTS, "12)"),
        (ACCOUNTS, "((12))"),
        (ACCOUNTS, "()"),
        (SHARE, "12"),
        (SHARE, "12%%"),
        (SHARE, "%"),
        (SHARE, "%12"),
        (ACCOUNTS_SHARE, "(12%)%"),
        ({}, "12%"),
        ({}, "(12)"),
        ({}, "1,234"),
        (ENGLISH, "9" * 39),
        (SHARE, "1e-129%"),
        (ENGLISH, "1e126"),
        (ENGLISH, "NaN"),
        (ENGLISH, "."),
        (ENGLISH, "e5"),
        (ENGLISH, ".e5"),
        (ENGLISH, "1\n234"),
    ],
)
def test_what_is_no_number_by_these_rules_or_would_lose_digits_is_refused(rules: dict[str, Any], text: str) -> None:
    message = refusal_of_cell(text, type=ColumnType.NUMBER, **rules)

    assert 'is not a number that DynamoDB can hold; type = "number"' in message


def test_the_message_names_the_value_and_the_settings() -> None:
    message = refusal_of_cell("1,23 %", type=ColumnType.NUMBER, decimal=".", percent=True, **ACCOUNTS)

    assert message == (
        'C: "1,23 %" is not a number that DynamoDB can hold; type = "number", thousands = ",", decimal = ".", '
        'strip = "$ ", negative = "parentheses", percent = true'
    )


def test_the_bounds_hold_for_the_number_that_is_stored() -> None:
    rules = {"type": ColumnType.NUMBER, "percent": True, "maximum": Decimal(1), "minimum": Decimal("-0.5")}

    assert convert_cell("100%", **rules) == {"N": "1"}
    assert "is more than max = 1" in refusal_of_cell("101%", RejectCode.OUT_OF_RANGE, **rules)
    assert "is less than min = -0.5" in refusal_of_cell("-51%", RejectCode.OUT_OF_RANGE, **rules)


_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**25), max_value=10**25)


@given(_NUMBERS)
def test_a_grouped_number_keeps_its_value(value: Decimal) -> None:
    assert number(f"{value:,f}", **ENGLISH) == {"N": number_text(str(value))}
    german = f"{value:,f}".translate(str.maketrans(",.", ".,"))
    assert number(german, **GERMAN) == {"N": number_text(str(value))}


@given(_NUMBERS)
def test_a_percentage_is_divided_exactly(value: Decimal) -> None:
    made = number(f"{value:f}%", percent=True)

    assert Decimal(made["N"]).scaleb(2, Context(prec=60)) == value


@given(_NUMBERS)
def test_accountants_and_signs_say_the_same(value: Decimal) -> None:
    accountant = f"$({value.copy_abs():,f})" if value < 0 else f"${value:,f}"

    assert number(accountant, **ACCOUNTS) == number(f"{value:,f}", **ENGLISH) == {"N": number_text(str(value))}


@given(st.text("0123456789,.$ ()-+%eE\u00a0x", max_size=12), st.sampled_from([ENGLISH, GERMAN, ACCOUNTS, SHARE]))
def test_digits_and_their_order_are_never_changed(text: str, rules: dict[str, Any]) -> None:
    made = number(text, **rules)
    if made is None or isinstance(made, Refusal):
        return
    value, significant = made["N"], [one for one in text if one.isdigit()]
    if "e" not in text.lower():
        told = "".join(significant).strip("0")
        assert value.lstrip("-").replace(".", "").partition("E")[0].strip("0") == told
    assert number_text(value) == value
