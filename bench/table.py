"""Measurements as a table, for a terminal and for a page, and the spread of what was measured more than once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def aligned(self) -> str:
        """Write it for a terminal, each column as wide as its widest cell, to the right."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = [self.head, *self.rows]
        return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)

    def markdown(self) -> str:
        """Write it for a page."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Spread:
    """What runs of the same came to."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Take the values of all runs, one at least."""
        known = sorted(values)
        return cls(median(known), known[0], known[-1])

    def told(self, form: str = ",.0f", unit: str = "") -> str:
        """Write the median, and least and most in brackets; of a single run, its value.

        Args:
            form: How each number is formatted.
            unit: What follows the median.
        """
        middle, least, most = (format(value, form) for value in (self.median, self.least, self.most))
        return f"{middle}{unit}" if self.least == self.most else f"{middle}{unit} ({least} to {most})"


def megabytes(count: float) -> str:
    """Write bytes as MB."""
    return f"{count / 1e6:,.0f} MB"
