"""What decides which item a row becomes, in one value: compiled from a data set file, and all that a function needs."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from csvdynamo.errors import RulesError
from csvdynamo.rules.columns import Column, ColumnType, Store, read_steps, written_steps
from csvdynamo.rules.computed import Computed
from csvdynamo.rules.indexes import Index
from csvdynamo.rules.keys import KeyAttribute, KeyType, TableKey
from csvdynamo.rules.transforms import TextFunction, Transform, chain

RULES_FILE = "rules.json"
"""The name that the rules have beside the handlers."""

_VERSION = 1
_AGAIN = "deploy the stack again"

KEY_TYPES: Mapping[ColumnType, KeyType] = {
    ColumnType.TEXT: "S",
    ColumnType.NUMBER: "N",
    ColumnType.BINARY: "B",
    ColumnType.DATE: "S",
    ColumnType.TIMESTAMP: "S",
}
"""The types of columns that may be a key; a date or a timestamp is a number where it is stored as `Store.EPOCH`."""


def key_type(column: Column) -> KeyType | None:
    """Return the type that a column's values have as a key, in DynamoDB's letters; None if they can be none."""
    return "N" if column.store is Store.EPOCH else KEY_TYPES.get(column.type)


class DuplicatePolicy(StrEnum):
    """Which row of one key is written: the first, the last, or none of them. The others are rejects."""

    FIRST = "first"
    LAST = "last"
    REJECT = "reject"


@dataclass(frozen=True)
class RowRules:
    """The rules of a data set's rows.

    Attributes:
        dataset: The data set's name, for its rejects.
        table: The DynamoDB table's name.
        partition_key: The attribute that is its partition key.
        sort_key: The attribute that is its sort key, None where it has none.
        attribute_transform: The steps that make a header into an attribute name.
        columns: The declared columns, by their headers. A source may have others.
        computed: The attributes that no column holds, by their names.
        duplicates: Which row of one key is written.
        blank: Words that count as blank, in every column that does not say its own.
        indexes: The secondary indexes, by their names.
        inserts: Whether an item is written only where the table has none under its key.
    """

    dataset: str
    table: str
    partition_key: str
    attribute_transform: tuple[Transform, ...] = ()
    columns: tuple[Column, ...] = ()
    duplicates: DuplicatePolicy = DuplicatePolicy.LAST
    sort_key: str | None = None
    computed: tuple[Computed, ...] = ()
    blank: frozenset[str] = frozenset()
    indexes: tuple[Index, ...] = ()
    inserts: bool = False

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            RulesError: It is not that, or another version of csvdynamo wrote it.
        """
        try:
            written = json.loads(text)
            if written["version"] != _VERSION:
                raise RulesError(f"the rules are of version {written['version']}, not {_VERSION}: {_AGAIN}")
            return cls(
                dataset=written["dataset"],
                table=written["table"],
                partition_key=written["partition_key"],
                attribute_transform=read_steps(written["attributes"]),
                columns=tuple(map(Column.read, written["columns"])),
                duplicates=DuplicatePolicy(written["duplicates"]),
                sort_key=written.get("sort_key"),
                computed=tuple(map(Computed.read, written.get("computed", ()))),
                blank=frozenset(written.get("blank", ())),
                indexes=tuple(map(Index.read, written.get("indexes", ()))),
                inserts=written.get("inserts", False) is True,
            )
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, re.error) as error:
            raise RulesError(f"the rules cannot be read ({error!r}): {_AGAIN}") from error

    def to_json(self) -> bytes:
        """Write the rules in their one form: the same rules give the same bytes."""
        written: dict[str, Any] = {
            "version": _VERSION,
            "dataset": self.dataset,
            "table": self.table,
            "partition_key": self.partition_key,
            "attributes": written_steps(self.attribute_transform),
            "columns": [column.written() for column in self.columns],
            "duplicates": self.duplicates.value,
        }
        if self.sort_key is not None:
            written["sort_key"] = self.sort_key
        if self.computed:
            written["computed"] = [one.written() for one in self.computed]
        if self.blank:
            written["blank"] = sorted(self.blank)
        if self.indexes:
            written["indexes"] = [index.written() for index in self.indexes]
        if self.inserts:
            written["inserts"] = True
        return json.dumps(written, sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of `to_json`, the stack's output ``DatasetHash``: the same one, the same items of a row."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @cached_property
    def key(self) -> TableKey:
        """The table's key, each part with the type of what it is made of: of a column without rules it is text."""
        return self._key(self.partition_key, self.sort_key)

    def key_of(self, index: Index) -> TableKey:
        """Return an index's key, each part with its type as that of the table's key has it."""
        return self._key(index.partition_key, index.sort_key)

    def _key(self, partition: str, sort: str | None) -> TableKey:
        second = None if sort is None else KeyAttribute(sort, self._key_type(sort))
        return TableKey(KeyAttribute(partition, self._key_type(partition)), second)

    def made(self, attribute: str) -> Computed | None:
        """Return how an attribute is computed, None if it is not."""
        return next((one for one in self.computed if one.attribute == attribute), None)

    def declared(self, attribute: str) -> Column | None:
        """Return the declared column that becomes an attribute, None if none does."""
        stored = (column for column in self.columns if not column.drop)
        return next((one for one in stored if self.attribute_name(one.header) == attribute), None)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The headers that a file must have: required columns, those of formulas, and declared ones of the key."""
        needed = [column.header for column in self.columns if column.required]
        needed += [header for one in self.computed for header in one.formula.sources(())]
        keys = (self.declared(part.name) for part in self.key.attributes)
        return tuple(dict.fromkeys([*needed, *(column.header for column in keys if column is not None)]))

    def _key_type(self, attribute: str) -> KeyType:
        made, column = self.made(attribute), self.declared(attribute)
        if made is not None:
            return made.formula.type
        return (column and key_type(column)) or "S"

    def column(self, header: str) -> Column:
        """Return the header's rules, or the defaults if none are declared."""
        column = self._by_header.get(header) or Column(header)
        return replace(column, blank=self.blank) if self.blank and column.blank is None else column

    def attribute_name(self, header: str) -> str:
        """Return the attribute name that a header becomes: the column's `rename`, or the header transformed."""
        return self.column(header).rename or self._transform_header(header)

    @cached_property
    def _by_header(self) -> dict[str, Column]:
        return {column.header: column for column in self.columns}

    @cached_property
    def _transform_header(self) -> TextFunction:
        return chain(self.attribute_transform)
