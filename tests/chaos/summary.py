"""What a campaign saw, in numbers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Summary:
    """What a campaign saw.

    Attributes:
        runs: Runs that came to their end.
        rows: Rows of their sources.
        green_at_once: Runs that balanced under the faults.
        green_when_run_again: Runs that failed under the faults, said why, and balanced when they were run again.
        overtaken: Runs that stalled until another run had come and gone, and wrote nothing over its rows.
        deploys: Deploys in the middle of a run.
        faults: Injected faults by kind.
        redrives: Redrives of executions.
        executions: Executions that were started.
        task_retries: Attempts of tasks that failed and were followed by another.
        causes: What the failed runs named, by task.
        seconds: How long it took.
        deleted: Items that were deleted, of chains of versions.
    """

    runs: int = 0
    rows: int = 0
    green_at_once: int = 0
    green_when_run_again: int = 0
    overtaken: int = 0
    deploys: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    redrives: int = 0
    executions: int = 0
    task_retries: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    deleted: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**vars(self), "faults": dict(self.faults), "causes": dict(self.causes)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**document, "faults": Counter(document["faults"]), "causes": Counter(document["causes"])})

    def __add__(self, other: "Summary") -> "Summary":
        """Sum two campaigns that went on side by side: the longer one says how long they took."""
        mine, theirs = vars(self), vars(other)
        longer = max(self.seconds, other.seconds)
        return Summary(**{name: mine[name] + theirs[name] for name in mine if name != "seconds"}, seconds=longer)

    def text(self) -> str:
        """Write it for a terminal."""
        lines = [
            f"{self.runs:,} runs of {self.rows:,} rows in {self.seconds:,.0f} s: {self.green_at_once:,} balanced under "
            f"faults, {self.green_when_run_again:,} failed, named the cause, and balanced when run again.",
            f"{self.overtaken:,} stalled until another had come and gone, and wrote nothing over its rows; "
            f"{self.deploys:,} deploys in the middle of a run.",
            f"{self.executions:,} executions, {self.redrives:,} redrives, {self.task_retries:,} retries of tasks.",
            *([f"{self.deleted:,} items deleted whose keys vanished."] if self.deleted else []),
            f"{sum(self.faults.values()):,} faults injected:",
            *(f"  {count:>9,}  {kind}" for kind, count in sorted(self.faults.items(), key=lambda one: -one[1])),
        ]
        if self.causes:
            lines += ["failed tasks:", *(f"  {count:>9,}  {task}" for task, count in self.causes.most_common())]
        return "\n".join(lines)
