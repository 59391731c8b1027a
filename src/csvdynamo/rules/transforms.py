"""The named steps that change a header into an attribute name, or a cell into the value that is stored."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

TextFunction = Callable[[str], str]

_MAX_GUESSES = 256


class Transform(Protocol):
    """One step of a `transform` list."""

    def apply(self, value: str) -> str:
        """Return the value after this step."""

    def undo(self, value: str) -> Iterable[str]:
        """Return likely values that `apply` makes into this one (see `can_produce`)."""


@dataclass(frozen=True)
class Lowercase:
    """`"lowercase"`."""

    def apply(self, value: str) -> str:
        """Return the value in lower case."""
        return value.lower()

    def undo(self, value: str) -> Iterable[str]:
        """Return the value: lower case text stays as it is."""
        return (value,)


@dataclass(frozen=True)
class Uppercase:
    """`"uppercase"`."""

    def apply(self, value: str) -> str:
        """Return the value in upper case."""
        return value.upper()

    def undo(self, value: str) -> Iterable[str]:
        """Return the value: upper case text stays as it is."""
        return (value,)


@dataclass(frozen=True)
class Trim:
    """`"trim"`: without the white space at both ends."""

    def apply(self, value: str) -> str:
        """Return the value without the white space at both ends."""
        return value.strip()

    def undo(self, value: str) -> Iterable[str]:
        """Return the value: trimmed text stays as it is."""
        return (value,)


@dataclass(frozen=True)
class Prefix:
    """`{ prefix = "A_" }`: text in front. A blank value stays blank, or every missing key would become the same key."""

    text: str

    def apply(self, value: str) -> str:
        """Return the value with the text in front."""
        return value if is_blank(value) else self.text + value

    def undo(self, value: str) -> Iterable[str]:
        """Return the value without the text in front."""
        return (value.removeprefix(self.text),)


@dataclass(frozen=True)
class Replace:
    """`{ replace = " ", with = "_" }`: every occurrence of one text by another."""

    old: str
    new: str

    def apply(self, value: str) -> str:
        """Return the value with every occurrence replaced."""
        return value.replace(self.old, self.new)

    def undo(self, value: str) -> Iterable[str]:
        """Return the value, in which there was nothing to replace, and the value with the replacement reversed."""
        return (value, value.replace(self.new, self.old)) if self.new else (value,)


def is_blank(value: str) -> bool:
    """Tell whether a cell holds nothing, or only white space."""
    return not value or value.isspace()


def chain(steps: Sequence[Transform]) -> TextFunction:
    """Join the steps into one function, called for each cell of a file: with one step, that step itself."""
    functions = tuple(step.apply for step in steps)
    if len(functions) == 1:
        return functions[0]

    def apply_all(value: str) -> str:
        for function in functions:
            value = function(value)
        return value

    return apply_all


def can_produce(steps: Sequence[Transform], name: str) -> bool:
    """Tell whether a header is found that the steps make into this attribute name.

    It tries the likely headers, which is all there are unless a prefix is changed by a later step.
    """
    headers = {name}
    for step in reversed(steps):
        likely = {header for value in headers for header in step.undo(value)}
        headers = set(sorted(likely)[:_MAX_GUESSES])
    return any(chain(steps)(header) == name for header in headers)
