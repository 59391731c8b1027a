"""A table's key: its partition key and, where it has one, its sort key, as one text that tells items apart.

Rests on "Core components" and "Quotas" of the DynamoDB developer guide: an item is known by its whole key, each part of
which is a text, a number or bytes that are not empty.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

from csvdynamo.rules.attribute_values import (
    MAX_PARTITION_KEY_BYTES,
    MAX_SORT_KEY_BYTES,
    AttributeValue,
    Item,
    number_text,
)
from csvdynamo.shown import quoted

KeyType = Literal["S", "N", "B"]
"""DynamoDB's letter for a type that a key may have."""

KIND_OF_TYPE = {"S": "text", "N": "number", "B": "binary", "BOOL": "boolean", "NULL": "null"}
"""What a type is called, by DynamoDB's letters for it."""


@dataclass(frozen=True)
class KeyAttribute:
    """One attribute of a key, with DynamoDB's letter for its type."""

    name: str
    type: KeyType = "S"

    def __str__(self) -> str:
        return f"{self.name!r} ({KIND_OF_TYPE.get(self.type, self.type)})"


@dataclass(frozen=True)
class KeyPart:
    """What a part of a key is called, and the most bytes that it may have."""

    told: str
    most_bytes: int


PARTITION, SORT = KeyPart("partition key", MAX_PARTITION_KEY_BYTES), KeyPart("sort key", MAX_SORT_KEY_BYTES)


@dataclass(frozen=True)
class TableKey:
    """The whole key of a table; ``sort`` is None where it has none.

    An item's key is one text: of a key of one attribute the text, the number in its one form or the bytes as Base64; of
    two a JSON array of both. Two items have the same one if DynamoDB takes their keys for equal, and only then.
    """

    partition: KeyAttribute
    sort: KeyAttribute | None = None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """Its one or two attributes, the partition key first."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def part(self, attribute: str) -> KeyPart | None:
        """Say which part an attribute is, None if it is none."""
        if attribute == self.partition.name:
            return PARTITION
        return SORT if self.sort is not None and attribute == self.sort.name else None

    def of(self, item: Item) -> str:
        """Return an item's key.

        Raises:
            KeyError: It lacks an attribute of the key, or has one of another type.
        """
        name, kind = self._partition
        if self.sort is None:
            return item[name]["S"] if kind == "S" else _text(item[name], kind)
        return _joined([_text(item[one.name], one.type) for one in self.attributes])

    def values(self, key: str) -> Item:
        """Return the attributes of a key that `of` returned, as DynamoDB takes them."""
        return {one.name: _value(text, one.type) for one, text in zip(self.attributes, self._texts(key), strict=True)}

    def of_json(self, document: Mapping[str, Mapping[str, str]]) -> str:
        """Return the key that stands as DynamoDB's own JSON, in which bytes are Base64."""
        item = {
            name: {kind: base64.b64decode(held) if kind == "B" else held for kind, held in value.items()}
            for name, value in document.items()
        }
        return self.of(cast("Item", item))

    def shown(self, key: str) -> str:
        """Return a key that `of` returned as a message shows it."""
        return ", ".join(map(quoted, self._texts(key)))

    def _texts(self, key: str) -> Sequence[str]:
        return (key,) if self.sort is None else cast("list[str]", json.loads(key))

    @cached_property
    def _partition(self) -> tuple[str, KeyType]:
        return self.partition.name, self.partition.type

    def __str__(self) -> str:
        sort = "no sort key" if self.sort is None else f"the sort key {self.sort}"
        return f"the partition key {self.partition} and {sort}"


def _joined(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def _text(value: AttributeValue, kind: KeyType) -> str:
    if kind == "S":
        return value["S"]
    if kind == "N":
        number = value["N"]
        return number_text(number) or number
    return base64.b64encode(bytes(cast("Any", value["B"]))).decode()


def _value(text: str, kind: KeyType) -> AttributeValue:
    if kind == "B":
        return {"B": base64.b64decode(text)}
    return {"N": text} if kind == "N" else {"S": text}
