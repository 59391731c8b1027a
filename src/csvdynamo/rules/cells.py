"""One column's rules, made into one function from a cell's text to an attribute value."""

from collections.abc import Callable, Mapping

from csvdynamo.rules.attribute_values import AttributeValue, key_size
from csvdynamo.rules.binaries import binary_rule
from csvdynamo.rules.cell_refusals import CellRule, TypeRule, refuse
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column, ColumnType, EmptyPolicy, blank_test
from csvdynamo.rules.documents import json_rule
from csvdynamo.rules.keys import KeyPart
from csvdynamo.rules.members import list_rule, number_set_rule, set_rule
from csvdynamo.rules.moments import date_rule, timestamp_rule
from csvdynamo.rules.numbers import number_rule
from csvdynamo.rules.texts import boolean_rule, text_rule
from csvdynamo.rules.transforms import TextFunction, chain
from csvdynamo.shown import quoted

TYPES: Mapping[ColumnType, Callable[[Column], TypeRule]] = {
    ColumnType.TEXT: text_rule,
    ColumnType.NUMBER: number_rule,
    ColumnType.BOOLEAN: boolean_rule,
    ColumnType.DATE: date_rule,
    ColumnType.TIMESTAMP: timestamp_rule,
    ColumnType.LIST: list_rule,
    ColumnType.SET: set_rule,
    ColumnType.NUMBER_SET: number_set_rule,
    ColumnType.JSON: json_rule,
    ColumnType.BINARY: binary_rule,
}
"""What makes the rule of a column of each type."""


def compile_cell(column: Column) -> CellRule | None:
    """Return the rule of a column that is not the key; None for plain text that is omitted when blank."""
    if column == Column(column.header, rename=column.rename):
        return None
    blank = _blank_rule(column)
    transform = chain(column.transform) if column.transform else None
    typed = TYPES[column.type](column)
    says_nothing = blank_test(column)

    def convert(text: str) -> AttributeValue | None:
        if says_nothing(text):
            return blank(text)
        if transform is not None:
            text = transform(text)
            if says_nothing(text):
                return blank(text)
        return typed(text)

    return convert


def compile_key(column: Column, part: KeyPart) -> CellRule:
    """Return the rule of a column that is a part of the key: never blank, and no longer than a key may be."""
    transform: TextFunction = chain(column.transform)
    typed = TYPES[column.type](column)
    says_nothing = blank_test(column)

    def convert(text: str) -> AttributeValue:
        value = "" if says_nothing(text) else transform(text)
        if says_nothing(value):
            refuse(column, RejectCode.MISSING_KEY, f"the {part.told} is blank")
        made = typed(value)
        too_long = key_excess(made, part)
        if too_long:
            refuse(column, RejectCode.TOO_LARGE, f"{quoted(value)} {too_long}")
        return made

    return convert


def key_excess(value: AttributeValue, part: KeyPart) -> str | None:
    """Say that a part of the key is longer than DynamoDB takes, None if it is not."""
    size = key_size(value)
    return f"is {size:,} bytes; a {part.told} has at most {part.most_bytes:,}" if size > part.most_bytes else None


def _blank_rule(column: Column) -> CellRule:
    def refuse_blank(text: str) -> AttributeValue | None:
        refuse(column, RejectCode.MISSING_VALUE, f"{quoted(text)} is blank; required = true")

    if column.required:
        return refuse_blank
    if column.empty is EmptyPolicy.NULL:
        return lambda _: {"NULL": True}
    if column.empty is EmptyPolicy.KEEP:
        return lambda text: {"S": text}
    return lambda _: None
