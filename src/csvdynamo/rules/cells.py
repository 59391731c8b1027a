"""One column's rules, made into one function from a cell's text to an attribute value."""

from collections.abc import Callable, Mapping

from csvdynamo.rules.attribute_values import MAX_PARTITION_KEY_BYTES, AttributeValue, key_size, utf8_length
from csvdynamo.rules.binaries import binary_rule
from csvdynamo.rules.cell_refusals import CellRule, TypeRule, refuse
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column, ColumnType, EmptyPolicy
from csvdynamo.rules.documents import json_rule
from csvdynamo.rules.members import list_rule, number_set_rule, set_rule
from csvdynamo.rules.moments import date_rule, timestamp_rule
from csvdynamo.rules.numbers import number_rule
from csvdynamo.rules.texts import boolean_rule, text_rule
from csvdynamo.rules.transforms import TextFunction, chain, is_blank
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
    says_nothing = _blank_test(column)

    def convert(text: str) -> AttributeValue | None:
        if says_nothing(text):
            return blank(text)
        if transform is not None:
            text = transform(text)
            if says_nothing(text):
                return blank(text)
        return typed(text)

    return convert


def compile_key(column: Column) -> CellRule:
    """Return the rule of the partition key's column: a value of its type that is never blank and fits a key."""
    transform: TextFunction = chain(column.transform)
    typed, is_text = TYPES[column.type](column), column.type is ColumnType.TEXT
    says_nothing = _blank_test(column)

    def convert(text: str) -> AttributeValue:
        value = "" if says_nothing(text) else transform(text)
        if says_nothing(value):
            refuse(column, RejectCode.MISSING_KEY, "the partition key is blank")
        key = typed(value)
        size = utf8_length(value) if is_text else key_size(key)
        if size > MAX_PARTITION_KEY_BYTES:
            problem = f"{quoted(value)} is {size:,} bytes; a partition key has at most {MAX_PARTITION_KEY_BYTES:,}"
            refuse(column, RejectCode.TOO_LARGE, problem)
        return key

    return convert


def _blank_test(column: Column) -> Callable[[str], bool]:
    """Return what tells whether a cell says nothing: that it is blank, or one of the column's words for that."""
    words = column.blank
    return (lambda text: is_blank(text) or text.strip() in words) if words else is_blank


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
