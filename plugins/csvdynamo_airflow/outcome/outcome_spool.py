"""What a run's objects say of its rows and batches, as it is read: short lines on disk for DuckDB to put in order."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, AnyStr, Self

from csvdynamo.records.rejects import Reject
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.outcome import RowStanding
from csvdynamo_airflow.storage.disk_space import DiskSpace

ROWS = {
    "seq": "BIGINT",
    "standing": "VARCHAR",
    "row": "BIGINT",
    "stage": "VARCHAR",
    "code": "VARCHAR",
    "column": "VARCHAR",
    "message": "VARCHAR",
    "reject_id": "VARCHAR",
    "batch": "BIGINT",
    "object": "BIGINT",
    "start": "BIGINT",
    "size": "BIGINT",
}
"""The columns of the rows: in which order they were read, what the table of the outcome tells of each, and where the
record of a reject is in the file of records."""

BATCHES = {
    "batch": "BIGINT",
    "status": "VARCHAR",
    "rows": "BIGINT",
    "written": "BIGINT",
    "rejected": "BIGINT",
    "deleted": "BIGINT",
    "rules": "VARCHAR",
    "error": "VARCHAR",
    "object": "VARCHAR",
    "write_units": "DOUBLE",
    "began": "DOUBLE",
    "seconds": "DOUBLE",
    "throttled": "MAP(VARCHAR, BIGINT)",
    "waited": "DOUBLE",
}
"""The columns of the batches: of those that succeeded, what they answered; of the others, what they failed with."""

AWAITED = {"reject_id": "VARCHAR", "batch": "BIGINT"}
"""The columns of the rejects that batches which succeeded name, and so count."""

OBJECTS = {"object": "BIGINT", "key": "VARCHAR"}
"""The columns of the objects that said it."""

_LONGEST_NAME = 4096  # an object's key has 1,024 bytes; an id of ours has 24 characters

CODE_LENGTH = 100
"""The most characters of a reject's code, which is whatever the error file says, in what is told of a run."""


@dataclass(frozen=True)
class Batch:
    """One batch, as a result file tells.

    Attributes:
        status: The state in which its child execution ended.
        rows: How many rows it had.
        object: The key of the result file.
        written: Items that it wrote, if it succeeded.
        rejected: Rows that it rejected, likewise.
        deleted: Items to be deleted that are not there any more, likewise.
        rules: The digest of the rules that it applied, likewise.
        error: What it failed with, if it did (`error_name`).
        write_units: Write units that it consumed, if it succeeded and told.
        began: When its last attempt began, in seconds since the epoch, likewise.
        seconds: How long that took, likewise.
        throttled: Items that DynamoDB turned away in it, by its reason, likewise.
        waited: Seconds of it that passed before another attempt at the table, likewise.
    """

    status: str
    rows: int
    object: str
    written: int | None = None
    rejected: int | None = None
    deleted: int | None = None
    rules: str | None = None
    error: str | None = None
    write_units: float | None = None
    began: float | None = None
    seconds: float | None = None
    throttled: Mapping[str, int] | None = None
    waited: float | None = None


class OutcomeSpool:
    """The lines on disk; a context manager. They are complete when it has ended.

    Attributes:
        rows, batches, awaited, objects: The files of lines, of the columns above.
        records: The records of the rejects, JSON lines.
    """

    def __init__(self, space: DiskSpace) -> None:
        def path(name: str) -> Path:
            return space.folder / name

        self.rows, self.batches, self.awaited, self.objects = map(
            path, ("rows.csv", "batches.csv", "awaited.csv", "objects.csv")
        )
        self.records = path("records")
        self._files: list[IO[Any]] = []
        self._rows, self._batches, self._awaited, self._objects = (
            csv.writer(self._keep(space.open_text(one)), lineterminator="\n")
            for one in (self.rows, self.batches, self.awaited, self.objects)
        )
        self._records = self._keep(space.open(self.records))
        self._read = self._known_batches = self._known_objects = self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def add_object(self, key: str) -> int:
        """Note an object that is about to be read; return its number."""
        self._known_objects += 1
        self._objects.writerow((self._known_objects, _plain(key)))
        return self._known_objects

    def add_batch(self, batch: Batch) -> int:
        """Note a batch; return its number."""
        self._known_batches += 1
        rules = None if batch.rules is None else shown(batch.rules, CODE_LENGTH)
        counts = (batch.rows, batch.written, batch.rejected, batch.deleted)
        told = (shown(batch.status, CODE_LENGTH), *counts, rules, batch.error, _plain(batch.object))
        measured = (batch.write_units, batch.began, batch.seconds, _map(batch.throttled), batch.waited)
        self._batches.writerow((self._known_batches, *told, *measured))
        return self._known_batches

    def await_reject(self, reject_id: str, batch: int) -> None:
        """Note the id of a reject that counts."""
        self._awaited.writerow((_plain(reject_id), batch))

    def add_reject(self, reject: Reject, standing: RowStanding, object_number: int) -> None:
        """Keep a reject's record.

        Args:
            reject: The reject.
            standing: `RowStanding.BEFORE_UPLOAD` or `RowStanding.REJECTED`.
            object_number: The number of the object that holds it.
        """
        record = reject.to_json().encode() + b"\n"
        self._records.write(record)
        self._add_row(
            *(standing, reject.row, reject.stage, shown(reject.code, CODE_LENGTH), shown(reject.column or "")),
            *(shown(reject.message), _plain(reject.reject_id), None, object_number, self._written, len(record)),
        )
        self._written += len(record)

    def add_unfinished(
        self, standing: RowStanding, row: int | None, *, code: str, message: str, batch: int, object_number: int
    ) -> None:
        """Note a row of a batch that did not succeed."""
        self._add_row(standing, row, None, code, None, message, None, batch, object_number, None, None)

    def add_deletion(self, standing: RowStanding, number: int, *, batch: int, object_number: int) -> None:
        """Note a deletion that was not made.

        Args:
            standing: `RowStanding.LEFT` or `RowStanding.UNDELETED`.
            number: The deletion's number, from 1.
            batch: The number of its batch.
            object_number: The number of the object that says so.
        """
        self._add_row(standing, -number, None, None, None, None, None, batch, object_number, None, None)

    def _keep(self, file: IO[AnyStr]) -> IO[AnyStr]:
        self._files.append(file)
        return file

    def _add_row(self, *fields: Any) -> None:
        self._read += 1
        self._rows.writerow((self._read, *fields))


def _map(counts: Mapping[str, int] | None) -> str | None:
    """Write counts by names, which are letters alone, as DuckDB reads a map."""
    return None if counts is None else "{" + ", ".join(f"{name}={count}" for name, count in counts.items()) + "}"


def _plain(name: str) -> str:
    """Write an id or a key in one line that is not endless; different ones stay different."""
    plain = name.encode("unicode_escape").decode("ascii")
    if len(plain) > _LONGEST_NAME:
        return f"\\d{hashlib.sha256(plain.encode()).hexdigest()}"
    return plain or "\\e"
