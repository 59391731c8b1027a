"""How many rows the last green run of a data set's own source had, kept in the bucket."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.aws.stored_object import read_object
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.stored_document import change_document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = shown_log(__name__)


class RowMarkError(MigrationError):
    """What is remembered of the last green run's rows cannot be read; the message says what to do."""


@dataclass(frozen=True)
class RowMark:
    """The rows of a green run.

    Attributes:
        rows: Its source's rows.
        run_id: The DAG run.
        at: When its file was prepared, in seconds since the epoch.
    """

    rows: int
    run_id: str
    at: float

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document.

        Raises:
            ValueError, TypeError, KeyError: It is none.
        """
        mark = cls(**{name: document[name] for name in ("rows", "run_id", "at")})
        numbers = isinstance(mark.rows, int) and isinstance(mark.at, int | float) and math.isfinite(mark.at)
        if not numbers or isinstance(mark.rows, bool) or mark.rows < 0 or not isinstance(mark.run_id, str):
            raise ValueError("its values are none of a run")
        return mark


def mark_key(dataset_name: str) -> str:
    """Name the object that remembers the rows of a data set's last green run."""
    return f"{REPORTS_PREFIX}{dataset_name}/last_rows.json"


def recall_rows(s3: "S3Client", bucket: str, dataset_name: str) -> RowMark | None:
    """Read how many rows the last green run had, None if there was none.

    Raises:
        RowMarkError: What is remembered cannot be read.
    """
    key = mark_key(dataset_name)
    try:
        return _read(read_object(s3, bucket, key))
    except s3.exceptions.NoSuchKey:
        return None
    except _UNREADABLE as error:
        raise RowMarkError(
            f"s3://{bucket}/{key} does not hold the rows of the last green run ({type(error).__name__}: {error}). "
            "Delete it: the next source is then compared with no other, and the first green run is remembered."
        ) from error


def remember_rows(s3: "S3Client", dataset_name: str, prepared: Prepared, run_id: str) -> None:
    """Make a green run the last one, unless one whose file was prepared later is remembered already.

    A run of the past may be cleared, and be green, after a later one; and two may end at once, so S3 is asked to write
    only over what was read.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: What the run prepared.
        run_id: The DAG run.

    Raises:
        WrittenMeanwhileError: Others write all the time.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
    """
    mark = RowMark(prepared.source_rows, run_id, prepared.at)

    def later(document: bytes | None) -> bytes | None:
        remembered = _readable(document)
        if remembered is not None and remembered.at > mark.at:
            log.info("The rows of a later run are remembered already.")
            return None
        return json.dumps(asdict(mark)).encode("utf-8")

    change_document(s3, prepared.bucket, mark_key(dataset_name), later)


def _readable(document: bytes | None) -> RowMark | None:
    """Read the mark, None if there is none or it is damaged."""
    try:
        return _read(document) if document else None
    except _UNREADABLE:
        return None


def _read(document: bytes) -> RowMark:
    return RowMark.from_json(json.loads(document))


_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
