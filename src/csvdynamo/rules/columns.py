"""The rules of one column, as a data set declares them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any, Self

from csvdynamo.rules.transforms import Transform, is_blank, read_transform
from csvdynamo.rules.zones import Zone

ROW_NUMBER_HEADER = "_row"
"""The column that `prepare` puts in front: the row's number in the source. It never becomes an attribute."""


class ColumnType(StrEnum):
    """What a cell is, and with that what it is stored as; `cells` has the rule of each."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"
    SET = "set"
    NUMBER_SET = "number_set"
    JSON = "json"
    BINARY = "binary"


class Negative(StrEnum):
    """How a negative number is written: with a sign, or as accountants do, (12); the sign is taken there, too."""

    SIGN = "sign"
    PARENTHESES = "parentheses"


class Store(StrEnum):
    """How a date or a timestamp is stored: as a text of ISO 8601, or as the number of seconds since 1970."""

    ISO = "iso"
    EPOCH = "epoch"


class EmptyPolicy(StrEnum):
    """What a blank cell becomes: no attribute, an attribute of type NULL, or the text as it is."""

    OMIT = "omit"
    NULL = "null"
    KEEP = "keep"


@dataclass(frozen=True)
class Column:
    """The rules of one column. A header without rules of its own has the defaults: optional text, blank cells omitted.

    The rules look at the value after `transform`. `allowed`, `pattern` (the whole value must match) and `max_length`
    (in characters) belong to text; `minimum`, `maximum` and what is from `thousands` to `percent` to numbers;
    `formats`, `store` and `timezone` to dates and timestamps; `separator` to lists and sets. `blank` are words that
    count as blank; None: those of the data set.
    """

    header: str
    rename: str | None = None
    drop: bool = False
    required: bool = False
    type: ColumnType = ColumnType.TEXT
    transform: tuple[Transform, ...] = ()
    empty: EmptyPolicy = EmptyPolicy.OMIT
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: re.Pattern[str] | None = None
    allowed: frozenset[str] | None = None
    max_length: int | None = None
    thousands: str | None = None
    decimal: str = "."
    strip: str | None = None
    negative: Negative = Negative.SIGN
    percent: bool = False
    formats: tuple[str, ...] = ()
    store: Store = Store.ISO
    timezone: Zone | None = None
    separator: str = ";"
    blank: frozenset[str] | None = None

    def written(self) -> dict[str, Any]:
        """Return the rules for `rules.json`, without those that are as by default."""
        written = {
            "header": self.header,
            "rename": self.rename,
            "drop": self.drop or None,
            "required": self.required or None,
            "type": None if self.type is ColumnType.TEXT else self.type.value,
            "transform": written_steps(self.transform) or None,
            "empty": None if self.empty is EmptyPolicy.OMIT else self.empty.value,
            "min": None if self.minimum is None else _shortest(self.minimum),
            "max": None if self.maximum is None else _shortest(self.maximum),
            "pattern": self.pattern and self.pattern.pattern,
            "allowed": self.allowed and sorted(self.allowed),
            "max_length": self.max_length,
            "thousands": self.thousands,
            "decimal": None if self.decimal == "." else self.decimal,
            "strip": self.strip,
            "negative": None if self.negative is Negative.SIGN else self.negative.value,
            "percent": self.percent or None,
            "format": list(self.formats) or None,
            "store": None if self.store is Store.ISO else self.store.value,
            "timezone": self.timezone and self.timezone.written(),
            "separator": None if self.separator == ";" else self.separator,
            "blank": None if self.blank is None else sorted(self.blank),
        }
        return {key: value for key, value in written.items() if value is not None}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Read what `written` returned.

        Raises:
            ValueError: It is something else, as are the other errors of a wrong form (LookupError, TypeError).
        """
        return cls(
            header=written["header"],
            rename=written.get("rename"),
            drop=written.get("drop", False),
            required=written.get("required", False),
            type=ColumnType(written.get("type", ColumnType.TEXT)),
            transform=read_steps(written.get("transform", ())),
            empty=EmptyPolicy(written.get("empty", EmptyPolicy.OMIT)),
            minimum=Decimal(written["min"]) if "min" in written else None,
            maximum=Decimal(written["max"]) if "max" in written else None,
            pattern=re.compile(written["pattern"]) if "pattern" in written else None,
            allowed=frozenset(written["allowed"]) if "allowed" in written else None,
            max_length=written.get("max_length"),
            thousands=written.get("thousands"),
            decimal=written.get("decimal", "."),
            strip=written.get("strip"),
            negative=Negative(written.get("negative", Negative.SIGN)),
            percent=written.get("percent", False),
            formats=tuple(written.get("format", ())),
            store=Store(written.get("store", Store.ISO)),
            timezone=Zone.read(written["timezone"]) if "timezone" in written else None,
            separator=written.get("separator", ";"),
            blank=frozenset(written["blank"]) if "blank" in written else None,
        )


def _shortest(number: Decimal) -> str:
    """Write a number in its one form, whatever its digits: 1, 1.0 and 1e0 are the same bound."""
    digits = Context(prec=max(1, len(number.as_tuple().digits)))
    return str(digits.normalize(number)) if number else "0"


def written_steps(steps: Iterable[Transform]) -> list[Any]:
    """Return the steps of a transform for `rules.json`."""
    return [step.written() for step in steps]


def read_steps(written: Iterable[Any]) -> tuple[Transform, ...]:
    """Read what `written_steps` returned.

    Raises:
        ValueError: A step is not known.
    """
    steps = []
    for one in written:
        step = read_transform(one)
        if step is None:
            raise ValueError(f"there is no step {one!r}")
        steps.append(step)
    return tuple(steps)


def blank_test(column: Column) -> Callable[[str], bool]:
    """Return what tells whether a cell says nothing: that it is blank, or one of the column's words for that."""
    words = column.blank
    return (lambda text: is_blank(text) or text.strip() in words) if words else is_blank
