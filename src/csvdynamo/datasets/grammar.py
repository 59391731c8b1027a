"""Reads a TOML document by declared types, and says of the first thing that is wrong where it is and what is right."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from csvdynamo.datasets.values import SAID, TABLE, Rule, Text, Texts, Word, found
from csvdynamo.errors import DatasetError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
Read = TypeVar("Read")

STRICT = ConfigDict(extra="forbid")
"""The configuration of a table of a data set file, a dataclass of pydantic: each field is a key, with its type, its
default and one sentence about it."""


def read(grammar: type[Read], document: Mapping[str, Any], file: Path) -> Read:
    """Read a document.

    Args:
        grammar: The dataclass that declares the whole document.
        document: What the TOML file holds.
        file: The file, for the error.

    Raises:
        DatasetError: A key is unknown, missing or wrong.
    """
    try:
        return TypeAdapter(grammar).validate_python(document)
    except ValidationError as error:
        raise DatasetError(f"{file}: {_told(grammar, error.errors(include_url=False)[0])}") from None


def keys_of(table: Any) -> Iterator[tuple[str, FieldInfo]]:
    """Give the keys of a table, each with its field, in the order of their declaration."""
    for name, info in table.__pydantic_fields__.items():
        yield info.alias or name, info


def rule_of(info: FieldInfo) -> Rule:
    """Give the rule of a key's value."""
    kinds = [(info.annotation, info.metadata)]  # or those of a value that may be absent
    kinds += [(get_args(kind)[0], list(get_args(kind)[1:])) for kind in get_args(info.annotation) if _has_rule(kind)]
    for kind, more in kinds:
        for one in more:
            if isinstance(one, Rule):
                return one
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return Word(f"one of {', '.join(kind)}")
    return TABLE


def _has_rule(kind: Any) -> bool:
    return get_origin(kind) is Annotated


def table_of(info: FieldInfo) -> Any:
    """Give the table that a key's value is, or that each value of its table is; None if it is none."""
    kinds = (info.annotation, *get_args(info.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and is_pydantic_dataclass(kind)), None)


def dotted(path: Sequence[str]) -> str:
    """Write a path of keys as TOML does, quoting what needs it."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in path)


def _told(grammar: Any, error: ErrorDetails) -> str:
    """Tell an error: the path to the key, what is wrong, and what is right."""
    path, info, table = list[str](), None, grammar
    for step in error["loc"]:
        if isinstance(step, int):  # a value of an array
            break
        path.append(step)
        keys = {} if table is None else dict(keys_of(table))
        if step in keys:
            info = keys[step]
            table = None if get_origin(info.annotation) is dict else table_of(info)
        elif info is not None:  # a name that its author gave, in a table of tables
            table = table_of(info)
    if error["type"] == SAID and error["ctx"]["key"]:
        path.append(error["ctx"]["key"])
    return f"{dotted(path)}: {_problem(info, table, error)}"


def _problem(info: FieldInfo | None, table: Any, error: ErrorDetails) -> str:
    if error["type"] == SAID:
        return str(error["ctx"]["problem"])
    if error["type"] == "unexpected_keyword_argument":
        return f"unknown key; allowed here: {', '.join(sorted(key for key, _ in keys_of(table)))}"
    rule, value = rule_of(info) if info is not None else TABLE, found(error["input"])
    if error["type"] == "missing":
        return f"is missing: give {rule.give}"
    within = isinstance(error["loc"][-1], int)
    if error["type"].startswith("string_"):
        right = Texts.of if within else Text.what
    else:
        right = rule.of if within and isinstance(rule, Texts) else rule.must()
    return f"must be {right}, found {value}{' in it' if within else ''}"
