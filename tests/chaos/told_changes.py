"""What the reports of a chain of versions must say of their differences: told by the author of the versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.oracle import LostRowError
from tests.chaos.rows import Source


@dataclass
class ToldChanges:
    """Holds each report of a chain to what changed since the version before.

    A run that finds no snapshot knows of what is in the table no more than the items: of which cells they were made
    nobody knows. So a row that it refuses, and that comes again as it was, is written again, for once.

    Attributes:
        unknown: The keys of such items.
    """

    unknown: frozenset[str] = frozenset()

    def check(self, report: Mapping[str, Any], source: Source, seed: str) -> None:
        """Hold the report of the next version to it.

        Raises:
            LostRowError: It says something else.
        """
        changes = report["changes"]
        unchanged = report["ledger"].get("unchanged", 0)
        gone = changes.get("deleted", 0), changes.get("left_alone", 0)
        # A run whose start was repeated, or whose snapshot was not stored, writes all rows, and says why.
        fewest, most = (0, 0) if changes["why_all"] else (len(source.unchanged - self.unknown), len(source.unchanged))
        if not fewest <= unchanged <= most or gone != (source.deleted, 0):
            raise LostRowError(
                f"run {seed}: unchanged are {unchanged}, not {fewest} to {most}; deleted and left alone are {gone}, "
                f"not {(source.deleted, 0)}"
            )
        kept = frozenset(source.kept)
        self.unknown = kept if changes["why_all"] else self.unknown & kept
