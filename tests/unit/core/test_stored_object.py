import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError

from csvdynamo.aws.stored_object import PIECE_BYTES, SIX_TRIES, object_chunks, read_object, read_versioned

CONTENT = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"the end"
AT_ONCE = replace(SIX_TRIES, sleep=lambda seconds: None)


def etag_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Body(io.BytesIO):
    """An answer's body that breaks off after some chunks."""

    def __init__(self, content: bytes, chunks: int | None) -> None:
        super().__init__(content)
        self._chunks = chunks

    def iter_chunks(self, size: int) -> Any:
        while chunk := self.read(size):
            if self._chunks is not None:
                self._chunks -= 1
                if self._chunks < 0:
                    raise ResponseStreamingError(error="cut")
            yield chunk


class S3:
    """One object, whose answers break off after so many chunks each; None for one that is whole."""

    def __init__(self, *chunks: int | None, content: bytes = CONTENT) -> None:
        self.content = content
        self.asked: list[str] = []
        self._chunks = iter(chunks)

    def replace(self) -> None:
        """Put another object in its place, once."""
        if self.content == CONTENT:
            self.content = CONTENT[::-1]

    def get_object(self, *, Bucket: str, Key: str, Range: str = "bytes=0-", IfMatch: str = "") -> Any:  # noqa: N803
        etag = etag_of(self.content)
        if IfMatch not in {"", etag}:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "GetObject")
        self.asked.append(Range)
        start = int(Range.removeprefix("bytes=").removesuffix("-"))
        return {"Body": Body(self.content[start:], next(self._chunks)), "ETag": etag}


def chunks_of(s3: S3) -> Any:
    return object_chunks(s3, "bucket", "key", backoff=AT_ONCE)


def test_an_answer_that_breaks_off_goes_on_where_it_did() -> None:
    s3 = S3(2, 0, 1, None)

    assert b"".join(chunks_of(s3)) == CONTENT

    assert s3.asked == ["bytes=0-", *[f"bytes={2 * PIECE_BYTES}-"] * 2, f"bytes={3 * PIECE_BYTES}-"]


def test_what_is_told_of_the_object_is_of_the_answer_whose_bytes_are_given() -> None:
    s3, told = S3(0, 1, None), list[Any]()
    chunks = object_chunks(
        s3, "bucket", "key", answered=told.append, backoff=replace(SIX_TRIES, sleep=lambda seconds: s3.replace())
    )

    assert b"".join(chunks) == s3.content

    assert s3.content != CONTENT
    assert [answer["ETag"] for answer in told] == [etag_of(CONTENT), etag_of(s3.content)]


def test_bytes_that_arrive_make_the_tries_begin_anew() -> None:
    s3 = S3(*[0] * 5, 1, *[0] * 4, None)

    assert b"".join(chunks_of(s3)) == CONTENT


def test_an_answer_that_breaks_off_again_and_again_is_given_up() -> None:
    s3 = S3(*[0] * 99)

    with pytest.raises(ResponseStreamingError):
        b"".join(chunks_of(s3))

    assert len(s3.asked) == 6


def test_the_waits_between_the_tries_double() -> None:
    sleeps: list[float] = []
    backoff = replace(SIX_TRIES, sleep=sleeps.append, uniform=lambda: 1.0)

    with pytest.raises(ResponseStreamingError):
        b"".join(object_chunks(S3(*[0] * 99), "bucket", "key", backoff=backoff))

    assert sleeps == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_an_object_that_is_replaced_meanwhile_is_not_read_as_one() -> None:
    s3 = S3(1, None)
    chunks = chunks_of(s3)
    next(chunks)

    s3.content = CONTENT[::-1]

    with pytest.raises(ClientError, match="PreconditionFailed"):
        next(chunks)


def test_an_object_that_is_not_there_is_asked_for_once() -> None:
    asked = []

    class Nothing:
        def get_object(self, **_: Any) -> Any:
            asked.append(1)
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

    with pytest.raises(ClientError, match="NoSuchKey"):
        read_object(Nothing(), "bucket", "key")

    assert asked == [1]


class Broken(io.BytesIO):
    """An answer's body that cannot be read to its end."""

    def read(self, size: int | None = -1) -> bytes:
        raise ResponseStreamingError(error="cut")


@pytest.mark.parametrize("broken", [0, 5, 6])
def test_a_small_object_is_read_whole_with_the_version_that_was_read(broken: int) -> None:
    answers = [{"Body": Broken(), "ETag": "old"}] * broken + [{"Body": io.BytesIO(b"{}"), "ETag": "new"}]
    s3: Any = type("S3", (), {"get_object": lambda self, **_: answers.pop(0)})()

    def read() -> tuple[bytes, str]:
        return read_versioned(s3, "bucket", "key", backoff=AT_ONCE)

    if broken < 6:
        assert read() == (b"{}", "new")
    else:
        with pytest.raises(ResponseStreamingError):
            read()
