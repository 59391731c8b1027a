"""Items as BatchWriteItem takes them on the wire: JSON, byte for byte as botocore's serializer writes it.

A row becomes this text at once. An item of dictionaries, which a serializer walks through, would cost more than all the
rules do.
"""

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as json_text
from typing import Any, NamedTuple

from csvdynamo.rules.attribute_values import AttributeValue, Item
from csvdynamo.rules.cell_refusals import CellRule
from csvdynamo.rules.computed import RowRule

_HALF_PAIR = re.compile(r"\\ud[89a-f]")


class WireItem(NamedTuple):
    """An item, ready to be sent.

    Attributes:
        key: Its key (`TableKey.of`).
        text: Its JSON, which is ASCII alone. It has at least as many characters as DynamoDB counts bytes of the item.
    """

    key: str
    text: str


@dataclass(frozen=True)
class WirePlan:
    """How the rows of one header are written.

    Attributes:
        cells: Header, what stands before the value in the text, rule (None: plain text, omitted when blank), and the
            attribute's name where its value is kept, of each column that is stored.
        computed: What stands before the value, rule, and the attribute's name where its value is kept, of each
            attribute that no column holds.
    """

    cells: tuple[tuple[str, str, CellRule | None, str | None], ...]
    computed: tuple[tuple[str, RowRule, str | None], ...]

    @classmethod
    def of(
        cls,
        cells: Iterable[tuple[str, str, CellRule | None]],
        computed: Iterable[tuple[str, RowRule]],
        kept: Collection[str],
    ) -> "WirePlan":
        """Lay out how rows are written.

        Args:
            cells: Header, attribute and rule of each column that is stored.
            computed: Attribute and rule of each attribute that no column holds.
            kept: The attributes whose values are needed beside the text.
        """
        return cls(
            tuple(
                (header, _before_text(attribute), None, None)
                if rule is None and attribute not in kept
                else (header, _before(attribute), rule or _plain_text, attribute if attribute in kept else None)
                for header, attribute, rule in cells
            ),
            tuple((_before(attribute), rule, attribute if attribute in kept else None) for attribute, rule in computed),
        )

    def write(self, row: Mapping[str, str]) -> tuple[str, Item]:
        """Return the text of a row's item, and the attributes of it that are kept.

        Raises:
            CellRefusedError: The row breaks a rule.
            UnicodeEncodeError: A rule met half a surrogate pair.
        """
        parts: list[str] = []
        kept: Item = {}
        for header, before, rule, attribute in self.cells:
            text = row[header]
            if rule is None:
                if text and not text.isspace():
                    parts.append(before + json_text(text) + "}")
            elif (value := rule(text)) is not None:
                parts.append(before + value_text(value))
                if attribute is not None:
                    kept[attribute] = value
        for before, made, attribute in self.computed:
            if (value := made(row)) is not None:
                parts.append(before + value_text(value))
                if attribute is not None:
                    kept[attribute] = value
        return "{" + ", ".join(parts) + "}", kept


def value_text(value: AttributeValue) -> str:
    """Return an attribute value's JSON."""
    text = value.get("S")
    if text is not None:
        return '{"S": ' + json_text(text) + "}"
    number = value.get("N")
    if number is not None:
        return '{"N": ' + json_text(number) + "}"
    return json.dumps(value, default=_base64)


def item_text(item: Item) -> str:
    """Return an item's JSON."""
    return "{" + ", ".join(f"{json_text(name)}: {value_text(value)}" for name, value in item.items()) + "}"


def read_item(text: str) -> Item:
    """Read an item's text, as boto3 takes an item."""
    item: Item = json.loads(text, object_hook=_with_bytes)
    return item


def may_hold_half_a_pair(text: str) -> bool:
    """Tell whether an item's text may hold half a surrogate pair, which DynamoDB cannot hold; whole ones may, too."""
    return "\\ud" in text and _HALF_PAIR.search(text) is not None


def _plain_text(text: str) -> AttributeValue | None:
    return {"S": text} if text and not text.isspace() else None


def _before(attribute: str) -> str:
    return f"{json_text(attribute)}: "


def _before_text(attribute: str) -> str:
    return f'{_before(attribute)}{{"S": '


def _base64(held: bytes) -> str:
    return base64.b64encode(held).decode("ascii")


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else value
