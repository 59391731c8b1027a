"""The folders of a data set's bucket, each named once: the plugin, the functions and the stack write and read there."""

LANDING_PREFIX = "landing/"
"""Sources as they were fetched, each under its digest."""
SOURCE_PREFIX = "source/"
"""Prepared files, which Step Functions reads, each under its digest."""
REPORTS_PREFIX = "reports/"
"""What runs say about themselves, and what the next one is compared with."""
DIGESTS = "row_digests"
"""What the names of the objects begin with, in a run's folder of these, that tell which rows it put into the table."""
RESULTS_PREFIX = "results/"
"""Where the state machine's ResultWriter writes the result files of each execution."""
ERRORS_PREFIX = "migration_errors/"
"""Where Firehose writes the rejects of each execution."""
FIREHOSE_ERRORS_PREFIX = "firehose_errors/"
"""The records that Firehose could not partition: none of them may be there after a run."""


def error_prefix(execution: str) -> str:
    """Prefix under which Firehose writes the rejects of one execution."""
    return f"{ERRORS_PREFIX}execution_name={execution}/"


def names_prefix(dataset: str) -> str:
    """Prefix of the names of columns that a data set's prepared files have short ones for."""
    return f"{SOURCE_PREFIX}{dataset}/names/"


def names_key(dataset: str, digest: str) -> str:
    """Name the object of some of them by its SHA-256, in hexadecimal."""
    return f"{names_prefix(dataset)}{digest}.json"
