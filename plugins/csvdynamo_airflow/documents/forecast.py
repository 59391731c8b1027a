"""What the Lambda function will make of a prepared file, known before anything is uploaded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import Field

from csvdynamo_airflow.documents.measures import ColumnRejects
from csvdynamo_airflow.documents.task_documents import reading


@dataclass(frozen=True)
class SizeStep:
    """The items of about one size."""

    up_to: Annotated[int, Field(description="Their largest size, in bytes; more than the step before.")]
    items: Annotated[int, Field(description="How many there are.")]


@dataclass(frozen=True)
class Forecast:
    """What the function will make of the rows of a prepared file, and what that takes.

    Attributes:
        written: Rows that become items.
        by_code: How many rows it will reject, by code.
        by_column: The same by code and column.
        write_units: Write units of the items, where the table has none under their keys.
        item_bytes: The items' bytes, as DynamoDB counts them.
        largest: Those of the largest.
        sizes: The items by their size.
        batches: Batches that the file is cut into.
        full_batches: Batches that it would be cut into if the bytes of their input alone bound them.
        reject_bytes: The bytes of the rejects' records, as Firehose bills them.
        rejects_key: The key of the records of the rows that it will reject; None where there are none, or they are
            among prepare's own.
        deletions: Items that it will delete.
        delete_units: Write units of that, at most.
        singly: Whether each item is put by a call of its own, since it may not take the place of any other.
    """

    written: int = 0
    by_code: Mapping[str, int] = field(default_factory=dict)
    by_column: tuple[ColumnRejects, ...] = ()
    write_units: int = 0
    item_bytes: int = 0
    largest: int = 0
    sizes: tuple[SizeStep, ...] = ()
    batches: int = 0
    full_batches: int = 0
    reject_bytes: int = 0
    rejects_key: str | None = None
    deletions: int = 0
    delete_units: int = 0
    singly: bool = False

    @property
    def rejected(self) -> int:
        """Rows that it will reject."""
        return sum(self.by_code.values())

    @property
    def all_units(self) -> int:
        """Write units of the items and of the deletions."""
        return self.write_units + self.delete_units

    def times(self, factor: int) -> Self:
        """Return that of a file of so many times the rows, of the same kind."""
        return replace(
            self,
            written=factor * self.written,
            by_code={code: factor * count for code, count in self.by_code.items()},
            write_units=factor * self.write_units,
            item_bytes=factor * self.item_bytes,
            batches=factor * self.batches,
            full_batches=factor * self.full_batches,
            reject_bytes=factor * self.reject_bytes,
            deletions=factor * self.deletions,
            delete_units=factor * self.delete_units,
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        document = asdict(self)
        return {**document, **{name: list(document[name]) for name in ("by_column", "sizes")}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task prepare foresaw"):
            by_column = tuple(ColumnRejects(**one) for one in document["by_column"])
            sizes = tuple(SizeStep(**one) for one in document["sizes"])
            return cls(**{**document, "by_column": by_column, "sizes": sizes})
