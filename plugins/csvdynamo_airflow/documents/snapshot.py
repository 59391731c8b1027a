"""What runs of a data set have put into its table, and what of a file is new beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True)
class Snapshot:
    """What the runs of a data set, up to a green one, have put into its table: a digest of a row under each key.

    Attributes:
        key: The key of the digests of that run's file (`snapshots.row_digests`).
        sha256: Their digest, in hexadecimal.
        unwritten_key: The key of the list of those rows that it did not write.
        unwritten_sha256: Its digest.
        rules: The digest of the rules that made items of the rows (`RowRules.digest`).
        table: The table, by a name that no other one has, made anew under its name or not, and by which attribute its
            items expire (`table_identity`).
        execution: The name of the run's first execution.
        at: Since when nobody else may have written, in seconds since the epoch: when the run looked for its base.
        left: When the run was green, likewise.
    """

    key: str
    sha256: str
    unwritten_key: str
    unwritten_sha256: str
    rules: str
    table: str
    execution: str
    at: float
    left: float

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document.

        Raises:
            ValueError, TypeError: It is none.
        """
        snapshot = cls(**document)
        texts = [value for name, value in vars(snapshot).items() if name not in {"at", "left"}]
        moments = {type(snapshot.at), type(snapshot.left)}
        if not all(isinstance(text, str) for text in texts) or not moments <= {int, float}:
            raise TypeError("its values are none of a snapshot")
        return snapshot


@dataclass(frozen=True)
class Trace:
    """What a run that began to write may have put into the table, green or not.

    Attributes:
        key: The key of the digests of its rows (`Difference.digests_key`).
        sha256: Their digest, in hexadecimal.
        table: The table (`Snapshot.table`).
    """

    key: str
    sha256: str
    table: str

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document.

        Raises:
            ValueError, TypeError: It is none.
        """
        trace = cls(**document)
        if not all(isinstance(text, str) for text in vars(trace).values()):
            raise TypeError("its values are none of a trace")
        return trace


@dataclass(frozen=True)
class Base:
    """What a run that writes only what changed may rest on.

    Attributes:
        snapshot: The snapshot; None where there is none that can be trusted.
        why_all: Why there is none, "" where there is one.
        table: The table as it is now (`Snapshot.table`).
        at: When that was looked for, in seconds since the epoch; who writes later is not known of.
        last: The last snapshot of the table, trusted or not.
        traces: What runs since may have put into the table.
        writer: The first execution of the run that has written since the last snapshot and left none; "" without one.
    """

    snapshot: Snapshot | None
    why_all: str
    table: str
    at: float
    last: Snapshot | None = None
    traces: tuple[Trace, ...] = ()
    writer: str = ""


class KeyChange(StrEnum):
    """What a file changes of a key."""

    NEW = "new"
    CHANGED = "changed"
    VANISHED = "vanished"


@dataclass(frozen=True)
class ChangedKey:
    """A key that a file changes.

    Attributes:
        kind: How.
        key: The key.
        row: The number of its row; None where it has none any more.
    """

    kind: KeyChange
    key: str
    row: int | None = None


@dataclass(frozen=True)
class Difference:
    """What of a prepared file is written: the rows that a snapshot does not have, or all of them.

    Attributes:
        file_key: The key of the file that the execution reads: of those rows, or of the whole prepared file.
        sha256: Its digest, in hexadecimal.
        bytes: Its size.
        new: Rows whose keys the snapshot does not have.
        changed: Rows that it has otherwise.
        unchanged: Rows that it has as they are: they are not written.
        vanished: Keys that it has, and no row of the file.
        deletions: How many of these the file has deletions of.
        delete_units: Write units that the deletions take.
        unknown_keys: Records of the source whose keys cannot be told, where items are to be deleted.
        traces: What earlier runs may have put into the table, and this one has looked at.
        guarded: Whether each row of the file that the execution reads says what it may take the place of.
        why_all: Why all rows are written; "" where the file rests on a snapshot.
        base: The snapshot that it rests on; None where none can be trusted, and all rows are written.
        digests_key: The key of the digests of the file's rows, of which the next snapshot is made; None where the rows
            could not be compared.
        digests_sha256: Their digest, in hexadecimal, "" where there are none.
        table: The table that it is for (`Snapshot.table`).
        at: When the snapshot was looked for, in seconds since the epoch (`Snapshot.at`).
        vanished_key: The key of the list of the vanished keys, those to be deleted first, in the order of their
            numbers; None where nobody wants one, or none vanished.
        vanished_sha256: Its digest, in hexadecimal, "" where there is none.
        same_source: The DAG run that migrated the very same source, so that no row of it was read; "" where rows were
            compared.
        examples: Some of the keys that the file changes, their texts as a message shows them.
        before: What the last green run before has left in this table, trusted or not: what a rollback goes back to;
            None where there was none.
        since: The first execution of a run that has written since that one, and was not green; "" without one.
    """

    file_key: str
    sha256: str
    bytes: int
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    why_all: str = ""
    base: Snapshot | None = None
    digests_key: str | None = None
    digests_sha256: str = ""
    table: str = ""
    at: float = 0.0
    vanished_key: str | None = None
    vanished_sha256: str = ""
    deletions: int = 0
    delete_units: int = 0
    unknown_keys: int = 0
    traces: tuple[Trace, ...] = ()
    guarded: bool = False
    same_source: str = ""
    examples: tuple[ChangedKey, ...] = ()
    before: Snapshot | None = None
    since: str = ""

    @property
    def trace(self) -> Trace | None:
        """What a run that writes the file may put into the table; None where nobody knows."""
        return Trace(self.digests_key, self.digests_sha256, self.table) if self.digests_key else None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document."""
        traces = tuple(map(Trace.from_json, document.get("traces", ())))
        base, before = (
            Snapshot.from_json(told) if (told := document.get(name)) else None for name in ("base", "before")
        )
        examples = tuple(
            ChangedKey(KeyChange(one["kind"]), one["key"], one["row"]) for one in document.get("examples", ())
        )
        return cls(**{**document, "base": base, "before": before, "traces": traces, "examples": examples})
