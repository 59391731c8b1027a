"""Of which columns each attribute of the table is made, and how: from the rules of the data set file. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column, ColumnType, Store
from csvdynamo.rules.computed import Computed, Digest
from csvdynamo.rules.header import Header
from csvdynamo.rules.keys import PARTITION, SORT
from csvdynamo.rules.row_rules import RowRules

_TYPES: Mapping[ColumnType, str | None] = {
    ColumnType.TEXT: "S",
    ColumnType.NUMBER: "N",
    ColumnType.BOOLEAN: "BOOL",
    ColumnType.DATE: "S",
    ColumnType.TIMESTAMP: "S",
    ColumnType.LIST: "L",
    ColumnType.SET: "SS",
    ColumnType.NUMBER_SET: "NS",
    ColumnType.JSON: None,
    ColumnType.BINARY: "B",
}
"""DynamoDB's letters for what a cell of each type becomes; None: for any of them."""

_ONLY_REFUSES = frozenset({"header", "rename", "required", "min", "max", "pattern", "allowed", "max_length"})
"""The rules of a column that leave a value as it is, or refuse the row."""


@dataclass(frozen=True)
class Attribute:
    """An attribute of the table.

    Attributes:
        name: Its name.
        type: DynamoDB's letters for its type, None where rows differ in it.
        told: What it is to the table, "" for no part of the key.
        columns: The headers of the columns that it is made of.
        how: How it is made of them, as JSON with the keys of a data set file; "" where it is the cell as it stands.
        masks: Whether it hides what it is made of.
    """

    name: str
    type: str | None
    told: str
    columns: tuple[str, ...]
    how: str = ""
    masks: bool = False


def attributes_of(rules: RowRules, headers: tuple[str, ...]) -> tuple[Attribute, ...]:
    """Tell of every attribute that a file's rows may have.

    Args:
        rules: The data set's rules.
        headers: The file's, without the row number's.
    """
    return tuple(_attributes(rules, Header.of(rules, headers)))


def _attributes(rules: RowRules, header: Header) -> Iterator[Attribute]:
    told = {rules.partition_key: PARTITION.told, rules.sort_key: SORT.told}
    for column in header.columns:
        name = header.stored.get(column.header)
        if name is not None:
            yield Attribute(name, _type(column), told.get(name, ""), (column.header,), _how(column))
    for made in rules.computed:
        columns = made.formula.sources(header.names) or (ROW_NUMBER_HEADER,)
        masks = isinstance(made.formula, Digest)
        yield Attribute(made.attribute, made.formula.type, told.get(made.attribute, ""), columns, _formula(made), masks)


def _type(column: Column) -> str | None:
    return "N" if column.store is Store.EPOCH else _TYPES[column.type]


def _how(column: Column) -> str:
    rules = {name: value for name, value in column.written().items() if name not in _ONLY_REFUSES}
    if column.timezone:
        rules["timezone"] = column.timezone.name  # and not all of its offsets
    return json.dumps(rules, ensure_ascii=False) if rules else ""


def _formula(made: Computed) -> str:
    return json.dumps({made.formula.name: made.formula.written()}, ensure_ascii=False)
