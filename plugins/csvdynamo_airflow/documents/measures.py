"""What a run's rows and batches add up to beside the ledger: for people, and part of the report as it stands."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Self

from pydantic import Field


@dataclass(frozen=True)
class Throughput:
    """How many rows were settled when, by the batches that succeeded: each counts where it ended."""

    began: Annotated[float, Field(description="When the first batch began, in seconds since the epoch.")]
    seconds: Annotated[float, Field(description="How long each interval is.")]
    rows: Annotated[tuple[int, ...], Field(description="The rows that were settled in each interval.")]


@dataclass(frozen=True)
class ColumnRejects:
    """How many rejects of one code there are of one column."""

    code: Annotated[str, Field(description="Their code.")]
    column: Annotated[str | None, Field(description="Their column, null where the whole row is at fault.")]
    rows: Annotated[int, Field(description="How many there are.")]


@dataclass(frozen=True)
class Measures:
    """What a run's rows and batches add up to.

    Attributes:
        batches: How many batches ended in each state.
        write_units: Write units that the batches which succeeded consumed, as DynamoDB said; None where it did not.
        throughput: How many rows were settled when; None where no batch told.
        rejects_by_column: The most frequent rejects, by code and column, the most first.
        batch_seconds: How long the batches that succeeded took together; None where one did not tell.
        reject_bytes: The bytes of the rejects' records, as Firehose bills them; None where nobody counted.
        throttled: Items that DynamoDB turned away and that these batches sent again, by its reason; None likewise.
        waited_seconds: How long they waited for the table together, likewise.
    """

    batches: Mapping[str, int] = field(default_factory=dict)
    write_units: float | None = None
    throughput: Throughput | None = None
    rejects_by_column: tuple[ColumnRejects, ...] = ()
    batch_seconds: float | None = None
    reject_bytes: int | None = None
    throttled: Mapping[str, int] | None = None
    waited_seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Write them as a JSON document."""
        document = asdict(self)
        if self.throughput:
            document["throughput"]["rows"] = list(self.throughput.rows)
        return {**document, "rejects_by_column": list(document["rejects_by_column"])}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            TypeError, KeyError: It is none.
        """
        throughput = document["throughput"]
        return cls(
            document["batches"],
            document["write_units"],
            Throughput(**{**throughput, "rows": tuple(throughput["rows"])}) if throughput else None,
            tuple(ColumnRejects(**one) for one in document["rejects_by_column"]),
            document.get("batch_seconds"),  # a run may last over an upgrade
            document.get("reject_bytes"),
            document.get("throttled"),
            document.get("waited_seconds"),
        )
