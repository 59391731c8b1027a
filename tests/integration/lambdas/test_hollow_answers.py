"""HTTP 200 that confirms nothing: the function's own calls, its writer, and a server that answers so."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest

from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import batch_write
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.writing.batch_writer import BatchWriter
from tests.integration.plugin.raw_server import serve_raw
from tests.support.write_door import on_the_wire

KEY = TableKey(KeyAttribute("id"))
GOOD = b'{"UnprocessedItems":{}}'


def answer(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/x-amz-json-1.0", "Connection: close", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


HOLLOW = {
    "a web page": answer(b"<html><body>Welcome to the hotel</body></html>"),
    "an empty body": answer(b""),
    "an empty document": answer(b"{}"),
    "another document": answer(b'{"Responses":{}}'),
    "a document that is cut": answer(GOOD[:-3]),
    "a body shorter than it says": answer(GOOD[:10], length=len(GOOD)),
    "a body against its checksum": answer(GOOD, f"x-amz-crc32: {crc32(GOOD) ^ 1}"),
}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)


def write(answers: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Write an item to a server that gives these answers one after another; return what it was asked."""
    left = iter(answers)

    def reply(_headers: dict[str, str]) -> Iterator[bytes]:
        yield next(left)

    with serve_raw(reply) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{server.port}")
        backoff = Backoff(remaining_seconds=lambda: 60.0, sleep=lambda _: None, margin_seconds=0.0)
        writer = BatchWriter(batch_write(), "cars", KEY, backoff)
        assert writer.write([on_the_wire({"id": {"S": "1"}}, KEY)]) == []
    return server.requests


@pytest.mark.parametrize("hollow", HOLLOW.values(), ids=HOLLOW.keys())
def test_an_item_counts_as_written_only_when_the_answer_says_so(
    credentials: None, monkeypatch: pytest.MonkeyPatch, hollow: bytes
) -> None:
    asked = write([hollow, hollow, answer(GOOD)], monkeypatch)

    assert len(asked) == 3


@pytest.mark.parametrize("hollow", [answer(b"null"), answer(b"[]")], ids=["null", "a list"])
def test_an_answer_that_botocore_itself_cannot_read_fails_the_batch(
    credentials: None, monkeypatch: pytest.MonkeyPatch, hollow: bytes
) -> None:
    with pytest.raises((AttributeError, TypeError)):
        write([hollow], monkeypatch)


def test_an_answer_with_its_checksum_is_believed(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(write([answer(GOOD, f"x-amz-crc32: {crc32(GOOD)}")], monkeypatch)) == 1
