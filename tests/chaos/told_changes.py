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
    nobody knows. So a row that it refuses, and that comes again as it was, is written again, for once; and it finds
    gone what a run before it had deleted.

    Attributes:
        unknown: The keys of such items.
        gone: Items that the versions before have deleted. No key comes again.
    """

    unknown: frozenset[str] = frozenset()
    gone: int = 0

    def check(self, report: Mapping[str, Any], source: Source, seed: str, *, again: bool) -> None:
        """Hold the report of the next version to it.

        Args:
            report: The report.
            source: The version.
            seed: Its seed.
            again: Whether the run failed and was run again: it may find what it has written before it failed.

        Raises:
            LostRowError: It says something else.
        """
        changes, ledger = report["changes"], report["ledger"]
        told = [ledger.get("unchanged", 0), changes.get("deleted", 0), changes.get("left_alone", 0)]
        fewest = [len(source.unchanged - self.unknown), source.deleted, 0]
        most = [len(source.unchanged), source.deleted, 0]
        if changes["why_all"]:
            # A run whose start was repeated, or whose snapshot was not stored, writes all rows, and says why.
            fewest[0], most[0] = 0, 0
            most[1] += self.gone
        if again:
            fewest[:2] = 0, 0
            most[0] = len(source.items)
        if not all(least <= one <= largest for least, one, largest in zip(fewest, told, most, strict=True)):
            raise LostRowError(
                f"run {seed}: unchanged, deleted and left alone are {told}, not between {fewest} and {most}"
            )
        kept = frozenset(source.kept)
        self.unknown = kept if changes["why_all"] or again else self.unknown & kept
        self.gone += source.deleted
