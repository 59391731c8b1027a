"""The writer's door, held open for doubles of boto3's client: items as texts on one side, dictionaries on the other."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import TableKey
from csvdynamo.rules.wire_items import WireItem


class Door:
    """Makes each call with a client, one after another.

    Args:
        client: Has boto3's `batch_write_item`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Mapping[str, Any] | Exception]:
        return [self._call(table, items) for items in calls]

    def ask(self, operation: str, bodies: Iterable[bytes]) -> list[Mapping[str, Any] | Exception]:
        raise AssertionError("items are written many at once")

    def _call(self, table: str, items: Sequence[str]) -> Any:
        requests = [{"PutRequest": {"Item": off_the_wire(text)}} for text in items]
        try:
            return self._client.batch_write_item(RequestItems={table: requests}, ReturnConsumedCapacity="TOTAL")
        except Exception as error:
            return error


def on_the_wire(item: Item, key: TableKey) -> WireItem:
    """Write an item as botocore's serializer does: its JSON, bytes in Base64. One without the key is known by that."""
    text = json.dumps(item, default=lambda held: base64.b64encode(held).decode())
    try:
        return WireItem(key.of(item), text)
    except KeyError:
        return WireItem(text, text)


def off_the_wire(text: str) -> Any:
    """Read an item's JSON."""
    return json.loads(text, object_hook=_with_bytes)


def _with_bytes(read: dict[str, Any]) -> dict[str, Any]:
    """Read bytes; an attribute that is called B holds a dictionary and no text."""
    return {"B": base64.b64decode(read["B"])} if isinstance(read.get("B"), str) else read
