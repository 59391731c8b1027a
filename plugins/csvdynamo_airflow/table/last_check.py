"""What the last check of a run's table found, kept in the bucket: clearing a task deletes its XComs, and not that."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_object
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import reports_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LAST_CHECK_FILE = "last_check.json"
"""Beside a run's report: the execution whose items were looked for last, and how many were missing or changed."""

_DAMAGE = (DifferenceKind.MISSING, DifferenceKind.CHANGED, DifferenceKind.UNDELETED)

log = shown_log(__name__)


@dataclass(frozen=True)
class LastCheck:
    """Where a run keeps what its last check of the table found.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The object's key.
    """

    s3: "S3Client"
    bucket: str
    key: str

    @classmethod
    def of(cls, s3: "S3Client", dataset: str, prepared: Prepared) -> "LastCheck":
        """Name the place of the run that prepared a file."""
        return cls(s3, prepared.bucket, reports_prefix(dataset, prepared.execution_name) + LAST_CHECK_FILE)

    def keep(self, checked: CheckedTable) -> None:
        """Keep what a check found, over what the one before it did.

        Raises:
            botocore.exceptions.ClientError: The bucket does not take it. A check that nobody remembers is none.
        """
        found = {kind.value: checked.count(kind) for kind in _DAMAGE}
        body = json.dumps({"execution": checked.execution, "redrives": checked.redrives, **found})
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=body.encode(), ContentType="application/json")

    def found_damage(self, execution: Execution) -> bool:
        """Tell whether the last check was of an execution as it is now, and found what to migrate again would mend.

        Items that no row of the file makes are no damage: to migrate again would not take them away, but for those
        that the file says are to be deleted. A word that cannot be read counts as none, since the next check says it
        anew.

        Args:
            execution: The run's newest execution.

        Raises:
            botocore.exceptions.ClientError: The bucket cannot be read.
        """
        try:
            told = json.loads(read_object(self.s3, self.bucket, self.key))
            of_now = (told["execution"], told["redrives"]) == (execution.name, execution.redrives)
            return bool(of_now and sum(told.get(kind, 0) for kind in _DAMAGE) > 0)
        except self.s3.exceptions.NoSuchKey:
            return False
        except (ValueError, TypeError, KeyError) as error:
            log.warning("s3://%s/%s cannot be read as a check: %s", self.bucket, self.key, shown(error))
            return False
