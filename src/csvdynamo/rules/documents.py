"""Cells that are JSON documents."""

import json
from collections.abc import Sequence
from typing import Any

from csvdynamo.rules.attribute_values import AttributeValue, number_text
from csvdynamo.rules.cell_refusals import TypeRule, refuse_type
from csvdynamo.rules.columns import Column
from csvdynamo.rules.members import first_again
from csvdynamo.shown import quoted

MAX_LEVELS = 32
"""DynamoDB nests so deep, the attribute itself and the innermost value counted: 31 lists or maps in one another
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""
_MAX_NAME_BYTES = 65_535


class _NoDocumentError(ValueError):
    """Says what DynamoDB would not hold as it is."""


class _NumberText(str):
    """A number as it is written, told apart from a text."""

    __slots__ = ()


def json_rule(column: Column) -> TypeRule:
    """Return the rule of a column of JSON documents: maps, lists, texts, numbers, true, false and null."""
    decoder = json.JSONDecoder(
        parse_float=_NumberText, parse_int=_NumberText, parse_constant=_refuse_constant, object_pairs_hook=_unique
    )

    def convert(text: str) -> AttributeValue:
        try:
            return _value(decoder.decode(text), 1)
        except RecursionError:
            problem = _too_deep()
        except _NoDocumentError as error:
            problem = str(error)
        except json.JSONDecodeError as error:
            problem = f"is not JSON at character {error.pos + 1}: {error.msg}"
        refuse_type(column, text, problem)

    return convert


def _value(read: Any, level: int) -> AttributeValue:
    if level > MAX_LEVELS:
        raise _NoDocumentError(_too_deep())
    if isinstance(read, _NumberText):
        return _number(read)
    if isinstance(read, str):
        return {"S": _sound(read)}
    if isinstance(read, dict):
        return {"M": {name: _value(value, level + 1) for name, value in read.items()}}
    if isinstance(read, list):
        return {"L": [_value(value, level + 1) for value in read]}
    return {"NULL": True} if read is None else {"BOOL": read}


def _number(written: str) -> AttributeValue:
    number = number_text(written)
    if number is None:
        raise _NoDocumentError(f"holds {quoted(written)}, which is not a number that DynamoDB can hold")
    return {"N": number}


def _sound(text: str) -> str:
    """Refuse half a surrogate pair, which JSON can write and UTF-8 cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _NoDocumentError("holds half a surrogate pair, which is not valid Unicode") from None
    return text


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    twice = first_again(name for name, _ in pairs) if len(read) < len(pairs) else None
    if twice is not None:
        raise _NoDocumentError(f"has the name {quoted(twice)} twice")
    for name in read:
        if not name:
            raise _NoDocumentError("has an empty name")
        if len(_sound(name).encode()) > _MAX_NAME_BYTES:
            raise _NoDocumentError(f"has a name of more than {_MAX_NAME_BYTES:,} bytes")
    return read


def _refuse_constant(constant: str) -> Any:
    raise _NoDocumentError(f"holds {constant}, which is no JSON")


def _too_deep() -> str:
    return f"is nested more than {MAX_LEVELS} levels deep, counted with the value that is innermost"
