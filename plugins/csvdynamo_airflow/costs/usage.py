"""What a run uses of each service, from what was counted of it. Pure.

Rests on the services' pages of prices, and on "Transitions in Distributed Map state" of the Step Functions developer
guide: each child execution is a transition of its parent, beside its own request.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.protection import Encryption
from csvdynamo.datasets.table_rules import Billing, TableClass
from csvdynamo.writing.settings import MEMORY_MIB
from csvdynamo_airflow.costs.prices import Charge

GB = 1e9

PARENT_TRANSITIONS = 4
"""States of the state machine that an execution enters, each once."""

CHILD_MEMORY_GB = 64 / 1024
"""What a child execution is billed for: 50 MB, its definition and its input, in steps of 64 MB."""

CHILD_SECONDS = 0.05
"""How much longer a child execution takes than the function's own clock says, about."""

LOG_BYTES_A_BATCH = 4_500
"""The log lines of a batch: the events of its child execution and what the function writes, about."""

LOG_BYTES_A_RUN = 20_000

PART_BYTES = 8 * 1024 * 1024
"""The parts in which a file is uploaded (boto3's TransferConfig)."""

PUTS_A_RUN, GETS_A_RUN = 25, 40
"""Documents, reports and result files of a run, about."""

PUBLISHED_A_RUN = 2
"""What a run announces: by the state machine, and by the task report."""


@dataclass(frozen=True)
class Counts:
    """What was counted of a run, or will be; None where nobody counts it.

    Attributes:
        write_units: Write units of the table and its indexes.
        read_units: Read units of the check of the table.
        batches: Batches that ran.
        unfinished: Those among them that did not succeed: nobody says what their attempts used.
        batch_seconds: How long the function worked, over all batches.
        rejects: Rejects that were sent to Firehose.
        reject_bytes: Their bytes, as Firehose bills them.
        uploaded: The bytes of each file that was uploaded.
    """

    write_units: float | None = 0.0
    read_units: float | None = 0.0
    batches: int | None = 0
    unfinished: int = 0
    batch_seconds: float | None = 0.0
    rejects: int = 0
    reject_bytes: float | None = 0.0
    uploaded: tuple[int, ...] = ()


@dataclass(frozen=True)
class Used:
    """What a run uses of one thing.

    Attributes:
        charge: What is charged.
        service: The service.
        what: What it charges for, for a person.
        quantity: How much; None where nobody says.
        note: What the quantity rests on, "" where it was counted.
    """

    charge: Charge
    service: str
    what: str
    quantity: float | None
    note: str = ""


def used_by(counts: Counts, dataset: Dataset) -> Iterator[Used]:
    """List what a run uses, the writes first.

    Args:
        counts: What was counted.
        dataset: The data set, which says how its table is billed and what its data are encrypted with.
    """
    yield from _table(counts, dataset)
    yield from _function(counts)
    yield from _workflow(counts)
    yield from _error_stream(counts)
    yield from _bucket(counts)
    if dataset.protection.encryption is Encryption.CUSTOMER_MANAGED or dataset.table.kms_key:
        yield Used(Charge.KMS_REQUEST, "KMS", "requests", None, "how often S3 and DynamoDB ask for a key, neither says")
    logged = _of_batches(counts, each=LOG_BYTES_A_BATCH / GB, beside=LOG_BYTES_A_RUN / GB)
    yield Used(Charge.LOGS_GB, "CloudWatch Logs", "GB written", logged, "about 4.5 KB a batch")
    yield Used(Charge.SNS_PUBLISH, "SNS", "messages", PUBLISHED_A_RUN, "without their deliveries")


def _table(counts: Counts, dataset: Dataset) -> Iterator[Used]:
    table = dataset.table
    infrequent = table.table_class is TableClass.INFREQUENT_ACCESS
    writes = Charge.INFREQUENT_WRITE_UNIT if infrequent else Charge.WRITE_UNIT
    reads = Charge.INFREQUENT_READ_UNIT if infrequent else Charge.READ_UNIT
    lost = f"without the attempts of {counts.unfinished:,} batches that did not succeed" if counts.unfinished else ""
    for charge, what, units, note in (
        (writes, "write units", counts.write_units, lost),
        (reads, "read units of the check", counts.read_units, ""),
    ):
        if table.billing is Billing.PROVISIONED:
            yield Used(charge, "DynamoDB", what, None, "provisioned units are paid by the hour, used or not")
        else:
            owners = "" if table.managed else "if its owner's table is of class Standard and on demand"
            yield Used(charge, "DynamoDB", what, units, "; ".join(filter(None, (note, owners))))


def _function(counts: Counts) -> Iterator[Used]:
    yield Used(Charge.FUNCTION_REQUEST, "Lambda", "requests", _of_batches(counts, beside=2))
    seconds = counts.batch_seconds
    worked = None if seconds is None else seconds * MEMORY_MIB / 1024
    yield Used(Charge.FUNCTION_GB_SECOND, "Lambda", "GB-seconds", worked, f"of batches, at {MEMORY_MIB} MB")


def _workflow(counts: Counts) -> Iterator[Used]:
    batches, seconds = counts.batches, counts.batch_seconds
    entered = _of_batches(counts, beside=PARENT_TRANSITIONS)
    yield Used(Charge.TRANSITION, "Step Functions", "transitions", entered, "one a batch")
    yield Used(Charge.EXPRESS_REQUEST, "Step Functions", "Express requests", batches)
    billed = None
    if seconds is not None and batches is not None:
        each = seconds / max(1, batches) + CHILD_SECONDS
        billed = batches * math.ceil(10 * each) / 10 * CHILD_MEMORY_GB
    yield Used(Charge.EXPRESS_GB_SECOND, "Step Functions", "Express GB-seconds", billed, "about, at 64 MB")


def _error_stream(counts: Counts) -> Iterator[Used]:
    gigabytes = None if counts.reject_bytes is None else counts.reject_bytes / GB
    yield Used(Charge.FIREHOSE_GB, "Firehose", "GB of rejects", gigabytes, "each rounded up to 5 KB")
    yield Used(Charge.FIREHOSE_PARTITIONED_GB, "Firehose", "GB partitioned", gigabytes)
    hours = None if counts.rejects or gigabytes is None else 0.0
    yield Used(Charge.FIREHOSE_JQ_HOUR, "Firehose", "JQ hours", hours, "no public document says what is counted")


def _bucket(counts: Counts) -> Iterator[Used]:
    parts = sum(math.ceil(size / PART_BYTES) + 2 for size in counts.uploaded)
    yield Used(Charge.S3_PUT, "S3", "PUT requests", PUTS_A_RUN + parts, "about")
    # Step Functions and the tasks read the files in parts, too; a function looks up whose turn it is.
    gets = GETS_A_RUN + 2 * parts + (counts.batches or 0)
    yield Used(Charge.S3_GET, "S3", "GET requests", gets, "about, at most one a batch")


def _of_batches(counts: Counts, *, each: float = 1, beside: float) -> float | None:
    """Return what there is of each batch, and of a run that has any."""
    return counts.batches and counts.batches * each + beside
