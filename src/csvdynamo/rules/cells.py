"""One column's rules, made into one function from a cell's text to an attribute value."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NoReturn

from csvdynamo.rules.attribute_values import AttributeValue, boolean_value, number_text, utf8_length
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column, ColumnType, EmptyPolicy
from csvdynamo.rules.keys import KeyPart
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.transforms import TextFunction, chain, is_blank
from csvdynamo.shown import quoted

CellRule = Callable[[str], AttributeValue | None]
"""Returns the value, or None for no attribute; raises `CellRefusedError`."""

_TextCheck = Callable[[str], None]


class CellRefusedError(Exception):
    """Carries a refusal from a cell's rule to the row. It never leaves `rows`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def compile_cell(column: Column) -> CellRule | None:
    """Return the rule of a column that is not the key; None for plain text that is omitted when blank."""
    if column == Column(column.header, rename=column.rename):
        return None
    blank = _blank_rule(column)
    transform = chain(column.transform) if column.transform else None
    typed = _typed_rule(column)

    def convert(text: str) -> AttributeValue | None:
        if is_blank(text):
            return blank(text)
        if transform is not None:
            text = transform(text)
            if is_blank(text):
                return blank(text)
        return typed(text)

    return convert


def compile_key(column: Column, part: KeyPart) -> CellRule:
    """Return the rule of a column that is a part of the key: never blank, and no longer than a key may be."""
    transform: TextFunction = chain(column.transform)
    typed = _typed_rule(column)

    def convert(text: str) -> AttributeValue:
        value = "" if is_blank(text) else transform(text)
        if is_blank(value):
            _refuse(column, RejectCode.MISSING_KEY, f"the {part.told} is blank")
        made = typed(value)
        too_long = key_excess(made, part)
        if too_long:
            _refuse(column, RejectCode.TOO_LARGE, f"{quoted(value)} {too_long}")
        return made

    return convert


def key_excess(value: AttributeValue, part: KeyPart) -> str | None:
    """Say that a part of the key is longer than DynamoDB takes, None if it is not."""
    text = value.get("S")
    size = utf8_length(text) if text is not None else len(value.get("B", b""))
    return f"is {size:,} bytes; a {part.told} has at most {part.most_bytes:,}" if size > part.most_bytes else None


def _refuse(column: Column, code: RejectCode, problem: str) -> NoReturn:
    raise CellRefusedError(Refusal(code, column.header, f"{column.header}: {problem}"))


def _blank_rule(column: Column) -> CellRule:
    def refuse(text: str) -> AttributeValue | None:
        _refuse(column, RejectCode.MISSING_VALUE, f"{quoted(text)} is blank; required = true")

    if column.required:
        return refuse
    if column.empty is EmptyPolicy.NULL:
        return lambda _: {"NULL": True}
    if column.empty is EmptyPolicy.KEEP:
        return lambda text: {"S": text}
    return lambda _: None


def _typed_rule(column: Column) -> Callable[[str], AttributeValue]:
    if column.type is ColumnType.NUMBER:
        return _number_rule(column)
    if column.type is ColumnType.BOOLEAN:
        return _boolean_rule(column)
    checks = _text_checks(column)

    def convert(text: str) -> AttributeValue:
        for check in checks:
            check(text)
        return {"S": text}

    return convert


def _number_rule(column: Column) -> Callable[[str], AttributeValue]:
    minimum, maximum = column.minimum, column.maximum
    bounded = minimum is not None or maximum is not None

    def convert(text: str) -> AttributeValue:
        number = number_text(text)
        if number is None:
            _refuse(
                column, RejectCode.BAD_TYPE, f'{quoted(text)} is not a number that DynamoDB can hold; type = "number"'
            )
        if bounded:
            value = Decimal(number)
            if minimum is not None and value < minimum:
                _refuse(column, RejectCode.OUT_OF_RANGE, f"{quoted(text)} is less than min = {minimum}")
            if maximum is not None and value > maximum:
                _refuse(column, RejectCode.OUT_OF_RANGE, f"{quoted(text)} is more than max = {maximum}")
        return {"N": number}

    return convert


def _boolean_rule(column: Column) -> Callable[[str], AttributeValue]:
    def convert(text: str) -> AttributeValue:
        value = boolean_value(text)
        if value is None:
            _refuse(column, RejectCode.BAD_TYPE, f'{quoted(text)} is not true or false; type = "boolean"')
        return {"BOOL": value}

    return convert


def _text_checks(column: Column) -> Sequence[_TextCheck]:
    pattern, allowed, max_length = column.pattern, column.allowed, column.max_length

    def check_pattern(text: str) -> None:
        if pattern is not None and not pattern.fullmatch(text):
            _refuse(column, RejectCode.BAD_PATTERN, f"{quoted(text)} does not match pattern = {pattern.pattern}")

    def check_allowed(text: str) -> None:
        if allowed is not None and text not in allowed:
            problem = f"{quoted(text)} is not one of the {len(allowed)} values of allowed"
            _refuse(column, RejectCode.NOT_ALLOWED, problem)

    def check_length(text: str) -> None:
        if max_length is not None and len(text) > max_length:
            _refuse(
                column, RejectCode.TOO_LONG, f"{quoted(text)} has {len(text):,} characters; max_length = {max_length}"
            )

    checks = ((max_length, check_length), (pattern, check_pattern), (allowed, check_allowed))
    return tuple(check for rule, check in checks if rule is not None)
