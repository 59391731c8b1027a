"""How many rows the last green run of a data set's own source had, kept in the bucket."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from csvdynamo.stored_object import read_object, read_versioned
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.preparation.prepared import Prepared

_TRIES = 5

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
    return f"reports/{dataset_name}/last_rows.json"


def recall_rows(s3: Any, bucket: str, dataset_name: str) -> RowMark | None:
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


def remember_rows(s3: Any, dataset_name: str, prepared: Prepared, run_id: str) -> None:
    """Make a green run the last one, unless one whose file was prepared later is remembered already.

    A run of the past may be cleared, and be green, after a later one; and two may end at once, so S3 is asked to write
    only over what was read.

    Args:
        s3: A boto3 S3 client.
        dataset_name: The data set.
        prepared: What the run prepared.
        run_id: The DAG run.

    Raises:
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses, or others write all the time.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    mark = RowMark(prepared.source_rows, run_id, prepared.at)
    place = {"Bucket": prepared.bucket, "Key": mark_key(dataset_name)}
    body = json.dumps(asdict(mark)).encode("utf-8")
    for left in reversed(range(_TRIES)):
        condition = _condition(s3, place, mark)
        if condition is None:
            log.info("The rows of a later run are remembered already.")
            return
        try:
            s3.put_object(**place, Body=body, ContentType="application/json", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _WRITTEN_MEANWHILE or not left:
                raise
        else:
            return


def _condition(s3: Any, place: Mapping[str, str], mark: RowMark) -> dict[str, str] | None:
    """Return on what condition a mark is written; None if it is not to be."""
    try:
        stored, etag = read_versioned(s3, place["Bucket"], place["Key"])
    except s3.exceptions.NoSuchKey:
        return {"IfNoneMatch": "*"}
    try:
        later = _read(stored).at > mark.at
    except _UNREADABLE:
        later = False
    return None if later else {"IfMatch": etag}


def _read(document: bytes) -> RowMark:
    return RowMark.from_json(json.loads(document))


_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
_WRITTEN_MEANWHILE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"})
