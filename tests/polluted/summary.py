"""What became of the corpus, kind by kind."""

from collections import Counter
from collections.abc import Iterator

from tests.polluted.judge import Outcome, Verdict

_COLUMNS = ("kind", "files", *Outcome, "rows", "rejects", "spared", "untold")


class Summary:
    """Counts verdicts by kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, Counter[str]] = {}

    def add(self, kind: str, verdict: Verdict) -> None:
        """Count one file."""
        self._kinds.setdefault(kind, Counter()).update(
            {
                "files": 1,
                verdict.outcome: 1,
                "rows": verdict.written,
                "rejects": verdict.rejects,
                "spared": verdict.spared,
                "untold": verdict.untold,
            }
        )

    @property
    def total(self) -> Counter[str]:
        """What was counted in all."""
        return sum(self._kinds.values(), Counter())

    def lines(self) -> Iterator[str]:
        """Write the table."""
        rows = [*sorted(self._kinds.items()), ("all", self.total)]
        width = max(len(kind) for kind, _ in rows)
        yield f"{'kind':{width}}" + "".join(f"{column:>13}" for column in _COLUMNS[1:])
        for kind, counts in rows:
            yield f"{kind:{width}}" + "".join(f"{counts[column] or '-':>13}" for column in _COLUMNS[1:])
