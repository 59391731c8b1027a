"""How the rule of a cell refuses it."""

from collections.abc import Callable
from typing import NoReturn

from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column
from csvdynamo.rules.refusals import Refusal
from csvdynamo.shown import quoted

CellRule = Callable[[str], AttributeValue | None]
"""Returns the value, or None for no attribute; raises `CellRefusedError`."""

TypeRule = Callable[[str], AttributeValue]
"""The rule of a cell that is not blank: it always has a value."""


class CellRefusedError(Exception):
    """Carries a refusal from a cell's rule to the row. It never leaves `rows`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refuse(column: Column, code: RejectCode, problem: str) -> NoReturn:
    """Refuse a cell.

    Args:
        column: Its column.
        code: The reject's code.
        problem: What is wrong: the value by `quoted`, and the setting.

    Raises:
        CellRefusedError: Always.
    """
    raise CellRefusedError(Refusal(code, column.header, f"{column.header}: {problem}"))


def refuse_type(column: Column, text: str, problem: str, *settings: str) -> NoReturn:
    """Refuse a cell that is not of its column's type.

    Args:
        column: Its column.
        text: The cell.
        problem: What is wrong, such as "is not a number".
        settings: The settings beside `type` that it was read by, as a data set file writes them.

    Raises:
        CellRefusedError: Always.
    """
    told = ", ".join((f'type = "{column.type}"', *settings))
    refuse(column, RejectCode.BAD_TYPE, f"{quoted(text)} {problem}; {told}")
