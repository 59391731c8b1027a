"""A run in the list of a data set's runs: what a person sees of many at once."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from csvdynamo.folders import REPORTS_PREFIX

REPORT_FILE = "report.json"
"""The name of a run's report, in the folder of its first execution."""

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True)
class RunLine:
    """One run, as its last report told.

    Attributes:
        run_id: The DAG run's id.
        report: The key of its report in the bucket.
        at: When the report was written, in seconds since the epoch.
        accounted: Whether the run is green.
        dry_run: Whether it was to stop after prepare.
        problem: What keeps it from being green, the first sentence; "" where nothing does.
        ledger: What became of its rows (`LedgerCounts`).
        source_bytes: The size of its source, None when it was not downloaded.
        source_modified: When the source was changed, as its server told.
        schema_changes: In how many ways its header differs from what was expected.
        write_units: Write units that it consumed, None where DynamoDB did not say.
        seconds: How long its tasks took together.
        files: The names of the files that hold the rows that were not written, to download.
        kind: ``rollback`` or ``replay``; "" of a run that migrated a source.
        deleted: Items that are deleted, of keys that vanished.
        left_alone: Items, under the keys of rows or of deletions, that were left as they were.
    """

    run_id: str
    report: str
    at: float
    accounted: bool
    dry_run: bool
    problem: str
    ledger: Mapping[str, int]
    source_bytes: int | None
    source_modified: str | None
    schema_changes: int
    write_units: float | None
    seconds: float
    files: tuple[str, ...] = ()
    kind: str = ""
    deleted: int = 0
    left_alone: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; keys of a later version are left aside, and an earlier one told fewer.

        Raises:
            TypeError, KeyError: It is none.
        """
        told = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        return cls(**(told | {"files": tuple(told.get("files", ()))}))


def runs_key(dataset_name: str) -> str:
    """Name the object that lists a data set's runs."""
    return f"{REPORTS_PREFIX}{dataset_name}/runs.json"


def read_runs(document: bytes) -> tuple[RunLine, ...]:
    """Read the list, the oldest run first. One that is damaged is empty: the next report begins it anew."""
    try:
        return tuple(RunLine.from_json(one) for one in json.loads(document))
    except _UNREADABLE:
        return ()
