"""A source that its publisher says is the one that the last green run landed is not fetched again."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import Write, WriteMode
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.preparation.same_source.made_by import made_by
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared, prepared_document_key
from csvdynamo_airflow.snapshots.pointer import StoredPointer, pointer_key
from csvdynamo_airflow.source.download import download
from csvdynamo_airflow.source.http.rules import HttpPolicy
from tests.hostile.in_process import BUCKET, MemoryBucket
from tests.integration.plugin.scripted_server import Answer, ScriptedServer, local_hosts, serve
from tests.unit.plugin.run_findings import SNAPSHOT, difference, prepared_file

CSV, OTHER = b"id,city\r\na,Kent\r\n", b"id,city\r\na,Bonn\r\n"
ETAG = {"ETag": '"one"'}


class Publisher:
    """A server that asks its script, and the bucket of a data set that takes from it."""

    def __init__(self, server: ScriptedServer, folder: Path) -> None:
        self.server = server
        self.s3: Any = MemoryBucket()
        self.folder = folder
        self.dataset = Dataset(
            "cars", Source(server.url, "cars.csv"), Table("tb_cars", "id"), write=Write(WriteMode.CHANGED)
        )

    def download(self, url: str | None = None, *, force: bool = False) -> Landed:
        return download(
            url or self.server.url,
            dataset=self.dataset,
            bucket=BUCKET,
            s3=self.s3,
            run_id="run",
            local=LocalUse(hosts=local_hosts(self.server.url)),
            work_parent=self.folder,
            policy=HttpPolicy(attempts=2),
            sleep=lambda _: None,
            force=force,
        )

    def migrate(self, **changes: Any) -> Landed:
        """Be green with what the server has."""
        landed = self.download()
        told = {"source": landed, "usual_source": True, "made_by": made_by(self.dataset), "execution_name": "cars-0"}
        prepared = prepared_file(1, bucket=BUCKET, difference=difference(new=1), **{**told, **changes})
        keep_prepared(self.s3, prepared, self.dataset)
        pointer = StoredPointer(self.s3, BUCKET, "cars")
        pointer.claim("cars-0", None, make=True)
        pointer.remember(SNAPSHOT)
        return landed

    @property
    def asked(self) -> str | None:
        """What the last request was conditional on."""
        return self.server.requests[-1].get("If-None-Match")


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    with serve(Answer(body=CSV, headers=ETAG), Answer(304, headers=ETAG)) as server:
        yield Publisher(server, tmp_path)


def test_what_landed_then_is_taken_where_the_publisher_says_that_it_is_the_same(publisher: Publisher) -> None:
    landed = publisher.migrate()
    before = dict(publisher.s3.objects)

    assert publisher.download() == landed

    assert (publisher.asked, publisher.s3.objects) == ('"one"', before)


def test_what_the_publisher_sends_all_the_same_is_told_by_its_digest(publisher: Publisher) -> None:
    landed = publisher.migrate()
    publisher.server.answers[:] = [Answer(body=OTHER, headers=ETAG)]

    again = publisher.download()

    assert (again.sha256 != landed.sha256, publisher.s3.objects[again.key]) == (True, OTHER)


def expire(publisher: Publisher) -> None:
    """Let what landed be two days old, where the bucket keeps it for so many."""
    head = publisher.s3.head_object
    old = {"LastModified": datetime.now(UTC) - timedelta(days=2)}
    publisher.s3.head_object = lambda **asked: {**head(**asked), **old}
    publisher.dataset = replace(publisher.dataset, protection=Protection(keep_landing_days=2))


def change_kept(publisher: Publisher, **changes: Any) -> None:
    key = prepared_document_key("cars", "cars-0")
    publisher.s3.objects[key] = json.dumps({**json.loads(publisher.s3.objects[key]), **changes}).encode()


def drop_landed(publisher: Publisher, body: bytes | None = None) -> None:
    for key in [key for key in publisher.s3.objects if key.startswith("landing/")]:
        del publisher.s3.objects[key]


@pytest.mark.parametrize(
    "doubt",
    [
        drop_landed,
        expire,
        lambda publisher: publisher.s3.objects.pop(pointer_key("cars")),
        lambda publisher: publisher.s3.objects.pop(prepared_document_key("cars", "cars-0")),
        lambda publisher: change_kept(publisher, usual_source=False),
        lambda publisher: change_kept(publisher, made_by=""),
        lambda publisher: change_kept(publisher, source_warnings=["Its last record is no row."]),
        lambda publisher: setattr(publisher, "dataset", replace(publisher.dataset, write=Write())),
    ],
)
def test_it_is_fetched_whatever_it_is_where_anything_is_in_doubt(publisher: Publisher, doubt: Any) -> None:
    landed = publisher.migrate()
    doubt(publisher)
    publisher.server.answers[:] = [Answer(body=CSV, headers=ETAG)]

    again = publisher.download()

    assert (publisher.asked, again.sha256) == (None, landed.sha256)


def test_so_it_is_by_force_and_from_another_address(publisher: Publisher) -> None:
    """Two addresses may differ in nothing but their queries, which nobody keeps."""
    publisher.migrate()
    publisher.server.answers[:] = [Answer(body=CSV, headers=ETAG)]

    publisher.download(force=True)
    assert publisher.asked is None

    publisher.download(f"{publisher.server.url}&page=2")
    assert publisher.asked is None
