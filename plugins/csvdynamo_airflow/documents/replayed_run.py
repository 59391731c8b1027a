"""A run whose rows are replayed, as the bucket tells of it, and what has replayed rows of it before."""

from dataclasses import dataclass

from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.naming import reports_prefix


@dataclass(frozen=True)
class KeptRun:
    """A run of which the bucket still has what it prepared, and by which rules.

    Attributes:
        run_id: The DAG run's id.
        prepared: What it prepared.
        rules: The rules that it was prepared by.
        is_told: Whether its report says of each of its rows whether the table has it.
    """

    run_id: str
    prepared: Prepared
    rules: RowRules
    is_told: bool = True

    @property
    def execution(self) -> str:
        """The name of its first execution."""
        return self.prepared.execution_name

    def beside_its_report(self, file: str) -> str:
        """Name the key of one of the files that it left."""
        return reports_prefix(self.rules.dataset, self.execution) + file


@dataclass(frozen=True)
class ReplayedRun:
    """A run whose rows are replayed.

    Attributes:
        named: The run that a person named: its error CSV is what comes back, corrected or not.
        first: The run whose source these rows are of; the same, unless the named one replayed rows itself.
        replays: The runs that have replayed rows of the first one and may have written some, the oldest first.
        earlier: The names of the first executions of the runs before the first one, the newest first.
        counted: The names of the first executions of those replays that were green, and are told in ``since.json``.
    """

    named: KeptRun
    first: KeptRun
    replays: tuple[KeptRun, ...] = ()
    earlier: tuple[str, ...] = ()
    counted: frozenset[str] = frozenset()

    @property
    def writers(self) -> tuple[KeptRun, ...]:
        """The runs that may have written rows of the source, the oldest first."""
        return (self.first, *self.replays)
