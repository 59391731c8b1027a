"""The kinds of values that the keys of a column's type have, beside those of `values`."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core import core_schema as core

from csvdynamo.datasets.time_zones import compile_zone, timezones
from csvdynamo.datasets.values import Rule, Text, Texts, fail, found
from csvdynamo.rules.moment_formats import compile_format
from csvdynamo.rules.transforms import is_blank
from csvdynamo.rules.zones import Zone

_OF_NUMBERS = "+-()%"


def _is_mark(text: str) -> bool:
    """Tell whether a text is one character that nothing else in a number may be."""
    return len(text) == 1 and not text.isalnum() and text not in _OF_NUMBERS


def _is_strip(text: str) -> bool:
    return not any(one.isdecimal() or one in "+-()" for one in text)


MARK = Text("one character that is no letter, digit, sign, parenthesis or %", _is_mark)
"""What stands between the digits of a number."""
STRIP = Text("characters that are no digit, sign or parenthesis", _is_strip)


def is_word(text: str) -> bool:
    """Tell whether a text is a word that may count as blank: not blank by itself, and found as it is."""
    return not is_blank(text) and text == text.strip()


@dataclass(frozen=True, eq=False)
class Words(Texts):
    """An array of words that count as blank.

    Attributes:
        absent: What the documents say for its default where there is none.
    """

    of: str = "texts that are not blank, without white space at their ends"
    absent: str = "none"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take an array of words."""
        words = core.tuple_variable_schema(core.no_info_plain_validator_function(_word))
        return core.no_info_after_validator_function(frozenset, words)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not is_word(value):
        raise PydanticCustomError("not_allowed", "it is not allowed")
    return value


@dataclass(frozen=True, eq=False)
class Formats(Rule):
    """A format of dates and times, or several."""

    give = "a format"
    absent = "ISO 8601"

    def must(self) -> str:
        """Say what it must be."""
        return "a format, such as %d/%m/%Y, or an array of formats"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a text, or an array of texts, and keep a tuple of them."""
        return core.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        text = {"type": "string", "minLength": 1}
        return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}

    def _read(self, value: Any) -> tuple[str, ...]:
        formats = value if isinstance(value, list | tuple) else [value]
        if not formats or not all(isinstance(one, str) for one in formats):
            fail(f"must be {self.must()}, found {found(value)}")
        for one in formats:
            _hold_format(one)
        if len(set(formats)) < len(formats):
            fail("has a format twice")
        return tuple(formats)


def _hold_format(text: str) -> None:
    if text != text.strip() or not text:
        fail(f"must have no white space at its ends, as the cell has none there, found {found(text)}")
    try:
        compile_format(text)
    except ValueError as error:
        fail(f"{found(text)} {error}")


@dataclass(frozen=True, eq=False)
class TimeZone(Rule):
    """A time zone, which is kept with its data."""

    give = "a time zone's name"

    def must(self) -> str:
        """Say what it must be."""
        return "a time zone's IANA name, such as UTC or Europe/Berlin"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a name that is known, or a zone."""
        return core.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "string"}

    def _read(self, value: Any) -> Zone | None:
        if value is None or isinstance(value, Zone):
            return value
        if not isinstance(value, str) or (timezones() and value not in timezones()):
            fail(f"must be {self.must()}, found {found(value)}")
        try:
            return compile_zone(value)
        except ValueError as error:
            fail(f"{found(value)} {error}")
