"""Why something was not stored: a row, by the data set's rules, or an item, by DynamoDB."""

from collections.abc import Sequence
from dataclasses import dataclass

from csvdynamo.rules.codes import RejectCode


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be stored: the reject record's code, column (None: the row as a whole) and message."""

    code: RejectCode
    column: str | None
    message: str


def duplicate_refusal(names: Sequence[str], problem: str) -> Refusal:
    """Refuse a row whose key another one has.

    Args:
        names: The headers of the columns that the key is made of.
        problem: Which row has it, and what becomes of it.
    """
    message = f"{', '.join(names)}: {problem}" if names else problem
    return Refusal(RejectCode.DUPLICATE_KEY, names[0] if len(names) == 1 else None, message)


@dataclass(frozen=True)
class RefusedItem:
    """An item that was not written: its index in the sequence that was, and why.

    Attributes:
        index: Its index.
        message: DynamoDB's message, or what stands in its way.
        code: Which of both.
    """

    index: int
    message: str
    code: RejectCode = RejectCode.DYNAMODB_REFUSED
