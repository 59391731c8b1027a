"""A source whose server wants credentials: an Airflow connection has them, and nobody else gets to see them."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.credentials import CredentialsError
from csvdynamo_airflow.source.download import Landed, download
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError
from csvdynamo_airflow.source.http.rules import HttpPolicy
from csvdynamo_airflow.tasks import steps
from csvdynamo_airflow.tasks.connections import source_credentials
from tests.canaries import CANARY, no_canary_logged, told
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.raw_server import serve_raw
from tests.integration.plugin.scripted_server import Answer, local_hosts, serve

CSV = b"ID,City\n1,Kent\n"
TOKEN = {"AIRFLOW_CONN_CARS": json.dumps({"conn_type": "http", "extra": {"token": CANARY}})}


@pytest.fixture(autouse=True)
def logged_at_debug() -> Iterator[io.StringIO]:
    """Everything that is logged with every logger at DEBUG, those that had a level of their own, too."""
    names = ["", "urllib3", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests"]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        with no_canary_logged() as text:
            yield text
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def telling() -> Iterator[list[str]]:
    """Gives what a log and a report hold of the block's error, if it has one."""
    message: list[str] = []
    try:
        yield message
    except Exception as error:
        message.append(told(error))
        raise


@pytest.fixture
def fetch(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Landed]:
    def run(url: str, *own: str, connection: str | None = "cars", local: tuple[str, ...] = ()) -> Landed:
        """Download from the data set's ``own`` hosts, and those that the worker's setting allows beside them."""
        source = Source("https://example.org/a.csv", "a.csv", connection=connection, hosts=local_hosts(*own))
        return download(
            url,
            dataset=Dataset("cars", source, Table("tb_cars", "ID")),
            bucket=BUCKET,
            s3=s3,
            run_id="run",
            local=LocalUse(hosts=local_hosts(*own, *local)),
            find_credentials=source_credentials,
            work_parent=tmp_path,
            policy=HttpPolicy(attempts=2, connect_timeout=5, read_timeout=5),
            sleep=lambda _seconds: None,
        )

    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    return run


def test_the_data_sets_hosts_are_asked_with_the_connections_credentials(fetch: Any) -> None:
    with serve(Answer(503), Answer(body=CSV, headers={"ETag": '"1"'})) as server:
        landed = fetch(server.url, server.url)

    assert [request["Authorization"] for request in server.requests] == [f"Bearer {CANARY}"] * 2
    assert CANARY not in json.dumps(landed.to_json())


def test_the_task_download_asks_with_them_and_leaves_nothing_of_them(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    with serve(Answer(body=CSV)) as server:
        host = urlsplit(server.url).netloc
        monkeypatch.setenv("CSVDYNAMO_LOCAL_HOSTS", host)
        source = Source("https://example.org/a.csv", "a.csv", connection="cars", hosts=local_hosts(server.url))
        dataset = Dataset("cars", source, Table("tb_cars", "ID"))
        monkeypatch.setattr(steps, "open_dataset", lambda _name: dataset)
        monkeypatch.setattr(steps, "open_stack", lambda *_: SimpleNamespace(bucket=BUCKET))
        monkeypatch.setattr(steps, "refuse_other_table", lambda *_: None)
        monkeypatch.setattr(steps, "client", lambda _service: s3)

        left = steps.download_source("cars", f"{server.url}&token={CANARY}", "run")

    assert [request["Authorization"] for request in server.requests] == [f"Bearer {CANARY}"]
    assert CANARY not in json.dumps(left)


@pytest.mark.parametrize(
    "extra",
    [{"token": CANARY}, {"headers": {"X-App-Token": CANARY, "Cookie": f"session={CANARY}"}}],
    ids=["token", "headers"],
)
def test_where_a_redirect_leads_to_another_host_nothing_of_them_goes_nor_into_log_or_report(
    fetch: Any, monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CARS", json.dumps({"conn_type": "http", "extra": extra}))
    etag = {"ETag": '"1"'}
    rest = Answer(206, CSV[5:], {**etag, "Content-Range": f"bytes 5-{len(CSV) - 1}/{len(CSV)}"})

    with serve(Answer(body=CSV, headers=etag, cut_after=5), rest) as other, serve(Answer(302)) as server:
        server.answers = [Answer(302, headers={"Location": f"{other.url}&sig={CANARY}"})]
        landed = fetch(server.url, server.url, other.url)

    assert [CANARY in json.dumps(request) for request in server.requests] == [True, True]
    assert [CANARY in json.dumps(request) for request in other.requests] == [False, False]
    assert landed.bytes == len(CSV)
    assert CANARY not in json.dumps(landed.to_json())


def test_a_host_that_a_workers_setting_alone_allows_is_not(fetch: Any) -> None:
    with serve(Answer(401)) as server, pytest.raises(DownloadError, match="make an Airflow connection"):
        fetch(server.url, local=(server.url,))

    assert [request.get("Authorization") for request in server.requests] == [None]


def test_a_file_needs_no_connection(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    dataset = Dataset("cars", Source("https://example.org/a.csv", "a.csv", connection="none"), Table("tb_t", "ID"))

    landed = download(
        "a.csv",
        dataset=dataset,
        bucket=BUCKET,
        s3=s3,
        run_id="run",
        local=LocalUse(tmp_path),
        find_credentials=source_credentials,
    )

    assert landed.bytes == len(CSV)


def test_a_connection_that_there_is_not_is_named_before_anything_is_asked(fetch: Any) -> None:
    with (
        serve(Answer(body=CSV)) as server,
        pytest.raises(CredentialsError, match="no Airflow connection 'no'"),
    ):
        fetch(server.url, server.url, connection="no")

    assert server.requests == []


def test_a_refusal_names_the_connection_and_not_what_is_in_it(fetch: Any) -> None:
    with (
        serve(Answer(403)) as server,
        pytest.raises(DownloadError, match="the credentials of the Airflow connection 'cars'") as refusal,
    ):
        fetch(server.url, server.url)

    assert CANARY not in told(refusal.value)


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(body=CSV)],
        [Answer(503), Answer(body=CSV)],
        [Answer(body=CSV, cut_after=5), Answer(body=CSV)],
        [Answer(302, headers={"Location": f"/other.csv?sig={CANARY}"}), Answer(body=CSV)],
    ],
    ids=["at once", "at the second attempt", "after a cut", "redirected"],
)
def test_a_token_in_a_query_is_in_no_log_whatever_the_level(
    fetch: Any, answers: list[Answer], logged_at_debug: io.StringIO
) -> None:
    with serve(*answers) as server:
        landed = fetch(f"{server.url}&token={CANARY}&{CANARY}", server.url)

    assert CANARY in server.paths[0]
    assert landed.url == server.shown
    assert "rows.csv" in logged_at_debug.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: //user:" + CANARY.encode() + b"@127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://evil.net/?" + CANARY.encode() + b"\r\n\r\n",
        b"HTTP/1.1 404 No\r\n\r\n",
        b"",
    ],
)
def test_a_malformed_answer_brings_no_query_into_a_log_or_a_message(fetch: Any, head: bytes) -> None:
    refused = suppress(DownloadError, DownloadPostponedError)
    with serve_raw(lambda _headers: [head, CSV]) as server, refused, telling() as message:
        fetch(f"{server.url}?token={CANARY}", server.url)

    assert CANARY not in "".join(message)


def test_a_server_that_is_not_there_brings_no_query_into_a_log_or_a_message(fetch: Any) -> None:
    with serve(Answer(body=CSV)) as server:
        url = server.url

    with pytest.raises(DownloadPostponedError, match="refused") as failure:
        fetch(f"{url}&token={CANARY}", url)

    assert CANARY not in told(failure.value)
