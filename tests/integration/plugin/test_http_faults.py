"""Fetching from a server that cuts at any byte, says a wrong length, changes the file, or never ends."""

import gzip
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.http.fetch import fetch_http
from csvdynamo_airflow.source.http.rules import HttpPolicy
from csvdynamo_airflow.source.protocol import SourceRules
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.storage.growing_file import FileTooLargeError
from tests.integration.plugin.raw_server import RawServer, serve_raw
from tests.integration.plugin.scripted_server import local_hosts

CSV = b"VIN,DOL Vehicle ID\nV1,100\nV2,101\n"
OTHER = CSV.replace(b"V", b"W")
ETAG = 'ETag: "one"'


@pytest.fixture(autouse=True)
def bare_environment() -> Iterator[None]:
    """For each request, requests looks through all variables for a proxy, twice: a quarter of the CPU."""
    with patch.dict(os.environ, clear=True):
        yield


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return answer(body, f"Content-Length: {len(body)}", *headers, status=status)


def part(body: bytes, first: int, *headers: str) -> bytes:
    content_range = f"Content-Range: bytes {first}-{len(body) - 1}/{len(body)}"
    rest = body[first:]
    return answer(rest, f"Content-Length: {len(rest)}", content_range, *headers, status="206 Partial Content")


def chunked(body: bytes, size: int, form: str = "x") -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(f"{len(piece):{form}}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return answer(chunks + f"{0:{form}}\r\n\r\n".encode(), "Transfer-Encoding: chunked", ETAG)


def fetch(
    server: RawServer,
    target: Path,
    *,
    attempts: int = 3,
    clock: Callable[[], float] = lambda: 0.0,
    max_bytes: int = 10_000,
    max_seconds: float = 60,
    sleep: Callable[[float], None] = lambda _seconds: None,
    read_timeout: float = 10,
) -> Fetched:
    rules = SourceRules(local_hosts=local_hosts(server.url), max_bytes=max_bytes, max_seconds=max_seconds)
    policy = HttpPolicy(attempts=attempts, connect_timeout=10, read_timeout=read_timeout)
    return fetch_http(
        admit(server.url, rules), target, lambda *_: None, rules=rules, policy=policy, sleep=sleep, clock=clock
    )


def first_cut_then_whole(full: bytes, cut: int, again: Callable[[dict[str, str]], bytes]) -> Callable[..., list[bytes]]:
    answers = iter([lambda _headers: full[:cut], again, again])
    return lambda headers: [next(answers)(headers)]


def honours_range(headers: dict[str, str]) -> bytes:
    asked = headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
    return part(CSV, int(asked), ETAG) if "range" in headers else whole(CSV, ETAG)


CUTS = {
    "with Range": (whole(CSV, ETAG), honours_range),
    "ignoring Range": (whole(CSV, ETAG), lambda _headers: whole(CSV, ETAG)),
    "without a version": (whole(CSV), lambda _headers: whole(CSV)),
    "another version": (whole(OTHER, 'ETag: "zero"'), lambda _headers: whole(CSV, ETAG)),
    "chunked": (chunked(CSV, 11), lambda _headers: chunked(CSV, 11)),
    "chunked, sizes with leading zeros": (chunked(CSV, 17, "04x"), honours_range),
    "chunked, then with Range": (chunked(CSV, 5), honours_range),
}


@pytest.mark.parametrize("kind", CUTS)
def test_an_answer_cut_at_whichever_byte_gives_the_whole_file(tmp_path: Path, kind: str) -> None:
    full, again = CUTS[kind]

    for cut in range(len(full)):
        with serve_raw(first_cut_then_whole(full, cut, again)) as server:
            fetched = fetch(server, tmp_path / "source")

        assert (tmp_path / "source").read_bytes() == CSV, f"cut after {full[:cut]!r}"
        # What is missing of the last chunk's end is no byte of the file.
        complete = full.startswith(b"HTTP/1.1 200 OK\r\nTransfer") and cut >= len(full) - 4
        assert len(server.requests) >= (1 if complete else 2), f"cut after {full[:cut]!r}"
        assert fetched.etag in {'"one"', None}


def test_a_body_compressed_unasked_is_whole_whichever_byte_it_was_cut_at(tmp_path: Path) -> None:
    packed = gzip.compress(CSV, mtime=0)
    full = whole(packed, ETAG, "Content-Encoding: gzip")

    for cut in range(len(full)):
        with serve_raw(first_cut_then_whole(full, cut, lambda _headers: full)) as server:
            fetch(server, tmp_path / "source")

        assert (tmp_path / "source").read_bytes() == packed
        assert all("range" not in request for request in server.requests)


def test_a_file_that_is_cut_again_and_again_is_put_together_from_its_parts(tmp_path: Path) -> None:
    def ten_bytes(headers: dict[str, str]) -> list[bytes]:
        full = honours_range(headers)
        body = full.index(b"\r\n\r\n") + 4
        return [full[: body + 10]]

    with serve_raw(ten_bytes) as server:
        fetch(server, tmp_path / "source", attempts=10)

    assert (tmp_path / "source").read_bytes() == CSV
    assert [request.get("range") for request in server.requests] == [None, "bytes=10-", "bytes=20-", "bytes=30-"]


def test_a_version_that_changes_at_every_attempt_is_never_joined_to_another(tmp_path: Path) -> None:
    versions = iter(range(100))

    def changed(headers: dict[str, str]) -> list[bytes]:
        version = next(versions)
        body = bytes([65 + version]) * 30
        tag = f'ETag: "{version}"'
        if version == 4:
            return [whole(body, tag)]
        if "range" in headers:
            return [part(body, int(headers["range"][6:-1]), tag)]
        return [whole(body, tag)[:-10]]

    with serve_raw(changed) as server:
        fetched = fetch(server, tmp_path / "source", attempts=10)

    assert (tmp_path / "source").read_bytes() == b"E" * 30
    assert fetched.etag == '"4"'


def test_a_part_of_a_file_that_grew_is_not_joined_though_no_version_tells(tmp_path: Path) -> None:
    date = "Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT"
    grown = OTHER + b"W3,102\n"
    answers = iter([whole(CSV, date)[:-5], part(grown, len(CSV) - 5), whole(grown)])

    with serve_raw(lambda _headers: [next(answers)]) as server:
        fetch(server, tmp_path / "source")

    assert (tmp_path / "source").read_bytes() == grown
    assert len(server.requests) == 3


def test_a_part_that_does_not_say_how_long_the_file_is_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    unasked = answer(CSV[:10], "Content-Length: 10", "Content-Range: bytes 0-9/*", status="206 Partial Content")

    with serve_raw(lambda _headers: [unasked]) as server, pytest.raises(DownloadPostponedError, match="other bytes"):
        fetch(server, tmp_path / "source")


VERSIONS = {"one": CSV, "two": OTHER, "three": OTHER + b"W3,102\n"}
BUSY = [
    whole(b"busy", status=status) for status in ("202 Accepted", "429 Too Many Requests", "500 Oops", "416 Not there")
]


def versioned(name: str, headers: dict[str, str]) -> bytes:
    """Answer as a good server of a version does: with the rest that was asked for, if it is of this version."""
    body, tag = VERSIONS[name], f'ETag: "{name}"'
    if "range" in headers and headers["if-range"] == f'"{name}"':
        return part(body, int(headers["range"][6:-1]), tag)
    return whole(body, tag)


def cut_body(full: bytes, cut: int) -> bytes:
    return full[: full.index(b"\r\n\r\n") + 4 + cut]


def faulty(name: str, fault: str, cut: int) -> Callable[[dict[str, str]], bytes]:
    """Make an answer of a version that is busy, cut, of other bytes than asked for, or longer than announced."""

    def give(headers: dict[str, str]) -> bytes:
        body, tag = VERSIONS[name], f'ETag: "{name}"'
        if fault == "busy":
            return BUSY[cut % len(BUSY)]
        if fault == "ranges ignored":
            return cut_body(whole(body, tag), cut)
        if fault == "wrong part" and "range" in headers:
            return part(body, cut % len(body), tag)
        if fault == "versions ignored" and "range" in headers:
            return part(body, min(int(headers["range"][6:-1]), len(body) - 1), tag)
        if fault == "too long":
            return answer(body, f"Content-Length: {cut % len(body)}", tag)
        return cut_body(versioned(name, headers), cut)

    return give


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.lists(
        st.builds(
            faulty,
            st.sampled_from(sorted(VERSIONS)),
            st.sampled_from(["busy", "cut", "ranges ignored", "wrong part", "versions ignored", "too long"]),
            st.integers(0, 40),
        ),
        max_size=6,
    ),
    last=st.sampled_from(sorted(VERSIONS)),
)
def test_whatever_goes_wrong_before_the_file_is_one_version_of_it_whole(
    tmp_path: Path, faults: list[Callable[[dict[str, str]], bytes]], last: str
) -> None:
    answers = iter([*faults, lambda headers: versioned(last, headers), lambda headers: versioned(last, headers)])

    with serve_raw(lambda headers: [next(answers)(headers)]) as server:
        fetched = fetch(server, tmp_path / "source", attempts=len(faults) + 2)

    assert fetched.etag is not None
    assert (tmp_path / "source").read_bytes() == VERSIONS[fetched.etag.strip('"')]


@pytest.mark.parametrize("announced", [0, 1, 10, len(CSV) - 1, len(CSV) + 1, len(CSV) + 1000])
def test_a_length_that_is_wrong_is_no_file(tmp_path: Path, announced: int) -> None:
    wrong = answer(CSV, f"Content-Length: {announced}", ETAG)

    with (
        serve_raw(lambda headers: [wrong]) as server,
        pytest.raises(DownloadPostponedError, match=r"more bytes came than were announced|IncompleteRead"),
    ):
        fetch(server, tmp_path / "source")

    assert len(server.requests) == 3


def test_a_length_that_was_too_small_once_does_not_leave_its_bytes_behind(tmp_path: Path) -> None:
    longer_than_a_piece = OTHER * 10_000
    too_small = f"Content-Length: {len(longer_than_a_piece) - 10}"
    answers = iter([answer(longer_than_a_piece, too_small, ETAG), whole(CSV, ETAG)])

    with serve_raw(lambda _headers: [next(answers)]) as server:
        fetch(server, tmp_path / "source", max_bytes=1_000_000)

    assert (tmp_path / "source").read_bytes() == CSV
    assert "range" not in server.requests[1]


@pytest.mark.parametrize("length", ["\u00b2", "-5", "1, 2", "9" * 5000, "ten"])
def test_a_length_that_is_no_number_is_no_reason_to_fail_otherwise(tmp_path: Path, length: str) -> None:
    odd = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode("latin-1") + CSV

    with serve_raw(lambda _headers: [odd]) as server:
        try:
            fetch(server, tmp_path / "source")
        except (DownloadError, DownloadPostponedError):
            return

    assert (tmp_path / "source").read_bytes() == CSV


@pytest.mark.parametrize("value", ["\u00b2", "9" * 5000, "Mon, 99999999999 Nov 2026", "1e9", "-1"])
def test_a_retry_after_that_is_nonsense_is_no_reason_to_fail(tmp_path: Path, value: str) -> None:
    later = f"HTTP/1.1 429 Too Many\r\nRetry-After: {value}\r\n\r\n".encode("latin-1")
    answers = iter([later, whole(CSV)])

    with serve_raw(lambda _headers: [next(answers)]) as server:
        fetch(server, tmp_path / "source")

    assert (tmp_path / "source").read_bytes() == CSV


def endless(_headers: dict[str, str]) -> Iterator[bytes]:
    """Send what would be for ever, if a broken test did not have to end."""
    yield answer(b"", "Content-Type: text/csv")
    for _ in range(1000):
        yield b"V1,100\n" * 1000


def endless_chunks(_headers: dict[str, str]) -> Iterator[bytes]:
    """Send the same in chunks."""
    yield answer(b"", "Transfer-Encoding: chunked")
    for _ in range(1000):
        yield b"7\r\nV1,100\n\r\n" * 1000
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("sends", [endless, endless_chunks])
def test_a_server_that_sends_for_ever_is_stopped_at_the_size_limit(
    tmp_path: Path, sends: Callable[..., object]
) -> None:
    with (
        serve_raw(sends) as server,  # type: ignore[arg-type]
        pytest.raises(FileTooLargeError, match=r"rows\.csv.*10,000 bytes.*source\.max_bytes"),
    ):
        fetch(server, tmp_path / "source")

    assert (tmp_path / "source").stat().st_size <= 10_000
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "503 Busy"])
def test_the_endless_body_of_another_answer_than_the_file_is_not_read(tmp_path: Path, status: str) -> None:
    read_on = []

    def sends(_headers: dict[str, str]) -> Iterator[bytes]:
        yield answer(b"", "Location: /gone", status=status)
        for _ in range(1000):
            read_on.append(1)
            yield b"x" * 100_000

    with serve_raw(sends) as server, pytest.raises((DownloadError, DownloadPostponedError)):
        fetch(server, tmp_path / "source", attempts=1)

    assert len(read_on) < 1000


def test_a_length_beyond_the_size_limit_is_refused_before_the_body(tmp_path: Path) -> None:
    with (
        serve_raw(lambda _headers: [answer(b"", "Content-Length: 10001")]) as server,
        pytest.raises(FileTooLargeError, match=r"source\.max_bytes"),
    ):
        fetch(server, tmp_path / "source")

    assert not (tmp_path / "source").exists()


def test_a_file_of_just_the_size_limit_is_taken(tmp_path: Path) -> None:
    with serve_raw(lambda _headers: [whole(CSV)]) as server:
        fetch(server, tmp_path / "source", max_bytes=len(CSV))

    assert (tmp_path / "source").read_bytes() == CSV


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "head", [answer(b""), answer(b"", "Content-Length: 9000"), answer(b"", "Transfer-Encoding: chunked")]
)
def test_a_server_that_sends_byte_by_byte_is_stopped_at_the_time_limit(tmp_path: Path, head: bytes) -> None:
    clock = Clock()
    sent = []

    def one_byte_an_hour(_headers: dict[str, str]) -> Iterator[bytes]:
        yield head
        if b"chunked" in head:
            yield b"1000\r\n"
        while True:
            clock.now += 3600
            sent.append(1)
            yield b"V"

    with (
        serve_raw(one_byte_an_hour) as server,
        pytest.raises(DownloadError, match=r"rows\.csv was not downloaded within the 60 s that source\.max_seconds"),
    ):
        fetch(server, tmp_path / "source", clock=clock)

    assert len(server.requests) == 1


def test_waits_and_attempts_count_towards_the_time_limit(tmp_path: Path) -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    later = answer(b"", "Content-Length: 0", "Retry-After: 25", status="429 Too Many Requests")
    with serve_raw(lambda _headers: [later]) as server, pytest.raises(DownloadError, match=r"max_seconds.*HTTP 429"):
        fetch(server, tmp_path / "source", clock=clock, attempts=10, sleep=sleep)

    assert clock.now == 50  # the third wait would have ended after the limit
    assert len(server.requests) == 3


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_server_that_never_comes_to_the_body_is_cut_off_at_the_time_limit(tmp_path: Path, begin: bytes) -> None:
    """The limit is a real one here, since nobody looks at the clock within a header."""

    def silent(_headers: dict[str, str]) -> Iterator[bytes]:
        yield begin
        for _ in range(1000):
            sent.append(1)
            yield b"x"
            never.wait(0.01)

    sent: list[int] = []
    never = Event()
    with serve_raw(silent) as server, pytest.raises(DownloadError, match="max_seconds"):
        fetch(server, tmp_path / "source", clock=time.monotonic, max_seconds=0.2)

    assert len(sent) < 1000


def test_a_silent_server_is_not_waited_for_longer_than_the_policy_says(tmp_path: Path) -> None:
    heard_enough = Event()

    def stops(_headers: dict[str, str]) -> Iterator[bytes]:
        yield whole(CSV, ETAG)[:-10]
        heard_enough.wait(30)

    with serve_raw(stops) as server:
        try:
            with pytest.raises(DownloadPostponedError, match="Read timed out"):
                fetch(server, tmp_path / "source", attempts=2, read_timeout=0.05)
        finally:
            heard_enough.set()
