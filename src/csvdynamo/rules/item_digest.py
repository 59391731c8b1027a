"""A digest of an item, which is the same for all forms that DynamoDB takes for equal."""

import hashlib
import marshal
from collections.abc import Callable, Mapping
from typing import Any

from csvdynamo.rules.attribute_values import AttributeValue, Item, number_text

_DIGEST_BYTES = 16
_MARSHAL_VERSION = 2  # the last that refers to no object that it wrote before


def item_digest(item: Item) -> str:
    """Digest an item so that items which DynamoDB takes for equal have the same: 32 hexadecimal characters.

    DynamoDB gives numbers back in a form of its own, so they are compared as numbers, in lists, maps and sets, too;
    attributes, and the members of maps and sets, have no order.
    """
    # Names differ, so that only they are ordered.
    told = [one if "S" in one[1] else (one[0], canonical(one[1])) for one in sorted(item.items())]
    # Version 2 writes each value in full behind its type and length: equal values, and only those, have equal bytes.
    # Nothing reads them. JSON would be three times as slow.
    return hashlib.blake2b(marshal.dumps(told, _MARSHAL_VERSION), digest_size=_DIGEST_BYTES).hexdigest()


def canonical(value: AttributeValue | None) -> Any:
    """Give a value the one form that equal ones have; what is no number, list, map or set is that already."""
    if value is None or len(value) != 1:  # DynamoDB gives each value one type
        return value
    number = value.get("N")
    if number is not None:  # by far the most of what is no text
        return ("N", number_text(number) or number)
    [(kind, held)] = value.items()
    form = _FORMS.get(kind)
    return value if form is None else (kind, form(held))


def _number(text: str) -> str:
    return number_text(text) or text


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "SS": sorted,
    "NS": lambda members: sorted(map(_number, members)),
    "BS": sorted,
    "L": lambda members: list(map(canonical, members)),
    "M": lambda members: [(name, canonical(member)) for name, member in sorted(members.items())],
}
