"""A few rejects of each code, short enough to be shown: their values are the data's, so they stand in a file apart."""

import json
from collections.abc import Iterable
from typing import IO

from csvdynamo.records.rejects import Reject, json_line

EXAMPLES_FILE = "examples.jsonl"

CELL_LENGTH = 200
"""The most characters of a cell, and of a message."""

CELLS = 40
"""The most cells of a row; the one that is at fault is always among them."""


def write_examples(records: Iterable[bytes], out: IO[bytes]) -> None:
    """Write rejects in short.

    That is ``row``, ``stage``, ``code``, ``column``, ``message``, ``item``, and ``cut``: whether something is left out.

    Args:
        records: The records of the rejects, a JSON line each.
        out: Takes them, a JSON line each.
    """
    for record in records:
        out.write(json_line(_short(Reject.from_json(record))).encode() + b"\n")


def read_examples(lines: bytes) -> list[dict[str, object]]:
    """Read what `write_examples` wrote."""
    return [json.loads(line) for line in lines.split(b"\n") if line]


def _short(reject: Reject) -> dict[str, object]:
    at_fault = [reject.column] if reject.column in reject.item else []
    shown = [*at_fault, *(name for name in reject.item if name not in at_fault)][:CELLS]
    item = {name: _cut(reject.item[name]) for name in reject.item if name in set(shown)}
    return {
        "row": reject.row,
        "stage": reject.stage.value,
        "code": _cut(reject.code),
        "column": None if reject.column is None else _cut(reject.column),
        "message": _cut(reject.message),
        "item": {_cut(name): value for name, value in item.items()},
        "cut": len(item) < len(reject.item) or any(len(value) > CELL_LENGTH for value in reject.item.values()),
    }


def _cut(text: str) -> str:
    return text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - 1] + "…"
