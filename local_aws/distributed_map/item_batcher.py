"""Gathers items into the inputs of child executions.

The fields: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

PAYLOAD_LIMIT_BYTES = 256 * 1024
"""The largest input or output of an execution, in bytes of UTF-8."""

# json.dumps would make an encoder for every item.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class ItemTooLargeError(ValueError):
    """An item does not fit into a child's input, not even alone."""


@dataclass(frozen=True)
class Batching:
    """How many items a child execution takes.

    Attributes:
        max_items: the most items of a batch; None for no limit.
        max_bytes: the most bytes of a child's input; never more than `PAYLOAD_LIMIT_BYTES` counts.
        batch_input: the ``BatchInput`` that every batch carries; None for none.
    """

    max_items: int | None = None
    max_bytes: int | None = None
    batch_input: Any = None

    @property
    def limit_bytes(self) -> int:
        """The most bytes of a child's input."""
        return min(self.max_bytes or PAYLOAD_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES)


@dataclass(frozen=True)
class ChildInput:
    """The input of one child execution.

    Attributes:
        body: the input, JSON in UTF-8.
        items: how many items it holds.
    """

    body: bytes
    items: int


def to_json(value: object) -> str:
    """A value as compact JSON."""
    return _encode(value)


def single(items: Iterable[object]) -> Iterator[ChildInput]:
    """One child input an item: what a Map without ItemBatcher does.

    Raises:
        ItemTooLargeError: an item is larger than an execution's input may be.
    """
    for number, item in enumerate(items):
        body = to_json(item).encode()
        _check(len(body), PAYLOAD_LIMIT_BYTES, number)
        yield ChildInput(body, 1)


def batches(items: Iterable[object], batching: Batching) -> Iterator[ChildInput]:
    """Child inputs ``{"BatchInput": …, "Items": […]}``, each as full as the limits allow, in the items' order.

    Raises:
        ItemTooLargeError: an item is larger than a batch may be.
    """
    head = b'{"Items":['
    if batching.batch_input is not None:
        head = f'{{"BatchInput":{to_json(batching.batch_input)},"Items":['.encode()
    frame = len(head) + len(b"]}")
    held: list[bytes] = []
    size = frame
    for number, item in enumerate(items):
        body = to_json(item).encode()
        _check(frame + len(body), batching.limit_bytes, number)
        with_item = size + len(body) + (1 if held else 0)
        if held and (with_item > batching.limit_bytes or len(held) == batching.max_items):
            yield _close(head, held)
            held, with_item = [], frame + len(body)
        held.append(body)
        size = with_item
    if held:
        yield _close(head, held)


def _close(head: bytes, held: list[bytes]) -> ChildInput:
    return ChildInput(head + b",".join(held) + b"]}", len(held))


def _check(size: int, limit: int, number: int) -> None:
    if size > limit:
        raise ItemTooLargeError(
            f"Item {number} makes a child's input of {size} bytes: the limit is {limit} bytes, "
            "from MaxInputBytesPerBatch or the 256 KiB of an execution's input."
        )
