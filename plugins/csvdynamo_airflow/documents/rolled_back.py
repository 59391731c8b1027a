"""What a run takes back that is a rollback."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RolledBack:
    """The run whose writes are taken back, and the one whose file is written once more.

    Attributes:
        run_id: The DAG run's id of the run that is taken back.
        execution: The name of its first execution.
        to: The name of the first execution of the green run before it.
        lost: Keys whose items before nobody can put back: no row of that run's file has them.
    """

    run_id: str
    execution: str
    to: str
    lost: int = 0
