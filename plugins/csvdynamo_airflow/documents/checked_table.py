"""What the check of the table found: counts by kind of difference, and the first ones of each. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.task_documents import reading

_NAME_LENGTH = 200


class DifferenceKind(StrEnum):
    """How the table departs from the prepared file.

    A row that was written is `MISSING` when its key has no item and `CHANGED` when the item is another. `UNFINISHED` is
    a row of a batch that did not succeed and whose item is absent or another: it may be. An item that no written row
    accounts for is `STALE` when a rejected row of the file has its key, else `FOREIGN`. `UNDELETED` is an item that the
    run says is deleted.
    """

    MISSING = "missing"
    CHANGED = "changed"
    UNFINISHED = "unfinished"
    STALE = "stale"
    FOREIGN = "foreign"
    UNDELETED = "undeleted"


@dataclass(frozen=True)
class Difference:
    """One item that is not as the prepared file makes it.

    Attributes:
        kind: How it departs.
        key: Its partition key.
        row: The row's number in the source, or a deletion's below zero; None for an item that has none.
        attributes: Of a changed item, the attributes that differ where they were compared, in order.
    """

    kind: DifferenceKind
    key: str
    row: int | None = None
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        row = f" (row {self.row:,})" if self.row is not None and self.row > 0 else ""
        attributes = ", ".join(shown(name, _NAME_LENGTH) for name in self.attributes)
        return f"{shown(self.key, _NAME_LENGTH) or 'no key'}{row}" + (f" in {attributes}" if attributes else "")

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document, without what is not known."""
        document: dict[str, Any] = {"kind": self.kind.value, "key": self.key}
        if self.row is not None:
            document["row"] = self.row
        if self.attributes:
            document["attributes"] = list(self.attributes)
        return document

    def line(self) -> str:
        """Write it as a line of the list of all differences, without a line end."""
        return json.dumps(self.to_json())

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            DifferenceKind(document["kind"]),
            document["key"],
            document.get("row"),
            tuple(document.get("attributes", ())),
        )


@dataclass(frozen=True)
class CheckedTable:
    """What the check of the table found.

    Attributes:
        mode: How much of the table was read back.
        keys_checked: Keys of the prepared file whose items were looked at.
        counts: How many differences there are of each kind.
        examples: The first differences of each kind.
        key: The bucket's object that lists every difference, one JSON object a line; None when there is none.
        execution: The name of the execution whose rows were looked for.
        redrives: How often that had been redriven then.
        at: When the table had been read, in seconds since the epoch.
        expired: Items that were not there, and whose time to live had ended: DynamoDB deletes them.
        read_units: Read units that it consumed; None where DynamoDB did not say.
    """

    mode: VerifyMode = VerifyMode.NONE
    keys_checked: int = 0
    counts: Mapping[DifferenceKind, int] = field(default_factory=dict)
    examples: tuple[Difference, ...] = ()
    key: str | None = None
    execution: str = ""
    redrives: int = 0
    at: float = 0.0
    expired: int = 0
    read_units: float | None = None

    def count(self, kind: DifferenceKind) -> int:
        """How many differences there are of a kind."""
        return self.counts.get(kind, 0)

    def is_of(self, execution: str, redrives: int) -> bool:
        """Tell whether it was a check of an execution that had been redriven so often."""
        return (self.execution, self.redrives) == (execution, redrives)

    def examples_of(self, kind: DifferenceKind) -> list[Difference]:
        """The first differences of a kind."""
        return [example for example in self.examples if example.kind is kind]

    def sentence(self) -> str:
        """Say it in one line of a log or a summary."""
        if self.mode is VerifyMode.NONE:
            return "not checked."
        found = ", ".join(f"{count:,} {kind.value}" for kind in DifferenceKind if (count := self.count(kind)))
        told = found or "all as expected"
        if self.expired:
            told += f"; {self.expired:,} gone, as their time to live has ended"
        return f"{self.keys_checked:,} keys of the file checked ({self.mode.value}): {told}."

    def to_json(self) -> dict[str, Any]:
        """Write it as the report's ``verification``."""
        return {
            "mode": self.mode.value,
            "keys_checked": self.keys_checked,
            **{kind.value: self.count(kind) for kind in DifferenceKind},
            "examples": [example.to_json() for example in self.examples],
            "key": self.key,
            "execution": self.execution,
            "redrives": self.redrives,
            "at": self.at,
            "expired": self.expired,
            "read_units": self.read_units,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task verify returned"):
            return cls(
                mode=VerifyMode(document["mode"]),
                keys_checked=document["keys_checked"],
                counts={kind: document[kind] for kind in DifferenceKind if document.get(kind)},
                examples=tuple(Difference.from_json(example) for example in document["examples"]),
                key=document["key"],
                execution=document["execution"],
                redrives=document["redrives"],
                at=document["at"],
                expired=document.get("expired", 0),  # a run may last over an upgrade
                read_units=document.get("read_units"),
            )
