"""How many batches of a Map Run ran at once, and what changed that while it went on."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from pydantic import Field

from csvdynamo_airflow.documents.task_documents import reading


@dataclass(frozen=True)
class ConcurrencyChange:
    """One change of how many batches run at once."""

    at: Annotated[float, Field(description="When, in seconds since the epoch.")]
    before: Annotated[int, Field(description="How many ran at once, at most.")]
    after: Annotated[int, Field(description="How many do from then on.")]
    why: Annotated[str, Field(description="What that rested on.")]

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)


def changes_of(documents: Iterable[Mapping[str, Any]] | None) -> tuple[ConcurrencyChange, ...]:
    """Read the changes that the task wait told; none where it told nothing."""
    with reading("What the task wait told of its Map Run"):
        return tuple(ConcurrencyChange(**one) for one in documents or ())


@dataclass(frozen=True)
class ConcurrencyBounds:
    """Between what a data set file lets a run change how many batches run at once (`Limits`).

    Attributes:
        least: How many at least.
        most: How many at most.
        units_per_second: Write units a second that the run is to write, about; None for as many as the table takes.
    """

    least: int
    most: int
    units_per_second: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**document)
