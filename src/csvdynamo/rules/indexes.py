"""Secondary indexes, as far as an item is concerned: what DynamoDB refuses of an attribute that is a key of one.

Rests on "Using Global Secondary Indexes" and "Quotas" of the DynamoDB developer guide: an item that lacks the attribute
is written and is not in the index; one that has it with another type, empty or longer than a key may be is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from csvdynamo.rules.attribute_values import Item, utf8_length
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.keys import KIND_OF_TYPE, KeyAttribute, KeyPart
from csvdynamo.rules.refusals import Refusal


@dataclass(frozen=True)
class Index:
    """A secondary index by its name and the attributes of its key.

    Attributes:
        name: Its name.
        partition_key: The attribute that is its partition key.
        sort_key: The attribute that is its sort key, None where it has none.
    """

    name: str
    partition_key: str
    sort_key: str | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The one or two attributes of its key, the partition key first."""
        return (self.partition_key,) if self.sort_key is None else (self.partition_key, self.sort_key)

    def written(self) -> dict[str, Any]:
        """Return it for `rules.json`."""
        written = {"name": self.name, "partition_key": self.partition_key, "sort_key": self.sort_key}
        return {key: value for key, value in written.items() if value is not None}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Read what `written` returned.

        Raises:
            LookupError: It is something else, as is a TypeError.
        """
        return cls(written["name"], written["partition_key"], written.get("sort_key"))


@dataclass(frozen=True)
class IndexCheck:
    """The check of one attribute of an index's key.

    Attributes:
        index: The index's name.
        attribute: The attribute, with the type that it has in the index.
        part: Which part of the key it is.
        header: The column that becomes it, None if it is computed.
    """

    index: str
    attribute: KeyAttribute
    part: KeyPart
    header: str | None

    def refusal(self, item: Item) -> Refusal | None:
        """Say why DynamoDB would refuse an item for it; None if it would not, or the item lacks the attribute."""
        value = item.get(self.attribute.name)
        if value is None:
            return None
        told: Any = value.get(self.attribute.type)
        if told is None:
            [kind] = value
            problem = f"is {KIND_OF_TYPE.get(kind, kind)}, and has to be {KIND_OF_TYPE[self.attribute.type]}"
            return self._refuse(RejectCode.BAD_TYPE, problem)
        if self.attribute.type == "N":
            return None
        size = utf8_length(told) if isinstance(told, str) else len(told)
        if size == 0:
            return self._refuse(RejectCode.MISSING_VALUE, "is empty")
        if size > self.part.most_bytes:
            return self._refuse(RejectCode.TOO_LARGE, f"is {size:,} bytes; it has at most {self.part.most_bytes:,}")
        return None

    def _refuse(self, code: RejectCode, problem: str) -> Refusal:
        name = self.attribute.name if self.header is None else self.header
        return Refusal(code, self.header, f"{name}: the {self.part.told} of the index {self.index} {problem}")
