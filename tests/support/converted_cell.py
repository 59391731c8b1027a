"""One cell, converted by the rules of its column alone."""

from typing import Any

from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from tests.support.converted_row import convert_row


def convert_cell(text: str, blank: frozenset[str] = frozenset(), **rules: Any) -> AttributeValue | Refusal | None:
    """Convert a cell of a column with these rules; None: it makes no attribute."""
    columns = (Column("id"), Column("C", **rules))
    row = {"id": "1", "C": text}
    made = convert_row(RowRules("cars", "tb_cars", "id", columns=columns, blank=blank), row)
    return made if isinstance(made, Refusal) else made.get("C")


def refusal_of_cell(text: str, code: RejectCode = RejectCode.BAD_TYPE, **rules: Any) -> str:
    """Convert a cell that is refused, and return the message."""
    made = convert_cell(text, **rules)
    assert isinstance(made, Refusal), f"{text!r} is not refused: {made}"
    assert (made.code, made.column) == (code, "C")
    assert made.message.startswith("C: ")
    return made.message
