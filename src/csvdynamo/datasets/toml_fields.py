"""Typed reading of a TOML table. Each wrong value is a `DatasetError` that names the file and the dotted key."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Never

from csvdynamo.errors import DatasetError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_REQUIRED: Any = object()


class Fields:
    """One TOML table, whose keys are taken one by one. `done` refuses whatever nobody took."""

    def __init__(self, values: Mapping[str, Any], file: Path, path: tuple[str, ...] = ()) -> None:
        self._values = values
        self._file = file
        self._path = path
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def is_text(self, key: str) -> bool:
        """Say whether a key that is there holds a text, for one that may hold either a text or a table."""
        return isinstance(self._values[key], str)

    def fail(self, key: str | None, problem: str) -> Never:
        """Raise a `DatasetError` about a key of this table, or about the table itself."""
        path = self._path if key is None else (*self._path, key)
        raise DatasetError(f"{self._file}: {dotted(path)}: {problem}")

    def done(self) -> None:
        """Refuse the keys that were given and are none of those taken."""
        for key in self._values:
            if key not in self._known:
                self.fail(key, f"unknown key; allowed here: {', '.join(sorted(self._known))}")

    def table(self, key: str, *, required: bool = False) -> "Fields":
        """Take a table. One that is absent reads as empty, unless it is required."""
        value = self._take(key, _REQUIRED if required else {}, "a table")
        if not isinstance(value, dict):
            self.fail(key, f"must be a table, found {found(value)}")
        return Fields(value, self._file, (*self._path, key))

    def text(self, key: str, default: Any = _REQUIRED, *, check: Callable[[str], str | None] | None = None) -> Any:
        """Take a text that is not empty. `check` returns what is allowed when the text is not, else None."""
        value = self._take(key, default, "a text")
        if value is default:
            return value
        if not isinstance(value, str) or not value:
            self.fail(key, f"must be a text that is not empty, found {found(value)}")
        allowed = check(value) if check else None
        if allowed:
            self.fail(key, f"must be {allowed}, found {found(value)}")
        return value

    def choice(self, key: str, default: str, choices: Sequence[str]) -> str:
        """Take one of a few texts."""
        value = self._take(key, default, "a text")
        if not isinstance(value, str) or value not in choices:
            self.fail(key, f"must be one of {', '.join(choices)}, found {found(value)}")
        return str(value)

    def boolean(self, key: str, default: bool) -> bool:
        """Take true or false."""
        value = self._take(key, default, "true or false")
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, found {found(value)}")
        return value

    def integer(self, key: str, default: Any, minimum: int, maximum: int) -> Any:
        """Take a whole number between two bounds, both allowed."""
        value = self._take(key, default, "a whole number")
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            self.fail(key, f"must be a whole number from {minimum} to {maximum}, found {found(value)}")
        return value

    def number(self, key: str, default: Any, check: Callable[[Decimal], str | None]) -> Any:
        """Take a number, as a `Decimal`. `check` returns what is allowed when the number is not, else None."""
        value = self._take(key, default, "a number")
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.fail(key, f"must be a number, found {found(value)}")
        number = Decimal(value)
        allowed = "a finite number" if not number.is_finite() else check(number)
        if allowed:
            self.fail(key, f"must be {allowed}, found {found(value)}")
        return number

    def array(self, key: str) -> list[Any]:
        """Take an array of whatever its caller checks. One that is absent reads as empty."""
        value = self._take(key, [], "an array")
        if not isinstance(value, list):
            self.fail(key, f"must be an array, found {found(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take an array of texts."""
        values = self.array(key)
        for value in values:
            if not isinstance(value, str):
                self.fail(key, f"must be an array of texts, found {found(value)} in it")
        return tuple(values)

    def _take(self, key: str, default: Any, kind: str) -> Any:
        self._known.append(key)
        if key not in self._values:
            if default is _REQUIRED:
                self.fail(key, f"is missing: give {kind}")
            return default
        return self._values[key]


def dotted(path: Sequence[str]) -> str:
    """Write a path of keys as TOML does, quoting what needs it."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in path)


def found(value: Any) -> str:
    """Describe a wrong value in an error message: what it is, and its beginning."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a very long number"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
