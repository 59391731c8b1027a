"""Reads the `[columns]` and `transform` parts of a data set file."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from csvdynamo.datasets.toml_fields import Fields, found
from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column, ColumnType, EmptyPolicy
from csvdynamo.rules.patterns import compile_pattern
from csvdynamo.rules.transforms import TRANSFORMS, Transform, chain, read_transform

_TRANSFORM_RULE = "must hold " + " or ".join([", ".join([*TRANSFORMS.values()][:-1]), [*TRANSFORMS.values()][-1]])
_RULES_BY_TYPE = {
    "min": ColumnType.NUMBER,
    "max": ColumnType.NUMBER,
    "pattern": ColumnType.TEXT,
    "allowed": ColumnType.TEXT,
    "max_length": ColumnType.TEXT,
}
_MAX_TEXT = 400 * 1024  # no value is longer than the largest item


def read_transforms(fields: Fields, key: str) -> tuple[Transform, ...]:
    """Take a list of transforms.

    Raises:
        DatasetError: A step has no known name or form.
    """
    return tuple(_read_transform(fields, key, step) for step in fields.array(key))


def read_columns(fields: Fields, attribute_transform: Sequence[Transform], partition_key: str) -> tuple[Column, ...]:
    """Take the whole `[columns]` table.

    Args:
        fields: The table, one table in it for each header.
        attribute_transform: The steps that make a header into an attribute name.
        partition_key: The attribute name of the key, whose column has stricter rules.

    Raises:
        DatasetError: A column's rule is wrong, or two columns become one attribute.
    """
    transform_header = chain(attribute_transform)
    headers: dict[str, str] = {}
    columns: list[Column] = []
    for header in fields:
        if header == ROW_NUMBER_HEADER:
            fields.fail(header, "is the row number that prepare adds: it cannot have rules")
        column_fields = fields.table(header, required=True)
        column = _read_column(header, column_fields)
        attribute = column.rename or transform_header(header)
        if not column.drop:
            if not attribute:
                column_fields.fail(None, "becomes an attribute without a name: give it a rename")
            if attribute in headers:
                column_fields.fail(None, f"becomes the attribute {attribute!r}, as does {headers[attribute]!r}")
            headers[attribute] = header
            if attribute == partition_key:
                _check_key(column, column_fields)
        column_fields.done()
        columns.append(column)
    return tuple(columns)


def _read_column(header: str, fields: Fields) -> Column:
    if fields.boolean("drop", False):
        return _read_dropped(header, fields)
    kind = ColumnType(fields.choice("type", ColumnType.TEXT, list(ColumnType)))
    _check_rules_fit(kind, fields)
    minimum = fields.number("min", None, _any_number)
    maximum = fields.number("max", None, _any_number)
    if minimum is not None and maximum is not None and minimum > maximum:
        fields.fail("max", f"must be at least min ({minimum}), found {maximum}")
    return Column(
        header=header,
        rename=fields.text("rename", None, check=_attribute_rule),
        required=fields.boolean("required", False),
        type=kind,
        transform=read_transforms(fields, "transform"),
        empty=_read_empty(kind, fields),
        minimum=minimum,
        maximum=maximum,
        pattern=_read_pattern(fields),
        allowed=_read_allowed(fields),
        max_length=fields.integer("max_length", None, 1, _MAX_TEXT),
    )


def _read_dropped(header: str, fields: Fields) -> Column:
    for key in fields:
        if key != "drop":
            fields.fail(key, "has no effect on a column with drop = true: remove one of the two")
    return Column(header=header, drop=True)


def _read_empty(kind: ColumnType, fields: Fields) -> EmptyPolicy:
    empty = EmptyPolicy(fields.choice("empty", EmptyPolicy.OMIT, list(EmptyPolicy)))
    if empty is EmptyPolicy.KEEP and kind is not ColumnType.TEXT:
        fields.fail("empty", f"keep stores an empty text, which is not a {kind}: use omit or null")
    if "empty" in fields and fields.boolean("required", False):
        fields.fail("empty", "has no effect with required = true, which refuses blank cells: remove one of the two")
    return empty


def _read_pattern(fields: Fields) -> re.Pattern[str] | None:
    text = fields.text("pattern", None)
    if text is None:
        return None
    try:
        return compile_pattern(text)
    except ValueError as error:
        fields.fail("pattern", str(error))


def _read_allowed(fields: Fields) -> frozenset[str] | None:
    allowed = fields.texts("allowed")
    if "allowed" in fields and not allowed:
        fields.fail("allowed", "must hold at least one text")
    return frozenset(allowed) or None


def _check_rules_fit(kind: ColumnType, fields: Fields) -> None:
    for key, owner in _RULES_BY_TYPE.items():
        if key in fields and kind is not owner:
            fields.fail(key, f'belongs to type = "{owner}", and this column is {kind}')


def _check_key(column: Column, fields: Fields) -> None:
    if column.type is not ColumnType.TEXT:
        fields.fail("type", f"the partition key is stored as text, found {column.type}")
    if "empty" in fields:
        fields.fail("empty", "the partition key is never blank: remove this key")
    if "required" in fields and not column.required:
        fields.fail("required", "the partition key is always required: remove required = false")


def _read_transform(fields: Fields, key: str, step: Any) -> Transform:
    transform = read_transform(step)
    if transform is None:
        form = f"a table of {', '.join(step) or 'nothing'}" if isinstance(step, dict) else found(step)
        fields.fail(key, f"{_TRANSFORM_RULE}, found {form}")
    return transform


def _attribute_rule(name: str) -> str | None:
    return None if len(name.encode()) <= 255 else "at most 255 bytes"


def _any_number(number: Decimal) -> str | None:
    return None if abs(number.adjusted()) <= 130 else "a number that DynamoDB can hold"
