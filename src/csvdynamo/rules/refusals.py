"""Why something was not stored: a row, by the data set's rules, or an item, by DynamoDB."""

from dataclasses import dataclass

from csvdynamo.rules.codes import RejectCode


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
