"""What protects a data set's data at rest: under whose key it lies, and how long the bucket keeps it."""

from dataclasses import dataclass as plain
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import WholeNumber, fail
from csvdynamo.folders import (
    ERRORS_PREFIX,
    FIREHOSE_ERRORS_PREFIX,
    LANDING_PREFIX,
    REPORTS_PREFIX,
    RESULTS_PREFIX,
    SOURCE_PREFIX,
)

REDRIVE_DAYS = 16
"""The fewest days for what a redrive needs. Step Functions redrives within 14 days of an execution's end, an execution
lasts half a day at most, and a file that an earlier run left may be a day old when it starts."""
LANDING_DAYS = 2
"""The fewest days for a download: it may be a day old when a run takes it, and prepare must still find it."""


class Encryption(StrEnum):
    """Under whose keys bucket, table, delivery stream and logs are encrypted; encrypted they always are."""

    DEFAULT = "default"
    CUSTOMER_MANAGED = "customer-managed"


@plain(frozen=True, eq=False)
class Days(WholeNumber):
    """A number of days that leaves an object to whoever may still need it.

    Attributes:
        fewest: The fewest that do.
        why: Who may need it.
    """

    minimum: int = 1
    maximum: int = 36_500
    fewest: int = REDRIVE_DAYS
    why: str = "a failed execution can be redriven for 14 days and needs these objects"
    absent = "kept"

    def bounds(self) -> str:
        """Give its bounds."""
        return f"{self.fewest} or more"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take a whole number that is large enough."""
        number = super().__get_pydantic_core_schema__(source, handler)
        return core.no_info_after_validator_function(self._enough, number)

    def _enough(self, days: int) -> int:
        if days < self.fewest:
            fail(f"must be at least {self.fewest}, because {self.why}; found {days}. Without the key they are kept")
        return days


@plain(frozen=True, eq=False)
class GreenRuns(WholeNumber):
    """Of how many green runs something stays: a rollback of the last one needs what the one before has left."""

    minimum: int = 2
    maximum: int = 400
    absent = "kept"


@dataclass(frozen=True, config=STRICT)
class Protection:
    """Encryption at rest, and the days after which the bucket deletes objects. None: they are kept."""

    encryption: Encryption = Field(
        default=Encryption.DEFAULT,
        description='`"default"`: keys of the AWS services; `"customer-managed"`: one KMS key of the stack, for '
        "bucket, table, delivery stream and logs",
    )
    keep_landing_days: Annotated[int, Days(fewest=LANDING_DAYS, why="prepare reads the download")] | None = Field(
        default=None,
        description=f"days after which the downloads in `{LANDING_PREFIX}` are deleted",
    )
    keep_source_days: Annotated[int, Days()] | None = Field(
        default=None, description=f"the prepared files in `{SOURCE_PREFIX}`"
    )
    keep_error_days: Annotated[int, Days()] | None = Field(
        default=None,
        description=f"the rejects in `{ERRORS_PREFIX}` and `{FIREHOSE_ERRORS_PREFIX}`",
    )
    keep_result_days: Annotated[int, Days()] | None = Field(
        default=None, description=f"the Map Runs' results in `{RESULTS_PREFIX}`"
    )
    keep_report_days: Annotated[int, Days()] | None = Field(
        default=None,
        description=f"`{REPORTS_PREFIX}`, with each run's report, its rejects, and the columns "
        "and rows that the next source is compared with",
    )
    keep_snapshot_runs: Annotated[int, GreenRuns()] | None = Field(
        default=None,
        description="of how many green runs that write only what changed the digests of the rows stay in "
        f"`{REPORTS_PREFIX}`: a run can be taken back while those of the run before it are there",
    )
