"""Whose turn it is to migrate a data set: one small document in the bucket, written by runs and read by every batch."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from csvdynamo.folders import REPORTS_PREFIX

LONGEST_BATCH_SECONDS = 40
"""How long one invocation of the function may go on, also after the execution that made it was stopped."""


def turn_key(dataset: str) -> str:
    """Name the object that says which run of a data set may migrate."""
    return f"{REPORTS_PREFIX}{dataset}/migrating.json"


@dataclass(frozen=True)
class Holder:
    """Who has the turn, or had it last.

    Attributes:
        run: The name of the run's first execution.
        execution: The execution that the run starts or redrives.
        redrives: How often that will have been redriven.
        taken: When the turn was taken or last renewed, in seconds since the epoch.
        given_back: Whether it is over: nobody has the turn.
    """

    run: str
    execution: str
    redrives: int = 0
    taken: float = 0.0
    given_back: bool = False

    def to_json(self) -> str:
        """Write it as the document."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read the document.

        Raises:
            ValueError, TypeError, KeyError: It is none.
        """
        document = json.loads(text)
        return cls(
            run=str(document["run"]),
            execution=str(document["execution"]),
            redrives=int(document["redrives"]),
            taken=float(document["taken"]),
            given_back=document["given_back"] is True,
        )
