"""What protects a data set's data at rest: under whose key it lies, and how long the bucket keeps it."""

from dataclasses import dataclass
from enum import StrEnum


class Encryption(StrEnum):
    """Under whose keys bucket, table, delivery stream and logs are encrypted; encrypted they always are."""

    DEFAULT = "default"
    CUSTOMER_MANAGED = "customer-managed"


@dataclass(frozen=True)
class Protection:
    """Encryption at rest, and the days after which the bucket deletes objects. None: they are kept.

    Attributes:
        encryption: The services' own keys, or one KMS key of the stack.
        keep_landing_days: For `landing/`, the sources as they were downloaded.
        keep_source_days: For `source/`, the prepared files.
        keep_error_days: For `migration_errors/` and `firehose_errors/`, the rejects as Firehose delivers them.
        keep_result_days: For `results/`, the Map Runs' results, the rows of failed batches among them.
        keep_report_days: For `reports/`, each run's report and all its rejects.
    """

    encryption: Encryption = Encryption.DEFAULT
    keep_landing_days: int | None = None
    keep_source_days: int | None = None
    keep_error_days: int | None = None
    keep_result_days: int | None = None
    keep_report_days: int | None = None
