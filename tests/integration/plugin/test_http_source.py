"""Fetching over real HTTP from a server that fails in every way that the register's server was seen to."""

import gzip
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.http.fetch import fetch_http
from csvdynamo_airflow.source.http.rules import HttpPolicy, Version
from csvdynamo_airflow.source.protocol import SourceRules
from csvdynamo_airflow.source.source_url import admit
from tests.integration.plugin.scripted_server import Answer, ScriptedServer, local_hosts, serve

CSV = b"VIN,DOL Vehicle ID\n" + b"".join(b"%d,%d\n" % (n, n) for n in range(1000))
OTHER = CSV.replace(b"5", b"6") + b"1000,1000\n"
ETAG = {"ETag": '"one"'}


class Download:
    """A download with three attempts that waits for nobody, and what it left."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "source"
        self.waits: list[float] = []
        self.progress: list[tuple[int, int | None]] = []

    def run(self, url: str, known: Version | None = None) -> Fetched:
        rules = SourceRules(local_hosts=local_hosts(url))
        return fetch_http(
            admit(url, rules),
            self.target,
            lambda done, total: self.progress.append((done, total)),
            rules=rules,
            policy=HttpPolicy(attempts=3, connect_timeout=5, read_timeout=5),
            sleep=self.waits.append,
            jitter=lambda _low, high: high,
            known=known,
        )


@pytest.fixture
def download(tmp_path: Path) -> Download:
    return Download(tmp_path)


def part(body: bytes, first: int, **headers: str) -> Answer:
    content_range = {"Content-Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
    return Answer(206, body[first:], {**ETAG, **content_range, **headers})


def asked_ranges(server: ScriptedServer) -> list[str | None]:
    return [request.get("Range") for request in server.requests]


def test_a_plain_answer_is_stored_with_its_metadata(download: Download) -> None:
    headers = {**ETAG, "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT", "Content-Type": "text/csv"}

    with serve(Answer(body=CSV, headers=headers)) as server:
        fetched = download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert fetched == Fetched('"one"', "Mon, 02 Nov 2026 10:00:00 GMT", "text/csv")
    assert fetched.called == "Its server calls it Content-Type text/csv."
    assert download.progress[-1] == (len(CSV), len(CSV))
    assert server.requests[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [202, 408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_pass_is_asked_for_again(download: Download, status: int) -> None:
    with serve(Answer(status, b"not yet"), Answer(body=CSV)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert download.waits == [2.0]


PENDING = Answer(
    body=b'{"status": "Pending", "asked": "https://x/?token=s3cr3t"}', headers={"Retry-After": "7", **ETAG}
)


def test_an_answer_that_says_it_is_not_the_file_yet_is_asked_for_again(download: Download) -> None:
    with serve(PENDING, Answer(202), Answer(body=CSV)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert download.waits == [7.0, 4.0]
    assert asked_ranges(server) == [None, None, None]


def test_an_answer_that_stays_none_is_named(download: Download) -> None:
    with serve(PENDING) as server, pytest.raises(DownloadPostponedError) as told:
        download.run(server.url)

    assert len(server.requests) == 3
    assert 'HTTP 200 OK, with an answer that is not the file yet: {"status": "Pending"}' in str(told.value)
    assert "s3cr3t" not in str(told.value)


def test_a_json_object_that_says_nothing_of_the_kind_is_what_came(download: Download) -> None:
    with serve(Answer(body=b'{"status": "Failed"}')) as server:
        download.run(server.url)

    assert download.target.read_bytes() == b'{"status": "Failed"}'


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_refusal_is_final_at_once(download: Download, status: int) -> None:
    with serve(Answer(status, b"no")) as server, pytest.raises(DownloadError, match=f"rows.csv.*HTTP {status}"):
        download.run(server.url)

    assert len(server.requests) == 1


def test_retry_after_is_obeyed_where_it_asks_for_more(download: Download) -> None:
    with serve(
        Answer(429, headers={"Retry-After": "30"}), Answer(503, headers={"Retry-After": "1"}), Answer(body=CSV)
    ) as server:
        download.run(server.url)

    assert download.waits == [30.0, 4.0]


def test_a_retry_after_may_be_a_date_and_is_obeyed_within_bounds(download: Download) -> None:
    tomorrow = formatdate(time.time() + 86_400, usegmt=True)

    with serve(Answer(429, headers={"Retry-After": tomorrow}), Answer(202), Answer(body=CSV)) as server:
        download.run(server.url)

    assert download.waits == [300.0, 4.0]
    assert download.target.read_bytes() == CSV


def test_attempts_are_bounded_and_the_last_reason_is_told(download: Download) -> None:
    with serve(Answer(503, b"busy")) as server, pytest.raises(DownloadPostponedError, match=r"3 attempts.*HTTP 503"):
        download.run(server.url)

    assert len(server.requests) == 3
    assert len(download.waits) == 2


def test_a_cut_transfer_goes_on_where_it_stopped(download: Download) -> None:
    with serve(Answer(body=CSV, headers=ETAG, cut_after=5000), part(CSV, 5000)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert asked_ranges(server) == [None, "bytes=5000-"]
    assert server.requests[1]["If-Range"] == '"one"'


def test_a_cut_transfer_starts_again_where_the_server_ignores_ranges(download: Download) -> None:
    with serve(Answer(body=CSV, headers=ETAG, cut_after=5000), Answer(body=CSV, headers=ETAG)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV


def test_a_cut_transfer_of_an_unversioned_file_is_not_resumed(download: Download) -> None:
    with serve(Answer(body=CSV, cut_after=5000), Answer(body=CSV)) as server:
        download.run(server.url)

    assert asked_ranges(server) == [None, None]
    assert download.target.read_bytes() == CSV


def test_a_weak_etag_is_not_resumed_by(download: Download) -> None:
    weak = {"ETag": 'W/"one"'}

    with serve(Answer(body=CSV, headers=weak, cut_after=5000), Answer(body=CSV, headers=weak)) as server:
        download.run(server.url)

    assert asked_ranges(server) == [None, None]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_first_byte(download: Download) -> None:
    with serve(Answer(body=CSV, headers=ETAG, cut_after=5000), Answer(body=OTHER, headers={"ETag": '"two"'})) as server:
        fetched = download.run(server.url)

    assert download.target.read_bytes() == OTHER
    assert fetched.etag == '"two"'


def test_a_part_of_another_version_is_not_joined_to_the_first(download: Download) -> None:
    with serve(
        Answer(body=CSV, headers=ETAG, cut_after=5000),
        part(OTHER, 5000, ETag='"two"'),
        Answer(body=OTHER, headers={"ETag": '"two"'}),
    ) as server:
        download.run(server.url)

    assert download.target.read_bytes() == OTHER
    assert asked_ranges(server) == [None, "bytes=5000-", None]


def test_a_part_that_begins_elsewhere_is_not_joined_to_the_first(download: Download) -> None:
    rest = len(CSV) - 5000
    elsewhere = Answer(206, CSV[:rest], {**ETAG, "Content-Range": f"bytes 0-{rest - 1}/{len(CSV)}"})

    with serve(Answer(body=CSV, headers=ETAG, cut_after=5000), elsewhere, Answer(body=CSV, headers=ETAG)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert asked_ranges(server) == [None, "bytes=5000-", None]


def test_a_range_that_cannot_be_met_starts_again(download: Download) -> None:
    with serve(Answer(body=CSV, headers=ETAG, cut_after=5000), Answer(416), Answer(body=CSV, headers=ETAG)) as server:
        download.run(server.url)

    assert asked_ranges(server) == [None, "bytes=5000-", None]
    assert download.target.read_bytes() == CSV


def test_a_body_shorter_than_announced_fails_after_every_attempt(download: Download) -> None:
    short = Answer(body=CSV, headers={"Content-Length": str(len(CSV) + 10)}, cut_after=len(CSV))

    with serve(short) as server, pytest.raises(DownloadPostponedError, match="IncompleteRead"):
        download.run(server.url)

    assert len(server.requests) == 3


def test_parts_that_add_up_to_more_than_announced_are_not_accepted(download: Download) -> None:
    first = Answer(body=CSV, headers=ETAG, cut_after=5000)
    too_much = Answer(206, CSV[5000:], {**ETAG, "Content-Range": f"bytes 5000-{len(CSV) - 1}/{len(CSV) - 4}"})

    with serve(first, too_much, Answer(body=CSV, headers=ETAG)) as server:
        download.run(server.url)

    assert asked_ranges(server) == [None, "bytes=5000-", None]
    assert download.target.read_bytes() == CSV


def test_a_chunked_body_that_breaks_off_is_fetched_again(download: Download) -> None:
    with serve(Answer(body=CSV, chunked=True, cut_after=700), Answer(body=CSV, chunked=True)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert len(server.requests) == 2


def test_a_body_without_a_length_is_taken_and_warned_of(download: Download, caplog: pytest.LogCaptureFixture) -> None:
    with serve(Answer(body=CSV, silent_about_length=True, headers={"Connection": "close"})) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV
    assert "names no length" in caplog.text


def test_a_body_compressed_unasked_is_kept_as_it_came_and_never_resumed(download: Download) -> None:
    packed = gzip.compress(CSV)
    headers = {**ETAG, "Content-Encoding": "gzip"}

    with serve(Answer(body=packed, headers=headers, cut_after=50), Answer(body=packed, headers=headers)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == packed
    assert asked_ranges(server) == [None, None]


def test_a_redirect_is_followed(download: Download) -> None:
    with serve(Answer(302, headers={"Location": "/elsewhere.csv"}), Answer(body=CSV)) as server:
        download.run(server.url)

    assert download.target.read_bytes() == CSV


def test_a_redirect_without_end_is_final(download: Download) -> None:
    with (
        serve(Answer(302, headers={"Location": "/again"})) as server,
        pytest.raises(DownloadError, match="redirects more than 10 times"),
    ):
        download.run(server.url)

    assert len(server.requests) == 11


def test_a_refused_connection_is_tried_again_and_a_token_stays_out_of_log_and_message(
    download: Download, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(Answer(body=CSV)) as server:
        port = server.url.split(":")[2].split("/")[0]

    with pytest.raises(DownloadPostponedError, match="refused") as failure:
        download.run(f"http://127.0.0.1:{port}/rows.csv?$$app_token=s3cr3t")

    told = caplog.text + str(failure.value)
    assert "s3cr3t" not in told
    assert "rows.csv" in told
    assert failure.value.__cause__ is None
    assert len(download.waits) == 2


CHANGED = "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("known", "asked", "answered"),
    [
        (Version('"one"', CHANGED), ("If-None-Match", '"one"'), {"ETag": '"one"'}),
        (Version(None, CHANGED), ("If-Modified-Since", CHANGED), {"Last-Modified": CHANGED}),
    ],
)
def test_a_version_that_is_there_already_is_not_fetched(
    download: Download, known: Version, asked: tuple[str, str], answered: dict[str, str]
) -> None:
    with serve(Answer(304, headers=answered)) as server:
        fetched = download.run(server.url, known)

    assert fetched == Fetched(known.etag, known.last_modified, unchanged=True)
    assert not download.target.exists()
    conditions = [item for item in server.requests[0].items() if item[0].startswith("If-")]
    assert conditions == [asked]


@pytest.mark.parametrize("answered", [{}, {"ETag": '"two"'}, {"ETag": 'W/"one"'}, {"Last-Modified": CHANGED}])
def test_an_answer_304_that_does_not_name_the_version_is_not_believed(
    download: Download, answered: dict[str, str]
) -> None:
    with serve(Answer(304, headers=answered), Answer(body=CSV, headers=ETAG)) as server:
        fetched = download.run(server.url, Version('"one"', CHANGED))

    assert (fetched.unchanged, download.target.read_bytes()) == (False, CSV)
    assert [request.get("If-None-Match") for request in server.requests] == ['"one"', None]


@pytest.mark.parametrize("known", [Version('W/"one"', CHANGED), Version('"one', CHANGED), Version(None, "yesterday")])
def test_what_does_not_tell_bytes_apart_is_not_asked_by(download: Download, known: Version) -> None:
    with serve(Answer(body=CSV, headers=ETAG)) as server:
        download.run(server.url, known)

    assert [name for name in server.requests[0] if name.startswith("If-")] == []


def test_a_server_that_answers_304_unasked_has_no_file(download: Download) -> None:
    with serve(Answer(304, headers=ETAG)) as server, pytest.raises(DownloadError, match="HTTP 304"):
        download.run(server.url)


def test_what_came_in_part_is_gone_on_with_whatever_was_known(download: Download) -> None:
    other = {"ETag": '"two"'}
    with serve(Answer(body=CSV, headers=other, cut_after=99), part(CSV, 99, **other)) as server:
        fetched = download.run(server.url, Version('"one"', None))

    assert (fetched.unchanged, download.target.read_bytes()) == (False, CSV)
    assert [request.get("If-None-Match") for request in server.requests] == ['"one"', None]
