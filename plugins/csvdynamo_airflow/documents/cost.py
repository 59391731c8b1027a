"""What a run cost, or will cost, line by line: for people, and part of the report as it stands."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True)
class CostLine:
    """What a service charges for one thing."""

    service: Annotated[str, Field(description="The service.")]
    what: Annotated[str, Field(description="What it charges for.")]
    quantity: Annotated[float | None, Field(description="How much of it there was, null where nobody says.")]
    usd: Annotated[float | None, Field(description="US dollars, null where the quantity or the price is unknown.")]
    note: Annotated[
        str, Field(description="The price and its date, and what is estimated; or why the line is unknown.")
    ]


@dataclass(frozen=True)
class Cost:
    """What a run costs. Nothing of it is a bill: free tiers and discounts are not taken off."""

    region: Annotated[str | None, Field(description="The Region whose prices count, null where none is known.")]
    usd: Annotated[
        float | None, Field(description="The sum of the lines that are known, null where the largest is not.")
    ]
    lines: Annotated[tuple[CostLine, ...], Field(description="The lines.")]

    @property
    def unknown(self) -> tuple[CostLine, ...]:
        """The lines that are not in the sum."""
        return tuple(line for line in self.lines if line.usd is None)
