"""The kinds of values that a data set file holds: each with its rule, and with how the rule is told to a person.

They are annotations of a type, as in ``Annotated[int, WholeNumber(1, 1000)]``, that pydantic asks for a schema.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Never

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core import core_schema as core

SAID = "said"
"""The type of an error whose sentence stands for itself. Any other is told by the rule that was broken."""


class Rule:
    """What a value is held to, in the words in which a person is told of it.

    Attributes:
        give: What is to be given where it is missing.
        absent: What the documents say for its default where there is none.
    """

    give: str
    absent: str = "none"

    def must(self) -> str:
        """Say what it must be."""
        raise NotImplementedError

    def bounds(self) -> str:
        """Give what the documents say before its sentence; empty: nothing."""
        return ""


def fail(problem: str, *, key: str = "") -> Never:
    """End a validation with a sentence of its own.

    Args:
        problem: The sentence.
        key: The key of this table that is meant; empty: the value, or the table itself.
    """
    raise PydanticCustomError(SAID, "{problem}", {"problem": problem, "key": key})


@dataclass(frozen=True, eq=False)
class Text(Rule):
    """A text that is not empty.

    Attributes:
        what: What it must be.
        rule: Says whether a text is that.
        absent: What the documents say for its default where there is none.
    """

    what: str = "a text that is not empty"
    rule: Callable[[str], Any] = bool
    absent: str = "none"
    give = "a text"

    def must(self) -> str:
        """Say what it must be."""
        return self.what

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a text alone, and hold it to the rule."""
        return core.no_info_after_validator_function(_held(self.rule), core.str_schema(strict=True, min_length=1))


@dataclass(frozen=True, eq=False)
class Texts(Rule):
    """An array of texts, or of what is made of them.

    Attributes:
        of: What it must hold.
        read: Makes of a text what is kept, None if it is not allowed.
        kept: The type of what is kept, whose values are taken as they are.
    """

    of: str = "an array of texts"
    read: Callable[[str], Any] = str
    kept: type = str
    give = "an array"

    def must(self) -> str:
        """Say what it must be."""
        return "an array"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take an array of texts, and make of each what is kept."""
        return core.tuple_variable_schema(core.no_info_plain_validator_function(self._one))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "array", "items": {"type": "string"}}

    def _one(self, value: Any) -> Any:
        if self.kept is not str and isinstance(value, self.kept):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "it is no text")
        made = self.read(value)
        if made is None or made is False:
            raise PydanticCustomError("not_allowed", "it is not allowed")
        return value if made is True else made


@dataclass(frozen=True, eq=False)
class WholeNumber(Rule):
    """A whole number between two bounds, both allowed."""

    minimum: int
    maximum: int
    give = "a whole number"

    def must(self) -> str:
        """Say what it must be."""
        return f"a whole number from {self.minimum} to {self.maximum}"

    def bounds(self) -> str:
        """Give its bounds."""
        return f"{self.minimum} to {self.maximum}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a whole number alone: neither true nor 2.0 is one."""
        return core.int_schema(strict=True, ge=self.minimum, le=self.maximum)


@dataclass(frozen=True, eq=False)
class Word(Rule):
    """One of a few words, or whatever else is told by words alone."""

    told: str
    give: str = "a text"

    def must(self) -> str:
        """Say what it must be."""
        return self.told


TABLE = Word("a table", "a table")
"""The rule of a table."""


@dataclass(frozen=True, eq=False)
class OneOf(Rule):
    """One of a few texts, each of which stands for something.

    Attributes:
        words: What each text stands for.
    """

    words: Mapping[str, Any]
    give = "a text"

    def must(self) -> str:
        """Say what it must be."""
        return f"one of {', '.join(self.words)}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take one of the texts and give what it stands for, which is taken as well."""
        return core.no_info_plain_validator_function(self._meant)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"enum": [*self.words]}

    def _meant(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        if value is None or value in self.words.values():
            return value
        raise PydanticCustomError("not_allowed", "it is not allowed")


@dataclass(frozen=True, eq=False)
class Flag(Rule):
    """True or false."""

    give = "true or false"

    def must(self) -> str:
        """Say what it must be."""
        return "true or false"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take true or false alone."""
        return core.bool_schema(strict=True)


class _Exact(Rule):
    """A number, as exact as it is written: a decimal of TOML, or a whole number."""

    give = "a number"

    def _number(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            fail(f"must be a number, found {found(value)}")
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            fail(f"must be a finite number, found {found(value)}")
        if not self._allows(number):
            fail(f"must be {self.must()}, found {found(value)}")
        return number

    def _allows(self, number: Decimal) -> bool:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Percent(_Exact):
    """A percentage."""

    def must(self) -> str:
        """Say what it must be."""
        return f"a percentage from {self.bounds()}"

    def bounds(self) -> str:
        """Give its bounds."""
        return "0 to 100"

    def _allows(self, number: Decimal) -> bool:
        return 0 <= number <= 100

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a number alone."""
        return core.no_info_plain_validator_function(lambda value: float(self._number(value)) + 0.0)  # no -0.0

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "number", "minimum": 0, "maximum": 100}


@dataclass(frozen=True, eq=False)
class Number(_Exact):
    """A number that DynamoDB can hold."""

    def must(self) -> str:
        """Say what it must be."""
        return "a number that DynamoDB can hold"

    def _allows(self, number: Decimal) -> bool:
        return abs(number.adjusted()) <= 130

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a number alone."""
        return core.no_info_plain_validator_function(self._number)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "number"}


def _held(rule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def hold(value: Any) -> Any:
        if not rule(value):
            raise PydanticCustomError("not_allowed", "it is not allowed")
        return value

    return hold


def found(value: Any) -> str:
    """Describe a wrong value in an error message: what it is, and its beginning."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a very long number"
    told = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return told if len(told) <= 80 else told[:79] + "…"
