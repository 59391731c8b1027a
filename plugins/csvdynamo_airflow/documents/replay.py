"""A run of rows that an earlier one did not write: which run that was, and which of its rows these are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Replay:
    """What a run says of the run whose rows it replays.

    Attributes:
        run: The DAG run's id of that run: the first one, whose source the rows are of, also where what is replayed now
            are the rejects of an earlier replay.
        execution: The name of that run's first execution, which names the folder of its report.
        by: The DAG run's id of the run that replays.
        rows_key: The key of the table of the replayed rows (`preparation.settled_rows`), Parquet.
        rows_sha256: Its digest, in hexadecimal.
    """

    run: str
    execution: str
    by: str
    rows_key: str
    rows_sha256: str

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document."""
        return cls(**document)
