"""The tables `[notify.name]` of a data set file: which of Airflow's notifiers tell of a run, and when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass as plain
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core import core_schema as core

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import Rule, Text, fail

_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_SECRET = re.compile(r"passw|secret|token|api_?key|credential", re.IGNORECASE)


class Event(StrEnum):
    """What a notifier is told of: a run that ended red or green, or a gate that asks a person."""

    RED = "red"
    GREEN = "green"
    QUESTION = "question"


@plain(frozen=True, eq=False)
class _Events(Rule):
    """Some of the events, each once."""

    give = "an array"

    def must(self) -> str:
        """Say what it must be."""
        return f"an array of {', '.join(Event)}, each at most once"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take an array of their words."""
        return core.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "array", "items": {"enum": [*Event]}, "minItems": 1, "uniqueItems": True}

    def _read(self, value: Any) -> tuple[Event, ...]:
        words = value if isinstance(value, list | tuple) else []
        if not words or any(one not in [*Event] for one in words) or len({*words}) < len(words):
            raise PydanticCustomError("not_allowed", "it is not allowed")
        return tuple(map(Event, words))


@plain(frozen=True, eq=False)
class _Arguments(Rule):
    """A table of arguments. It lies in version control, and so holds no secret."""

    give = "a table"
    absent = "none"

    def must(self) -> str:
        """Say what it must be."""
        return "a table"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a table without a secret in it."""
        table = core.dict_schema(core.str_schema(), core.any_schema(), strict=True)
        return core.no_info_after_validator_function(self._without_secrets, table)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "object"}

    def _without_secrets(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for name in _names(arguments):
            if _SECRET.search(name) and not name.endswith("conn_id"):
                fail(f"{name!r} looks like a secret, which belongs into an Airflow connection: name that one's id")
        return {name: _plain(value) for name, value in arguments.items()}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(one)


def _plain(value: Any) -> Any:
    """Give a value of TOML as a Python program would write it: its decimals are read as exact ones."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True, config=STRICT)
class Notification:
    """One table for each notifier, under a name of your own."""

    notifier: Annotated[str, Text("the name of a class and its modules, with points between", _CLASS.fullmatch)] = (
        Field(
            description="the notifier: a class of Airflow's providers or of your own, with its modules, as "
            "`airflow.providers.smtp.notifications.smtp.SmtpNotifier`"
        )
    )
    on: Annotated[tuple[Event, ...], _Events()] = Field(
        default=(Event.RED, Event.QUESTION),
        description='what it tells of: `"red"` and `"green"` are how a run ended, `"question"` is a gate that '
        "[asks](#a-gate-that-asks)",
    )
    arguments: Annotated[dict[str, Any], _Arguments()] = Field(
        default_factory=dict,
        description="what the class is made with, in the words of its documents; its texts are Airflow's templates",
    )
