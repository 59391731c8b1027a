"""DynamoDB's attribute values as its low-level API takes them: text to values, and the size that DynamoDB counts.

Rests on "Supported data types", "Item sizes and formats" and "Quotas" of the DynamoDB developer guide.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any, TypedDict


class AttributeValue(TypedDict, total=False):
    """One of these, such as `{"S": text}`; BS alone is made by no rule, and may be in a table that was there."""

    S: str
    N: str
    BOOL: bool
    NULL: bool
    B: bytes
    SS: Sequence[str]
    NS: Sequence[str]
    BS: Sequence[bytes]
    M: Mapping[str, Any]
    L: Sequence[Any]


Item = dict[str, AttributeValue]

MAX_ITEM_BYTES = 400 * 1024
MAX_PARTITION_KEY_BYTES = 2048
MAX_SORT_KEY_BYTES = 1024

_DOCUMENT_BYTES, _MEMBER_BYTES = 3, 1  # of a list or a map, and of each member beside its own
_MAX_DIGITS = 38
_MIN_EXPONENT, _MAX_EXPONENT = -130, 125  # of the first digit: 1E-130 to 9.99…E+125
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,37}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_EXACT = Context(prec=_MAX_DIGITS, traps=[InvalidOperation])


def number_text(text: str) -> str | None:
    """Return the number that DynamoDB would store for a text, in its shortest form, or None if it cannot hold it.

    Allowed are ASCII digits with a sign, one decimal point and an exponent, white space around them aside: at most 38
    significant digits, and a size of 1E-130 to 9.99E+125. No thousands separators, no NaN, no infinity.

    Example:
        >>> number_text(" 007.50 "), number_text("1,000")
        ('7.5', None)
    """
    text = text.strip()
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number.is_zero():
        return "0"
    significant = len("".join(map(str, number.as_tuple().digits)).rstrip("0"))
    if significant > _MAX_DIGITS or not _MIN_EXPONENT <= number.adjusted() <= _MAX_EXPONENT:
        return None
    number = number.normalize(_EXACT)
    return format(number, "f") if abs(number.adjusted()) < _MAX_DIGITS else str(number)


def boolean_value(text: str) -> bool | None:
    """Return the boolean that a text stands for: `true` or `false` in any case, white space around it aside."""
    return {"true": True, "false": False}.get(text.strip().lower())


def item_size(item: Item) -> int:
    """Return the bytes that DynamoDB counts for an item: its names and its values.

    Raises:
        UnicodeEncodeError: A text holds half a surrogate pair, which UTF-8 and DynamoDB cannot hold.
    """
    size = 0
    for name, value in item.items():
        size += utf8_length(name)
        text = value.get("S")
        size += utf8_length(text) if text is not None else _size(value)
    return size


def key_size(value: AttributeValue) -> int:
    """Return the bytes that DynamoDB counts for a key's value: text, number or binary."""
    return _size(value) if "S" not in value else utf8_length(value["S"])


def utf8_length(text: str) -> int:
    """Return a text's length in bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def _size(value: AttributeValue) -> int:
    number = value.get("N")
    if number is None:
        [(kind, held)] = value.items()
        count = _SIZES.get(kind)
        return 1 if count is None else count(held)
    return _number_size(number)


def _number_size(number: str) -> int:
    mantissa = number.lstrip("-").partition("E")[0]
    digits = len(mantissa.replace(".", "").strip("0"))
    return (digits + 1) // 2 + 1 + number.startswith("-")


def _list_size(members: Sequence[AttributeValue]) -> int:
    return _DOCUMENT_BYTES + _MEMBER_BYTES * len(members) + sum(map(_size, members))


def _map_size(members: Mapping[str, AttributeValue]) -> int:
    names = sum(map(utf8_length, members))
    return _DOCUMENT_BYTES + _MEMBER_BYTES * len(members) + names + sum(map(_size, members.values()))


_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": utf8_length,
    "B": len,
    "SS": lambda members: sum(map(utf8_length, members)),
    "NS": lambda members: sum(map(_number_size, members)),
    "BS": lambda members: sum(map(len, members)),
    "L": _list_size,
    "M": _map_size,
}
"""What counts a value of each type; true, false and null are one byte."""
