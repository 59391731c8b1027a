"""What became of a run's rows, as one reading of all that it left tells; and where that is written."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from csvdynamo_airflow.documents.measures import Measures
from csvdynamo_airflow.documents.task_documents import reading

ROWS_FILE = "outcome.parquet"
"""The name of the table of rows that were not plainly written, beside the report."""


class RowStanding(StrEnum):
    """What became of a row that was not plainly written.

    `BEFORE_UPLOAD`: prepare rejected it. `REJECTED`: the Lambda function did. `MISSING`: the function's answer names a
    reject whose record did not arrive. `FAILED` and `UNSTARTED`: its batch did not succeed, or never began.

    Two are of deletions, whose numbers are below zero (`rules.deletions`). `LEFT`: the item is not the one that a run
    put there, and was left alone. `UNDELETED`: its batch did not succeed, or never began.
    """

    BEFORE_UPLOAD = "rejected_before_upload"
    REJECTED = "rejected"
    MISSING = "missing"
    FAILED = "failed"
    UNSTARTED = "unstarted"
    LEFT = "left"
    UNDELETED = "undeleted"


@dataclass(frozen=True)
class Outcome:
    """What the task fetch_error_files read and wrote.

    Attributes:
        key: The key of the rejects as JSON lines in the bucket, None when the run had no reject.
        csv_key: The key of the CSV of all rows that were not written, None when there is none.
        unfinished_key: The key of the rows of batches that did not succeed, as JSON lines; None when there is none.
        rows_key: The key of the table of rows that were not plainly written, Parquet (`outcome_tables`).
        batches_key: The key of the table of batches, likewise.
        objects_key: The key of the list of objects that were read, JSON lines.
        digests: The SHA-256, in hexadecimal, of each of these objects by its key: they can be read as long as they have
            them.
        error_objects: The digest of the list of objects in which Firehose's rejects were looked for.
        execution: The name of the execution whose outcome it is, "" when none was started.
        redrives: How often that had been redriven then.
        answered: Whether the execution left result files: without them nobody knows of any batch that succeeded.
        before: Rejects of prepare.
        before_by_code: How many of those there are of each code.
        written: Items written, as the batches that succeeded answered.
        answered_rejects: Rows rejected, as they answered.
        rejects: Rejects of the Lambda function that count, each once.
        by_code: How many of those there are of each code.
        missing: Rejects that count and did not arrive.
        missing_ids: The ids of some of those.
        superseded: Rejects of attempts that were repeated, which do not count.
        misfiled: Rejects that Firehose could not partition, among ``rejects``.
        failed: Rows of batches that failed.
        unstarted: Rows of batches that never started.
        failures_by_error: How many of the failed rows, and of the deletions, are in batches that ended with each error.
        deleted: Items to be deleted that are not there any more, as the batches that succeeded answered.
        left: Items that were to be deleted and were left alone, as they are not those that a run put there.
        undeleted: Items that were to be deleted by batches that did not succeed; some may be gone.
        rules: How many batches that succeeded applied the rules of each digest.
        measures: What else they add up to.
    """

    key: str | None = None
    csv_key: str | None = None
    unfinished_key: str | None = None
    rows_key: str | None = None
    batches_key: str | None = None
    objects_key: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    error_objects: str = ""
    execution: str = ""
    redrives: int = 0
    answered: bool = False
    before: int = 0
    before_by_code: Mapping[str, int] = field(default_factory=dict)
    written: int = 0
    answered_rejects: int = 0
    rejects: int = 0
    by_code: Mapping[str, int] = field(default_factory=dict)
    missing: int = 0
    missing_ids: tuple[str, ...] = ()
    superseded: int = 0
    misfiled: int = 0
    failed: int = 0
    unstarted: int = 0
    failures_by_error: Mapping[str, int] = field(default_factory=dict)
    deleted: int = 0
    left: int = 0
    undeleted: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)
    measures: Measures = field(default_factory=Measures)

    @property
    def rejects_by_code(self) -> dict[str, int]:
        """How many rejects there are of each code, prepare's among them, in the order of the codes."""
        return dict(sorted((Counter(self.before_by_code) + Counter(self.by_code)).items()))

    def is_of(self, execution: str, redrives: int) -> bool:
        """Tell whether it is the outcome of an execution that had been redriven so often."""
        return (self.execution, self.redrives) == (execution, redrives)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {**asdict(self), "missing_ids": list(self.missing_ids), "measures": self.measures.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        with reading("What the task fetch_error_files returned"):
            told = {**document, "missing_ids": tuple(document["missing_ids"])}
            if "measures" in told:  # an earlier version of csvdynamo did not measure
                told["measures"] = Measures.from_json(told["measures"])
            return cls(**told)
