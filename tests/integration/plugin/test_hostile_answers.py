"""What a hostile server and a hostile file say, in the words of download and prepare: in no log or error is it raw."""

import csv
import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.preparation.prepare import prepare
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import Landed, download
from csvdynamo_airflow.source.http.rules import HttpPolicy
from csvdynamo_airflow.tasks.task_error import error_text
from tests.hostile.texts import HOSTILE, LONG, hold_shown
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.raw_server import serve_raw
from tests.integration.plugin.scripted_server import local_hosts
from tests.unit.plugin.run_findings import without_snapshot

RAW = b"\x1b[2J\x07\x9b31m\x85 \xe2\x80\xae\xff"
"""What a line of HTTP may hold of it."""


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """All that is logged; a test that lets through what is not printed, fails."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root, ours = logging.getLogger(), logging.getLogger("csvdynamo_airflow")
    level = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield text
    finally:
        ours.setLevel(level)
        root.removeHandler(handler)
    hold_shown(text.getvalue())


@pytest.fixture
def migrate(s3: Any, tmp_path: Path) -> Callable[..., str]:
    """download and prepare of a source; gives what their errors, if any, would say in a report."""

    def run(url: str, *columns: Column) -> str:
        source = Source("https://example.org/a.csv", "a.csv", hosts=local_hosts(url))
        dataset = Dataset("cars", source, Table("tb_cars", "ID"), columns=columns, gates=Gates(1))
        try:
            landed = download(
                url,
                dataset=dataset,
                bucket=BUCKET,
                s3=s3,
                run_id=HOSTILE.replace("\ud800", ""),
                local=LocalUse(tmp_path, local_hosts(url) if "//" in url else ()),
                work_parent=tmp_path,
                policy=HttpPolicy(attempts=2, connect_timeout=5, read_timeout=5),
                sleep=lambda _seconds: None,
            )
            assert isinstance(landed, Landed)
            for text in landed.to_json().values():
                hold_shown(str(text))
            prepare(
                landed,
                dataset,
                s3=s3,
                run_id="run",
                name_execution=lambda _: "cars-1",
                find_base=without_snapshot,
                work_parent=tmp_path,
            )
        except (MigrationError, MigrationPostponedError) as error:
            hold_shown(str(error))
            told = error_text(error)
            hold_shown(told, 2_000)
            return told
        return ""

    return run


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"HTTP/1.1 404 " + RAW + b"\r\n\r\n", r"HTTP 404 \x1b[2J\x07"),
        (b"HTTP/1.1 503 " + RAW * 9_000 + b"\r\n\r\n", "could not be downloaded in 2 attempts"),
        (b"HTTP/1.1 503 " + RAW + b"\r\n\r\n", r"HTTP 503 \x1b[2J\x07"),
        (b"HTTP/1.1 " + RAW + b"\r\n\r\n", r"\x1b[2J\x07"),
        (RAW + b"\r\n\r\n", r"\x1b[2J\x07"),
        (b"HTTP/1.1 302 x\r\nLocation: /" + RAW + b"\r\n\r\n", "redirects more than 10 times"),
        (b"HTTP/1.1 302 x\r\nLocation: https://" + RAW + b"/\r\n\r\n", "redirects to where nothing is fetched"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: " + RAW + b"\r\n\r\n", r"Content-Encoding \x1b[2J\x07"),
        (b"HTTP/1.1 200 OK\r\n" + RAW + b"\r\nContent-Length: 99\r\n\r\n", "is empty"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + RAW + b"\r\n", "could not be downloaded"),
        (b"HTTP/1.1 200 OK\r\nETag: " + RAW + b"\r\nContent-Type: " + RAW + b"\r\n\r\n", "begins with"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + RAW + b"\r\n", ""),
    ],
)
def test_a_servers_words_are_shown(migrate: Any, head: bytes, told: str, logged: io.StringIO) -> None:
    with serve_raw(lambda _headers: [head, b" " * 8192 if told == "begins with" else b""]) as server:
        text = migrate(server.url)

    assert told in text


def a_csv(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def a_zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "ID\n1\n")
    return out.getvalue()


NAME = HOSTILE.replace("\ud800", "").replace("\x00", "")


@pytest.mark.parametrize(
    "content",
    [
        a_csv(["ID", NAME], ["1", "x"]),
        a_csv(["ID", NAME, NAME], ["1", "x", "y"]),
        a_csv([NAME, LONG], ["1", "x"]),
        a_csv(["ID", "a"], ["1", HOSTILE], [NAME, NAME], [NAME, "b"]),
        a_csv(["ID", "a"], ["1", NAME], ["1", NAME, NAME]),
        b'ID,a\n1,"' + NAME.encode(),
        a_zip("a.txt", NAME),
        a_zip(NAME + ".csv", NAME + "2.csv"),
        NAME.encode() + b"<html>",
        b"<" + NAME.encode(),
    ],
)
def test_a_files_words_are_shown(migrate: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "source.csv").write_bytes(content)

    migrate("source.csv", Column(NAME), Column("ID", required=True))


def test_a_name_of_a_file_is_shown(migrate: Any, tmp_path: Path) -> None:
    assert "control characters" in migrate(NAME)
    assert "does not exist" in migrate("no\u00a0such.csv") or "control characters" in migrate("no\u00a0such.csv")
