"""What the keys of a column's type must have to do with one another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from csvdynamo.datasets.values import fail
from csvdynamo.rules.columns import ColumnType, EmptyPolicy, Store
from csvdynamo.rules.moment_formats import compile_format

if TYPE_CHECKING:
    from csvdynamo.datasets.column_rules import ColumnRules

_TEXT, _NUMBER = (ColumnType.TEXT,), (ColumnType.NUMBER,)
_MOMENT = (ColumnType.DATE, ColumnType.TIMESTAMP)
_SEVERAL = (ColumnType.LIST, ColumnType.SET, ColumnType.NUMBER_SET)
TYPES_OF_KEY: Mapping[str, tuple[ColumnType, ...]] = {
    "min": _NUMBER,
    "max": _NUMBER,
    "pattern": _TEXT,
    "allowed": _TEXT,
    "max_length": _TEXT,
    "thousands": _NUMBER,
    "decimal": _NUMBER,
    "strip": _NUMBER,
    "negative": _NUMBER,
    "percent": _NUMBER,
    "format": _MOMENT,
    "store": _MOMENT,
    "timezone": _MOMENT,
    "separator": _SEVERAL,
}
"""The keys that belong to some types, and to which."""


def hold_keys(keys: Mapping[str, Any]) -> None:
    """Refuse keys that have no effect beside others, before their values are looked at."""
    kind = keys.get("type", ColumnType.TEXT)
    for key in keys:
        if keys.get("drop") is True and key != "drop":
            fail("has no effect on a column with drop = true: remove one of the two", key=key)
        if kind in list(ColumnType) and kind not in TYPES_OF_KEY.get(key, (kind,)):
            *first, last = (f'"{one}"' for one in TYPES_OF_KEY[key])
            types = f"{', '.join(first)} or {last}" if first else last
            fail(f"belongs to type = {types}, and this column is {kind}", key=key)
    if keys.get("empty") == EmptyPolicy.KEEP:
        if kind in list(ColumnType) and kind != ColumnType.TEXT:
            fail(f"keep stores an empty text, which is not a {kind}: use omit or null", key="empty")
        if keys.get("blank"):
            fail(
                'has no effect with empty = "keep", which stores the word as it is: remove one of the two', key="blank"
            )
    if "empty" in keys and keys.get("required") is True:
        fail("has no effect with required = true, which refuses blank cells: remove one of the two", key="empty")


def hold_values(rules: "ColumnRules") -> None:
    """Refuse values that contradict one another."""
    if rules.minimum is not None and rules.maximum is not None and rules.minimum > rules.maximum:
        fail(f"must be at least min ({rules.minimum}), found {rules.maximum}", key="max")
    if rules.type is ColumnType.NUMBER:
        _hold_number(rules)
    elif rules.type in _MOMENT:
        _hold_moment(rules)


def _hold_number(rules: "ColumnRules") -> None:
    if rules.thousands == rules.decimal:
        fail(f'is "{rules.decimal}", as decimal is: give the other one, too', key="thousands")
    taken = {rules.decimal: "decimal", rules.thousands: "thousands"} | ({"%": "percent"} if rules.percent else {})
    for one in rules.strip or "":
        if one in taken:
            fail(f'has "{one}", which {taken[one]} needs', key="strip")


def _hold_moment(rules: "ColumnRules") -> None:
    formats = tuple(map(compile_format, rules.formats))
    for one in formats:
        if rules.type is ColumnType.DATE and one.has_offset:
            fail(f'"{one.text}" has %z, and a date has no offset: use type = "timestamp"', key="format")
        if rules.type is ColumnType.TIMESTAMP and not one.has_time:
            fail(f'"{one.text}" has no %H or %I: a timestamp has a time; use type = "date"', key="format")
    as_epoch = rules.store is Store.EPOCH
    if rules.timezone is None:
        if rules.type is ColumnType.TIMESTAMP and as_epoch and not all(one.has_offset for one in formats):
            fail("epoch is a moment: give the timezone of texts without an offset", key="store")
    elif rules.type is ColumnType.DATE and not as_epoch:
        fail('has no effect on a date that is stored as text: remove it, or give store = "epoch"', key="timezone")
    elif formats and all(one.has_offset for one in formats):
        fail("has no effect where every format has %z: remove it", key="timezone")
