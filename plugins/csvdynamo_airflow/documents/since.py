"""What became of a run's rows since its report: a document of its own, beside the report, which stays as it is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from csvdynamo_airflow.naming import reports_prefix

SINCE_FILE = "since.json"

_VERSION = 1


@dataclass(frozen=True)
class ReplayLine:
    """A green run that replayed rows.

    Attributes:
        run: The DAG run's id.
        execution: The name of its first execution, which names the folder of its report.
        at: When it was green, in seconds since the epoch.
        ledger: What became of the rows that it was given.
        rows_added: Rows of the first run that are in the table since, and were not before.
        rows_replaced: Rows of the first run whose items it took the place of, as the data set's policy wants.
    """

    run: str
    execution: str
    at: float
    ledger: Mapping[str, int]
    rows_added: int
    rows_replaced: int


@dataclass(frozen=True)
class Since:
    """The rows of a run then, and since.

    Attributes:
        run: The DAG run's id.
        execution: The name of its first execution.
        ledger: What became of its rows then, as its report says.
        replays: The runs that replayed rows of it, the oldest first.
    """

    run: str
    execution: str
    ledger: Mapping[str, int]
    replays: tuple[ReplayLine, ...] = ()

    @property
    def rows_then(self) -> int:
        """Its rows that were in the table when it ended."""
        return self.ledger["written"] + self.ledger.get("unchanged", 0)

    @property
    def rows_since(self) -> int:
        """Its rows that were in the table when the last replay ended."""
        return self.rows_then + sum(one.rows_added - one.rows_replaced for one in self.replays)

    def with_replay(self, line: ReplayLine) -> Self:
        """Add a replay, in the place of what an earlier attempt of the same run told."""
        others = (one for one in self.replays if one.run != line.run)
        return replace(self, replays=tuple(sorted((*others, line), key=lambda one: one.at)))

    def to_json(self) -> bytes:
        """Write it as a JSON document."""
        rows = {
            "source": self.ledger["source_rows"],
            "in_table_then": self.rows_then,
            "in_table_since": self.rows_since,
        }
        return json.dumps({"version": _VERSION, "rows": rows, **asdict(self)}, indent=2).encode()

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read the JSON document.

        Raises:
            ValueError, TypeError, KeyError: It is none.
        """
        told: Mapping[str, Any] = json.loads(document)
        if told["version"] != _VERSION:
            raise ValueError(f"it is of version {told['version']}")
        replays = tuple(ReplayLine(**one) for one in told["replays"])
        return cls(told["run"], told["execution"], told["ledger"], replays)


def since_key(dataset: str, execution: str) -> str:
    """Name the object, beside the run's report."""
    return reports_prefix(dataset, execution) + SINCE_FILE
