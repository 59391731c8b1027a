"""Cells that are text, and booleans."""

from collections.abc import Callable, Sequence

from csvdynamo.rules.attribute_values import AttributeValue, boolean_value
from csvdynamo.rules.cell_refusals import TypeRule, refuse, refuse_type
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column
from csvdynamo.shown import quoted

_TextCheck = Callable[[str], None]


def text_rule(column: Column) -> TypeRule:
    """Return the rule of a column of texts."""
    checks = _text_checks(column)
    if not checks:
        return lambda text: {"S": text}

    def convert(text: str) -> AttributeValue:
        for check in checks:
            check(text)
        return {"S": text}

    return convert


def boolean_rule(column: Column) -> TypeRule:
    """Return the rule of a column of booleans."""

    def convert(text: str) -> AttributeValue:
        value = boolean_value(text)
        if value is None:
            refuse_type(column, text, "is not true or false")
        return {"BOOL": value}

    return convert


def _text_checks(column: Column) -> Sequence[_TextCheck]:
    pattern, allowed, max_length = column.pattern, column.allowed, column.max_length

    def check_pattern(text: str) -> None:
        if pattern is not None and not pattern.fullmatch(text):
            refuse(column, RejectCode.BAD_PATTERN, f"{quoted(text)} does not match pattern = {pattern.pattern}")

    def check_allowed(text: str) -> None:
        if allowed is not None and text not in allowed:
            problem = f"{quoted(text)} is not one of the {len(allowed)} values of allowed"
            refuse(column, RejectCode.NOT_ALLOWED, problem)

    def check_length(text: str) -> None:
        if max_length is not None and len(text) > max_length:
            problem = f"{quoted(text)} has {len(text):,} characters; max_length = {max_length}"
            refuse(column, RejectCode.TOO_LONG, problem)

    checks = ((max_length, check_length), (pattern, check_pattern), (allowed, check_allowed))
    return tuple(check for rule, check in checks if rule is not None)
