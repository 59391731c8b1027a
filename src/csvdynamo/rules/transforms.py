"""The named steps that change a header into an attribute name, or a cell into the value that is stored.

`TRANSFORMS` lists them: a new step is a class and its entry there, and docs/datasets.md has it from there.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

TextFunction = Callable[[str], str]

_MAX_GUESSES = 256


class Transform(ABC):
    """One step of a `transform` list.

    Attributes:
        form: How a data set file writes it.
        does: What it does, for the documents.
        one_to_one: Whether two values that are not blank never become the same one.
    """

    form: ClassVar[str]
    does: ClassVar[str]
    one_to_one: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def read(cls, step: Any) -> Self | None:
        """Make the step of what a data set file says, None if that is another step."""

    @abstractmethod
    def written(self) -> str | Mapping[str, str | int]:
        """Return what a data set file says for this step."""

    @abstractmethod
    def apply(self, value: str) -> str:
        """Return the value after this step."""

    @abstractmethod
    def undo(self, value: str) -> Iterable[str]:
        """Return likely values that `apply` makes into this one (see `can_produce`)."""


class _Named(Transform):
    """A step that a data set file calls by a name alone."""

    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Write it as its name."""
        cls.form = f'"{cls.name}"'

    @classmethod
    def read(cls, step: Any) -> Self | None:
        """Make the step of its name."""
        return cls() if step == cls.name else None

    def written(self) -> str:
        """Return its name."""
        return self.name

    def undo(self, value: str) -> Iterable[str]:
        """Return the value, which stays as it is."""
        return (value,)


@dataclass(frozen=True)
class Lowercase(_Named):
    """In small letters."""

    name = "lowercase"
    does = "writes it in small letters"

    def apply(self, value: str) -> str:
        """Return the value in lower case."""
        return value.lower()


@dataclass(frozen=True)
class Uppercase(_Named):
    """In capital letters."""

    name = "uppercase"
    does = "writes it in capital letters"

    def apply(self, value: str) -> str:
        """Return the value in upper case."""
        return value.upper()


@dataclass(frozen=True)
class Trim(_Named):
    """Without the white space at both ends."""

    name = "trim"
    does = "removes white space at both ends"

    def apply(self, value: str) -> str:
        """Return the value without the white space at both ends."""
        return value.strip()


@dataclass(frozen=True)
class Prefix(Transform):
    """With a text in front. A blank value stays blank, or every missing key would become the same key."""

    text: str
    form = '{ prefix = "…" }'
    does = "puts a text in front; a blank value stays blank"
    one_to_one = True

    @classmethod
    def read(cls, step: Any) -> Self | None:
        """Make the step of ``{ prefix = "A_" }``."""
        texts = _texts(step, "prefix")
        return cls(texts["prefix"]) if texts and texts["prefix"] else None

    def written(self) -> dict[str, str]:
        """Return ``{ prefix = … }``."""
        return {"prefix": self.text}

    def apply(self, value: str) -> str:
        """Return the value with the text in front."""
        return value if is_blank(value) else self.text + value

    def undo(self, value: str) -> Iterable[str]:
        """Return the value without the text in front."""
        return (value.removeprefix(self.text),)


@dataclass(frozen=True)
class Replace(Transform):
    """With every occurrence of one text replaced by another."""

    old: str
    new: str
    form = '{ replace = "…", with = "…" }'
    does = 'replaces every occurrence; `with = ""` removes it'

    @classmethod
    def read(cls, step: Any) -> Self | None:
        """Make the step of ``{ replace = " ", with = "_" }``."""
        texts = _texts(step, "replace", "with")
        return cls(texts["replace"], texts["with"]) if texts and texts["replace"] else None

    def written(self) -> dict[str, str]:
        """Return ``{ replace = …, with = … }``."""
        return {"replace": self.old, "with": self.new}

    def apply(self, value: str) -> str:
        """Return the value with every occurrence replaced."""
        return value.replace(self.old, self.new)

    def undo(self, value: str) -> Iterable[str]:
        """Return the value, in which there was nothing to replace, and the value with the replacement reversed."""
        return (value, value.replace(self.new, self.old)) if self.new else (value,)


@dataclass(frozen=True)
class WholeValue(Transform):
    """With one whole value replaced by another; a value that merely holds it stays."""

    old: str
    new: str
    form = '{ value = "…", with = "…" }'
    does = 'replaces a whole value; `with = ""` makes it blank'

    @classmethod
    def read(cls, step: Any) -> Self | None:
        """Make the step of ``{ value = "-", with = "" }``."""
        texts = _texts(step, "value", "with")
        return cls(texts["value"], texts["with"]) if texts and texts["value"] else None

    def written(self) -> dict[str, str]:
        """Return ``{ value = …, with = … }``."""
        return {"value": self.old, "with": self.new}

    def apply(self, value: str) -> str:
        """Return the other value for this one."""
        return self.new if value == self.old else value

    def undo(self, value: str) -> Iterable[str]:
        """Return the value, and the replaced one where it would have become this value."""
        return (value, self.old) if value == self.new else (value,)


TRANSFORMS: tuple[type[Transform], ...] = (Lowercase, Uppercase, Trim, Prefix, Replace, WholeValue)
"""Every step there is."""


def read_transform(step: Any) -> Transform | None:
    """Make a step of what a data set file says, None if there is no such step."""
    return next((made for made in (transform.read(step) for transform in TRANSFORMS) if made is not None), None)


def _texts(step: Any, *keys: str) -> Mapping[str, str] | None:
    if not isinstance(step, dict) or step.keys() != set(keys):
        return None
    return step if all(isinstance(text, str) for text in step.values()) else None


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
