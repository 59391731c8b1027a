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
    """Carries a refusal from a cell's rule to the row. It never leaves `rows`.

    Who only asks whether a cell is taken does not pay for the sentence, which takes longer than the rule: it is made
    when it is asked for.
    """

    def __init__(self, code: RejectCode, column: str | None, message: Callable[[], str]) -> None:
        super().__init__(code)
        self._code, self._column, self._message = code, column, message

    @property
    def refusal(self) -> Refusal:
        """Why the row is refused."""
        return Refusal(self._code, self._column, self._message())


def refuse(column: Column, code: RejectCode, problem: str) -> NoReturn:
    """Refuse a cell.

    Args:
        column: Its column.
        code: The reject's code.
        problem: What is wrong: the value by `quoted`, and the setting.

    Raises:
        CellRefusedError: Always.
    """
    raise CellRefusedError(code, column.header, lambda: f"{column.header}: {problem}")


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

    def message() -> str:
        told = ", ".join((f'type = "{column.type}"', *settings))
        return f"{column.header}: {quoted(text)} {problem}; {told}"

    raise CellRefusedError(RejectCode.BAD_TYPE, column.header, message)
