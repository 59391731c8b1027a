"""A module of MiniStack, reached through the names that are listed for it, and changed at each of them once."""

import functools
import importlib
import types
from collections.abc import Callable
from typing import Any


class NameTakenError(RuntimeError):
    """A name of MiniStack is replaced a second time: which of the two wins would depend on their order."""


class Part:
    """One module of MiniStack.

    Its attributes are the listed names without their leading underscores, looked up in the module when they are used:
    so whatever was replaced is found replaced.

    Args:
        module: the module's full name; it is imported when the first of its names is used.
        names: the names in it that the additions rest on, as they are there; ``Class.method`` for a class's.

    Example:
        >>> Part("json", "_default_encoder").default_encoder.encode([1])
        '[1]'
    """

    def __init__(self, module: str, *names: str) -> None:
        self._module = module
        self._names = {_public(name): name for name in names}
        self._replaced: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        owner, inner = self._place(name)
        return getattr(owner, inner)

    @property
    def names(self) -> list[str]:
        """The listed names, as they are used here."""
        return list(self._names)

    def missing(self) -> list[str]:
        """The listed names that the installed MiniStack does not have, in full."""
        return [f"{self._module}.{inner}" for name, inner in self._names.items() if not self._has(name)]

    def replace(self, name: str, wrapper: Callable[[Any], Any]) -> None:
        """Put something else in the place of one of MiniStack's functions or classes.

        Args:
            name: its name here; ``Class.method`` for a class's.
            wrapper: gives what to put there for what is there.

        Raises:
            NameTakenError: it has been replaced already.
        """
        owner, inner = self._place(name)
        if name in self._replaced:
            raise NameTakenError(f"{self._module}.{self._names[name]} is replaced twice: make it one replacement.")
        self._replaced.add(name)
        setattr(owner, inner, wrapper(getattr(owner, inner)))

    def set(self, name: str, value: object) -> None:
        """Give one of MiniStack's settings another value."""
        owner, inner = self._place(name)
        setattr(owner, inner, value)

    def seeing(self, function: types.FunctionType, **others: Any) -> Callable[..., Any]:
        """One of the module's functions that sees other things under some of the module's names.

        The function itself is copied: whoever calls it otherwise sees the module as it is.
        """
        names = {**function.__globals__, **{self._names[name]: other for name, other in others.items()}}
        return types.FunctionType(function.__code__, names)

    def _place(self, name: str) -> tuple[Any, str]:
        if name not in self._names:
            raise AttributeError(f"{name} of {self._module} is not listed in ministack_internals.py: add it there.")
        *owners, inner = self._names[name].split(".")
        return functools.reduce(getattr, owners, importlib.import_module(self._module)), inner

    def _has(self, name: str) -> bool:
        try:
            owner, inner = self._place(name)
        except (AttributeError, ImportError):
            return False
        return hasattr(owner, inner)


def _public(name: str) -> str:
    return ".".join(part.lstrip("_") for part in name.split("."))
