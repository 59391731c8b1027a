"""Which snapshot of a data set holds, and who may have written over it since: one small object of the bucket.

A snapshot holds as long as nobody wrote to the table. So whoever is about to says so here first, and only the same run
takes that back, by putting its own snapshot in its place once it is green. A run that was killed or is red leaves its
word, and the next one writes all rows. What a check found is a word of its own, which no run takes back by being green,
but for one that begins to write all rows.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from csvdynamo.aws.stored_object import read_versioned
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo_airflow.documents.snapshot import Snapshot, Trace
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.stored_document import change_document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = shown_log(__name__)

_VERSION = 2
"""What the digests are made of. Those of another version are of other digests, and none of them is trusted."""
_MOST_TRACES = 20
"""Bounds the object: the digests of a run hold those of the traces that it looked at, so there are hardly two."""
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


class SnapshotGoneError(MigrationError):
    """A file holds only what changed since a snapshot that does not hold any more."""

    def __init__(self, execution: str, why: str) -> None:
        super().__init__(
            f"This run was to write what changed since the snapshot of execution {execution}, which does not hold any "
            f"more: {why}. Clear the task prepare, which finds anew what has to be written."
        )


@dataclass(frozen=True)
class Pointer:
    """What is known of a data set's snapshot.

    Attributes:
        snapshot: The last one; None before the first green run.
        writer: The first execution of the run that said last that it writes; "" where its snapshot is this one.
        doubt: What a check found that speaks against the snapshot, or why the object cannot be read; "" without that.
        traces: What runs may have put into the table that have said since that they write, the newest last.
    """

    snapshot: Snapshot | None = None
    writer: str = ""
    doubt: str = ""
    traces: tuple[Trace, ...] = ()

    def speaks_against_it(self, run: str = "") -> str:
        """Say why the snapshot does not hold, as far as it is known here; "" while it does.

        Args:
            run: The run that asks, by its first execution: what it writes itself does not count.
        """
        if self.doubt or self.writer in {"", run}:
            return self.doubt
        return f"the run of execution {self.writer} has written since, and left no snapshot"

    def to_json(self) -> bytes:
        """Write it as a JSON document."""
        return json.dumps({"version": _VERSION, **asdict(self)}).encode()

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read the JSON document.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: It is none, or of another version.
        """
        told: Mapping[str, Any] = json.loads(document)
        if told["version"] != _VERSION:
            raise ValueError(f"it is of version {told['version']}")
        snapshot, writer, doubt = told["snapshot"], told["writer"], told["doubt"]
        if not isinstance(writer, str) or not isinstance(doubt, str):
            raise TypeError("it does not say who writes")
        traces = tuple(map(Trace.from_json, told["traces"]))
        return cls(Snapshot.from_json(snapshot) if snapshot is not None else None, writer, doubt, traces)


def pointer_key(dataset: str) -> str:
    """Name the object."""
    return f"{REPORTS_PREFIX}{dataset}/snapshot.json"


@dataclass(frozen=True)
class StoredPointer:
    """The object of one data set.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        dataset: The data set's name.
    """

    s3: "S3Client"
    bucket: str
    dataset: str

    def read(self) -> Pointer:
        """Read what is known; an object that cannot be read is told as a doubt.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: S3 refuses it, or cannot be reached.
        """
        try:
            return self._read(read_versioned(self.s3, self.bucket, pointer_key(self.dataset))[0])
        except self.s3.exceptions.NoSuchKey:
            return Pointer()

    def claim(
        self,
        run: str,
        base: Snapshot | None,
        *,
        make: bool,
        trace: Trace | None = None,
        told: Collection[Trace] = (),
    ) -> None:
        """Say that a run is about to write to the table.

        Args:
            run: The name of its first execution.
            base: The snapshot that its file rests on; None where it writes all rows, which mends what a check found.
            make: Whether to say so where there is no object. A run that leaves no snapshot has nothing to say there.
            trace: What it may put into the table; None where nobody wants to know.
            told: What earlier runs may have put there, and the trace tells as well.

        Raises:
            SnapshotGoneError: The file rests on a snapshot that does not hold any more.
            WrittenMeanwhileError: Others write all the time.
        """

        def claimed(pointer: Pointer) -> Pointer:
            traces = pointer.traces
            if trace is not None:
                traces = (*(one for one in traces if one != trace and one not in told), trace)[-_MOST_TRACES:]
            if base is None:
                return Pointer(pointer.snapshot, writer=run, traces=traces)
            why = pointer.speaks_against_it(run)
            if why or pointer.snapshot != base:
                raise SnapshotGoneError(base.execution, why or "there is another one")
            return replace(pointer, writer=run, traces=traces)

        self._change(claimed, make=make)

    def doubt(self, run: str, base: Snapshot | None, why: str) -> None:
        """Say that the table is not as a run left it, unless another run has written since.

        Args:
            run: The name of the run's first execution.
            base: The snapshot that it rests on; None where it wrote all rows.
            why: What is the matter.

        Raises:
            WrittenMeanwhileError: Others write all the time.
        """

        def doubted(pointer: Pointer) -> Pointer | None:
            left = pointer.snapshot
            is_last = pointer.writer == run or (left is not None and (left == base or left.execution == run))
            return replace(pointer, doubt=why) if is_last else None

        self._change(doubted)

    def remember(self, snapshot: Snapshot, told: Collection[Trace] = ()) -> None:
        """Put a green run's snapshot in the place of the one before, if nobody has said since that it writes.

        Args:
            snapshot: The snapshot.
            told: What it tells of what runs may have put into the table, its own among them.
        """

        def remembered(pointer: Pointer) -> Pointer | None:
            if pointer.writer != snapshot.execution:
                log.info("Another run has written since: the snapshot of this one is not kept.")
                return None
            traces = tuple(one for one in pointer.traces if one not in told)
            return Pointer(snapshot, doubt=pointer.doubt, traces=traces)

        self._change(remembered)

    def _change(self, change: Callable[[Pointer], Pointer | None], *, make: bool = False) -> None:
        def changed(document: bytes | None) -> bytes | None:
            if document is None and not make:
                return None
            pointer = change(self._read(document) if document is not None else Pointer())
            return pointer.to_json() if pointer is not None else None

        change_document(self.s3, self.bucket, pointer_key(self.dataset), changed)

    def _read(self, document: bytes) -> Pointer:
        try:
            return Pointer.from_json(document)
        except _UNREADABLE as error:
            where = f"s3://{self.bucket}/{pointer_key(self.dataset)}"
            return Pointer(doubt=f"{where} cannot be read ({type(error).__name__}: {error})")
