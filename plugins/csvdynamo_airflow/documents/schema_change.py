"""How a source's header differs from what it was expected to be. Values, and their words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from csvdynamo.datasets.policies import OnChange
from csvdynamo_airflow.errors import MigrationError

_LISTED = 20


class SchemaError(MigrationError):
    """The header changed in a way that the data set does not allow; the message lists every change."""


class ChangeKind(StrEnum):
    """What happened to a column; each is a key of ``[schema]`` in the data set file."""

    NEW = "new"
    MISSING = "missing"
    RENAMED = "renamed"
    REORDERED = "reordered"


class Reference(StrEnum):
    """What the header was compared with."""

    DATASET_FILE = "data set file"
    LAST_RUN = "last successful run"


@dataclass(frozen=True)
class SchemaChange:
    """One way in which the header differs.

    Attributes:
        kind: What happened.
        columns: The columns that it happened to; for a renamed one, its old and its new name.
        against: What the header was compared with.
        action: What the data set wants done about it.
        message: All of it in a sentence.
    """

    kind: ChangeKind
    columns: tuple[str, ...]
    against: Reference
    action: OnChange
    message: str

    @classmethod
    def new(cls, columns: Sequence[str], against: Reference, action: OnChange) -> Self:
        """Columns that were not expected."""
        return cls(ChangeKind.NEW, tuple(columns), against, action, f"New against the {against}: {_columns(columns)}.")

    @classmethod
    def missing(cls, columns: Sequence[str], against: Reference, action: OnChange) -> Self:
        """Columns that were expected."""
        message = f"Missing against the {against}: {_columns(columns)}."
        return cls(ChangeKind.MISSING, tuple(columns), against, action, message)

    @classmethod
    def renamed(cls, old: str, new: str, against: Reference, action: OnChange) -> Self:
        """A column with another name."""
        message = f"Renamed against the {against}: {old!r} is now {new!r}, at the same place, its values alike."
        return cls(ChangeKind.RENAMED, (old, new), against, action, message)

    @classmethod
    def reordered(cls, columns: Sequence[str], against: Reference, action: OnChange) -> Self:
        """Columns that moved."""
        message = f"Reordered against the {against}: {_columns(columns)} moved."
        return cls(ChangeKind.REORDERED, tuple(columns), against, action, message)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {
            "kind": str(self.kind),
            "columns": list(self.columns),
            "against": str(self.against),
            "action": str(self.action),
            "message": self.message,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            kind=ChangeKind(document["kind"]),
            columns=tuple(document["columns"]),
            against=Reference(document["against"]),
            action=OnChange(document["action"]),
            message=document["message"],
        )


class _Told(Protocol):
    """A change, or what the report tells of it."""

    @property
    def action(self) -> OnChange: ...

    @property
    def message(self) -> str: ...


def warnings(changes: Iterable[_Told]) -> list[str]:
    """Return the sentences that a person should read."""
    return [change.message for change in changes if change.action is not OnChange.ACCEPT]


def refuse_failures(changes: Sequence[SchemaChange], name: str, dataset_name: str, reading: str = "") -> None:
    """Refuse a header with a change that fails the run.

    Args:
        changes: All changes.
        name: What to call the file.
        dataset_name: The data set.
        reading: What the header rests on that nobody declared, "" if nothing.

    Raises:
        SchemaError: There is one.
    """
    failures = [change for change in changes if change.action is OnChange.FAIL]
    if not failures:
        return
    others = [change for change in changes if change.action is not OnChange.FAIL]
    lines = [f"- {change.kind} = {change.action}: {change.message}" for change in (*failures, *others)]
    raise SchemaError(
        f"The header of {name} changed, and nothing was uploaded:",
        *lines,
        f"Check the source. If the change is right, say so in datasets/{dataset_name}.toml: its [schema] names the "
        "columns that are expected and what each change does.",
        *([reading] if reading else []),
    )


def _columns(names: Sequence[str]) -> str:
    text = ", ".join(repr(name) for name in names[:_LISTED])
    return text + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
