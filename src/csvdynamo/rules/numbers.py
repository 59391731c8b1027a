"""Cells that are numbers, as people write them."""

import re
from collections.abc import Callable
from decimal import Decimal

from csvdynamo.rules.attribute_values import AttributeValue, number_text
from csvdynamo.rules.cell_refusals import TypeRule, refuse, refuse_type
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column, Negative
from csvdynamo.shown import quoted

_Reader = Callable[[str], str | None]


def number_rule(column: Column) -> TypeRule:
    """Return the rule of a column of numbers."""
    minimum, maximum = column.minimum, column.maximum
    bounded = minimum is not None or maximum is not None
    settings = _settings(column)
    read = _reader(column) if settings else number_text

    def convert(text: str) -> AttributeValue:
        number = read(text)
        if number is None:
            refuse_type(column, text, "is not a number that DynamoDB can hold", *settings)
        if bounded:
            value = Decimal(number)
            if minimum is not None and value < minimum:
                refuse(column, RejectCode.OUT_OF_RANGE, f"{quoted(text)} is less than min = {minimum}")
            if maximum is not None and value > maximum:
                refuse(column, RejectCode.OUT_OF_RANGE, f"{quoted(text)} is more than max = {maximum}")
        return {"N": number}

    return convert


def _settings(column: Column) -> tuple[str, ...]:
    """Give the settings that make a number another text than `number_text` reads, as a data set file writes them."""
    characters = {
        "thousands": column.thousands,
        "decimal": None if column.decimal == "." and column.thousands is None else column.decimal,
        "strip": column.strip,
    }
    told = [f"{name} = {quoted(value)}" for name, value in characters.items() if value is not None]
    if column.negative is not Negative.SIGN:
        told.append(f'negative = "{column.negative}"')
    if column.percent:
        told.append("percent = true")
    return tuple(told)


def _reader(column: Column) -> _Reader:
    """Return what reads a number, to give it as `number_text` does, or None if it is none.

    What is around the digits comes off from the outside in, each at most once: what `strip` names, the percent sign,
    parentheses, the sign.
    """
    strip, parentheses, percent = column.strip, column.negative is Negative.PARENTHESES, column.percent
    form = _form(column.thousands, column.decimal)
    thousands = column.thousands or ""

    def trim(text: str) -> str:
        return text.strip().strip(strip).strip() if strip else text.strip()

    def read(text: str) -> str | None:
        text, shift, sign = trim(text), 0, ""
        if percent and text.endswith("%"):
            text, shift = trim(text[:-1]), -2
        if parentheses and text.startswith("(") and text.endswith(")"):
            text, sign = trim(text[1:-1]), "-"
            if percent and not shift and text.endswith("%"):
                text, shift = trim(text[:-1]), -2
        if percent and not shift:
            return None
        if not sign and text[:1] in ("+", "-"):
            sign, text = text[0], text[1:]
            if strip:  # -$5
                text = trim(text)
        found = form.fullmatch(text)
        if found is None:
            return None
        grouped, whole, fraction, exponent = found.group("grouped", "whole", "fraction", "exponent")
        digits = grouped.replace(thousands, "") if grouped else whole
        power = int(exponent or 0) + shift
        return number_text(f"{sign}{digits}{f'.{fraction}' if fraction else ''}{f'e{power}' if power else ''}")

    return read


def _form(thousands: str | None, decimal: str) -> re.Pattern[str]:
    """Return the pattern of a number without its sign.

    Groups are of three digits after the first one, which does not begin with a zero: 0,123 is a decimal comma where
    thousands were expected.
    """
    grouped = rf"[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+" if thousands else "(?!)"
    point = re.escape(decimal)
    return re.compile(
        rf"(?=[0-9]|{point}[0-9])(?:(?P<grouped>{grouped})|(?P<whole>[0-9]*))"
        rf"(?:{point}(?P<fraction>[0-9]*))?(?:[eE](?P<exponent>[+-]?[0-9]{{1,6}}))?"
    )
