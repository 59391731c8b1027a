"""The tables `[columns."Header"]` of a data set file, and the steps of a `transform`."""

import re
from dataclasses import dataclass as plain
from dataclasses import fields
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.type_rules import hold_keys, hold_values
from csvdynamo.datasets.type_values import MARK, STRIP, Formats, TimeZone, Words
from csvdynamo.datasets.values import Flag, Number, Rule, Text, Texts, WholeNumber, fail, found
from csvdynamo.rules.columns import Column, ColumnType, EmptyPolicy, Negative, Store
from csvdynamo.rules.patterns import compile_pattern
from csvdynamo.rules.transforms import TRANSFORMS, Transform, read_transform
from csvdynamo.rules.zones import Zone

_NAME = Text("at most 255 bytes", lambda name: len(name.encode()) <= 255, absent="the header, transformed")
_MAX_TEXT = 400 * 1024  # no value is longer than the largest item


@plain(frozen=True, eq=False)
class Steps(Rule):
    """The steps of a `transform`."""

    give = "an array"

    def must(self) -> str:
        """Say what it must be."""
        return "an array"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take an array of steps that there are."""
        step = core.no_info_plain_validator_function(_step)
        return core.tuple_variable_schema(step)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}}


def _step(value: Any) -> Transform:
    step = read_transform(value)
    if step is None:
        *first, last = (transform.form for transform in TRANSFORMS)
        form = f"a table of {', '.join(value) or 'nothing'}" if isinstance(value, dict) else found(value)
        fail(f"must hold {', '.join(first)} or {last}, found {form}")
    return step


@plain(frozen=True, eq=False)
class Pattern(Rule):
    """A regular expression that is safe to match, as far as can be told."""

    give = "a text"

    def must(self) -> str:
        """Say what it must be."""
        return Text.what

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a text that is a pattern."""
        return core.no_info_after_validator_function(_pattern, core.str_schema(strict=True, min_length=1))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "string", "format": "regex"}


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return compile_pattern(text)
    except ValueError as error:
        fail(str(error))


@plain(frozen=True, eq=False)
class Allowed(Texts):
    """An array of texts that is not empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take an array of texts, at least one."""
        return core.no_info_after_validator_function(_some, super().__get_pydantic_core_schema__(source, handler))


def _some(texts: tuple[str, ...]) -> frozenset[str]:
    if not texts:
        fail("must hold at least one text")
    return frozenset(texts)


@dataclass(frozen=True, config=STRICT)
class ColumnRules:
    """One table for each column that has rules, under its header exactly as in the file."""

    rename: Annotated[str, _NAME] | None = Field(default=None, description="the attribute name")
    drop: Annotated[bool, Flag()] = Field(
        default=False, description="`true`: the column is not stored. No other key may stand beside it"
    )
    required: Annotated[bool, Flag()] = Field(
        default=False,
        description="`true`: a blank cell refuses the row (`MISSING_VALUE`), as does a file without the column",
    )
    type: ColumnType = Field(default=ColumnType.TEXT, description="what the cell is stored as")
    transform: Annotated[tuple[Transform, ...], Steps()] = Field(
        default=(), description="[steps](#transforms) that change the cell. All rules below look at the result"
    )
    empty: EmptyPolicy = Field(
        default=EmptyPolicy.OMIT,
        description='what a blank cell becomes: `"omit"` no attribute, `"null"` an attribute of DynamoDB\'s type NULL, '
        '`"keep"` the text as it is (text columns only)',
    )
    minimum: Annotated[Decimal, Number()] | None = Field(
        default=None, alias="min", description="numbers: the least that is taken (`OUT_OF_RANGE`)"
    )
    maximum: Annotated[Decimal, Number()] | None = Field(
        default=None, alias="max", description="numbers: the most that is taken (`OUT_OF_RANGE`)"
    )
    max_length: Annotated[int, WholeNumber(1, _MAX_TEXT)] | None = Field(
        default=None, description="text: at most so many characters (`TOO_LONG`)"
    )
    pattern: Annotated[re.Pattern[str], Pattern()] | None = Field(
        default=None,
        description="text: a Python regular expression that the whole value matches (`BAD_PATTERN`). "
        "[Not every one](#patterns)",
    )
    allowed: Annotated[frozenset[str], Allowed()] | None = Field(
        default=None, description="text: the only values (`NOT_ALLOWED`)"
    )

    thousands: Annotated[str, MARK] | None = Field(
        default=None, description='numbers: the character between groups of three digits, such as `","`'
    )
    decimal: Annotated[str, MARK] = Field(default=".", description="numbers: the character before the fraction")
    strip: Annotated[str, STRIP] | None = Field(
        default=None, description='numbers: characters that are removed at both ends, such as `"$ "`'
    )
    negative: Negative = Field(
        default=Negative.SIGN, description='numbers: `"sign"`: -12; `"parentheses"`: (12) is that, too'
    )
    percent: Annotated[bool, Flag()] = Field(
        default=False, description="numbers: `true`: the text must end in %, and is divided by 100, exactly"
    )
    formats: Annotated[tuple[str, ...], Formats()] = Field(
        default=(),
        alias="format",
        description="dates and timestamps: a [format](#formats), or an array of formats; without: ISO 8601",
    )
    store: Store = Field(
        default=Store.ISO,
        description='dates and timestamps: `"iso"`: a text of ISO 8601; `"epoch"`: the seconds since 1970, a number',
    )
    timezone: Annotated[Zone, TimeZone()] | None = Field(
        default=None,
        description="timestamps without an offset, and dates stored as `epoch`: the IANA name of the time zone that "
        "they are in",
    )
    separator: Annotated[str, Text()] = Field(default=";", description="lists and sets: what is between two members")
    blank: Annotated[frozenset[str], Words(absent="those of [`[values]`](#values)")] | None = Field(
        default=None, description="words that count as blank, as `NA`; `[]`: none"
    )

    @model_validator(mode="before")
    @classmethod
    def _fit_together(cls, keys: Any) -> Any:
        """Refuse keys that have no effect beside others."""
        if isinstance(keys, dict):
            hold_keys(keys)
        return keys

    @model_validator(mode="after")
    def _agree(self) -> "ColumnRules":
        hold_values(self)
        return self

    def of(self, header: str) -> Column:
        """Give the rules of the column with this header."""
        return Column(header, **{one.name: getattr(self, one.name) for one in fields(self)})
