"""A file's way to the table without AWS: download, prepare, Step Functions' reader, the batches' code."""

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.guards import Guard
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch import Batch
from csvdynamo.writing.migration import migrate
from csvdynamo.writing.names import Names
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.preparation.prepare import Prepared, prepare
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import download
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from tests.support.write_door import off_the_wire

BUCKET = "hostile"
_PYTHONS_FIELD_LIMIT = 128 * 1024
_names = count(1)


class _NoSuchKeyError(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "NoSuchKey"}}, "GetObject")


class MemoryBucket:
    """As much of a boto3 S3 client as the tasks use, its objects in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.exceptions = SimpleNamespace(ClientError=ClientError, NoSuchKey=_NoSuchKeyError)
        ignore = lambda *_arguments, **_options: None  # noqa: E731
        self.meta = SimpleNamespace(events=SimpleNamespace(register=ignore, unregister=ignore))

    def upload_file(self, path: str, _bucket: str, key: str, **_: Any) -> None:
        """Store a file."""
        self.objects[key] = Path(path).read_bytes()

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803 - boto3's names
        """Store bytes."""
        self.objects[Key] = Body

    def download_fileobj(self, _bucket: str, key: str, file: BinaryIO) -> None:
        """Fetch an object to a file."""
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        file.write(self.objects[key])

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """Fetch an object."""
        if Key not in self.objects:
            raise _NoSuchKeyError
        body = self.objects[Key]
        etag = hashlib.sha256(body).hexdigest()
        return {"Body": StreamingBody(io.BytesIO(body), len(body)), "ETag": etag}

    def copy_object(self, *, CopySource: Mapping[str, str], Key: str, **_: Any) -> None:  # noqa: N803
        """Copy an object."""
        if CopySource["Key"] not in self.objects:
            raise _NoSuchKeyError
        self.objects[Key] = self.objects[CopySource["Key"]]

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """Tell an object's size."""
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        etag = hashlib.sha256(self.objects[Key]).hexdigest()
        return {"ContentLength": len(self.objects[Key]), "LastModified": datetime.now(UTC), "ETag": etag}


@dataclass
class Table:
    """The table: what was written, and which keys were written twice."""

    items: dict[str, Item] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Migrated:
    """What became of a file.

    Attributes:
        prepared: What the task prepare returned.
        table: The table's items by key.
        overwritten: Keys that two batches wrote.
        rejects: Of prepare and of the batches.
        text: The prepared file.
    """

    prepared: Prepared
    table: Mapping[str, Item]
    overwritten: Sequence[str]
    rejects: Sequence[Reject]
    text: str


def migrate_bytes(content: bytes, dataset: Dataset, folder: Path) -> Migrated:
    """Take a file's bytes all the way.

    Args:
        content: The file.
        dataset: The data set.
        folder: Where the tasks may work.

    Raises:
        MigrationError: The file cannot be migrated; the message says why.
    """
    s3 = MemoryBucket()
    prepared = prepare_bytes(content, dataset, folder, s3)
    body = s3.objects[prepared.file_key]
    table = Table()
    rejects = [*prepare_rejects(prepared, s3)]
    items = read_items(body, CsvFormat())
    converter, names = RowConverter(dataset.rules), Names(s3, BUCKET, dataset.name)  # type: ignore[arg-type]
    while rows := tuple(islice(items, dataset.limits.rows_per_batch)):
        rejects += migrate_batch(names.turn_back(Batch(prepared.execution_name, rows)), converter, table)
    return Migrated(prepared, table.items, table.overwritten, rejects, body.decode("utf-8"))


def prepare_bytes(
    content: bytes,
    dataset: Dataset,
    folder: Path,
    s3: Any,
    *,
    find_base: Callable[[], Base] = lambda: Base(None, "there is none", "", 0.0),
    **asked: Any,
) -> Prepared:
    """Run the tasks download and prepare on a file's bytes; what else prepare is asked goes on to it."""
    run_id = f"run-{next(_names)}"
    with _pythons_field_limit(), tempfile.TemporaryDirectory(dir=folder) as work:
        source = Path(work) / "published.csv"
        source.write_bytes(content)
        landed = download(
            str(source),
            dataset=dataset,
            bucket=BUCKET,
            s3=s3,
            run_id=run_id,
            local=LocalUse(folder=Path(work)),
            work_parent=Path(work),
        )
        return prepare(
            landed,
            dataset,
            s3=s3,
            run_id=run_id,
            name_execution=lambda _: run_id,
            find_base=find_base,
            work_parent=Path(work),
            **asked,
        )


def prepare_rejects(prepared: Prepared, s3: MemoryBucket) -> Iterator[Reject]:
    """Read the rejects of the task prepare."""
    if prepared.rejects_key:
        for line in s3.objects[prepared.rejects_key].split(b"\n"):
            if line:
                yield Reject.from_json(line)


def migrate_batch(
    batch: Batch, converter: RowConverter, table: Table, guards: Mapping[str, Guard] | None = None
) -> list[Reject]:
    """Let a function's code write a batch to the table, each row over what its guard allows; return its rejects."""

    def write(items: Sequence[WireItem]) -> list[Any]:
        left = []
        for place, item in enumerate(items):
            made, there = off_the_wire(item.text), table.items.get(item.key)
            if guards is not None and there != made and not guards[item.key].allows(there):
                left.append(RefusedItem(place, "it is another's", RejectCode.LEFT_ALONE))
                continue
            if item.key in table.items:
                table.overwritten.append(item.key)
            table.items[item.key] = made
        return left

    return migrate(batch, converter, write).rejects


@contextmanager
def _pythons_field_limit() -> Iterator[None]:
    """Undo what Step Functions' reader did to the csv module of this process: prepare runs in another."""
    before = csv.field_size_limit(_PYTHONS_FIELD_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)
