"""Why something was not stored: a row, by the data set's rules, or an item, by DynamoDB."""

import json
from dataclasses import dataclass

from csvdynamo.codes import RejectCode

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be stored: the reject record's code, column (None: the row as a whole) and message."""

    code: RejectCode
    column: str | None
    message: str


@dataclass(frozen=True)
class RefusedItem:
    """An item that DynamoDB does not take: its index in the sequence that was written, and DynamoDB's message."""

    index: int
    message: str


def shown(text: str) -> str:
    """Return a value as a message shows it: quoted, on one line, shortened."""
    if len(text) > _SHOWN_CHARACTERS:
        text = text[: _SHOWN_CHARACTERS - 1] + "…"
    return json.dumps(text, ensure_ascii=False)
