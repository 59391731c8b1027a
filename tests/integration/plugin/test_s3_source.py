"""Objects of S3 as sources: what lands, what is refused and in which words, both limits, what changes or breaks off."""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import NoCredentialsError
from botocore.response import StreamingBody

from csvdynamo.aws import stored_object
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import download, refuse_beforehand
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError
from csvdynamo_airflow.source.protocol import SourceRules, SourceUrlError, Worker
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.storage.growing_file import FileTooLargeError
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.moto_bucket import bucket

PUBLISHER = "publisher"
KEY = "2026/my cars ü.csv"
URL = f"s3://{PUBLISHER}/{KEY}"
CSV = b"DOL Vehicle ID,City\n" + b"".join(b"%06d,Seattle\n" % number for number in range(300))
OTHER = CSV.replace(b"Seattle", b"Bothell")
PIECE = 1000


@pytest.fixture
def publisher(s3: Any) -> Iterator[Any]:
    """S3 with the publisher's bucket beside the stack's, and an object in it."""
    with bucket(s3, PUBLISHER):
        s3.put_object(Bucket=PUBLISHER, Key=KEY, Body=CSV, ContentType="text/csv")
        yield s3


@pytest.fixture
def on_get(publisher: Any) -> Iterator[Callable[..., None]]:
    """Registers what happens at GetObject calls, for one test."""
    registered = []

    def register(event: str, handler: Callable[..., Any]) -> None:
        publisher.meta.events.register(f"{event}.s3.GetObject", handler)
        registered.append((f"{event}.s3.GetObject", handler))

    yield register
    for event, handler in registered:
        publisher.meta.events.unregister(event, handler)


@pytest.fixture
def cut(on_get: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Lets answers break off after so many bytes each, and gives what was asked."""
    monkeypatch.setattr(stored_object, "PIECE_BYTES", PIECE)

    def set_up(*after: int | None, then: Callable[[], Any] = lambda: None) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []
        left = list(after)

        def note(params: dict[str, Any], **_: Any) -> None:
            asked.append({name: value for name, value in params["headers"].items() if name in ("Range", "If-Match")})

        def spoil(parsed: dict[str, Any], **_: Any) -> None:
            if left and "Body" in parsed and (most := left.pop(0)) is not None:
                content = parsed["Body"].read()
                parsed["Body"] = StreamingBody(io.BytesIO(content[:most]), len(content))
                then()

        on_get("before-call", note)
        on_get("after-call", spoil)
        return asked

    return set_up


@pytest.fixture
def answers(on_get: Callable[..., None]) -> Callable[[int, str, str], None]:
    """Lets S3 answer with an error."""

    def set_up(status: int, code: str, message: str = "So it is.") -> None:
        parsed = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
        on_get("before-call", lambda **_: (SimpleNamespace(status_code=status), parsed))

    return set_up


def dataset(url: str = URL, **source: Any) -> Dataset:
    return Dataset("cars", Source(url, "cars.csv", **source), Table("tb_cars", "DOL Vehicle ID"))


def fetch(s3: Any, work: Path, url: str = URL, of: Dataset | None = None, **options: Any) -> Any:
    return download(
        url,
        dataset=of or dataset(),
        bucket=BUCKET,
        s3=s3,
        run_id="run",
        work_parent=work,
        sleep=lambda _seconds: None,
        **options,
    )


def fetched_by(s3: Any, work: Path, rules: SourceRules) -> Any:
    """What the kind's own fetch gives, with limits that no data set file may have."""
    origin = admit(URL, rules)
    worker = Worker(s3, lambda *_: None, lambda _seconds: None, lambda _low, high: high)
    return origin.source.fetch(origin, work / "source", rules, worker)


def test_an_object_is_landed_byte_for_byte_with_what_s3_tells_of_it(publisher: Any, tmp_path: Path) -> None:
    told = publisher.head_object(Bucket=PUBLISHER, Key=KEY)
    progress: list[tuple[int, int | None]] = []

    landed = fetch(publisher, tmp_path, report_progress=lambda *both: progress.append(both))

    stored = publisher.get_object(Bucket=BUCKET, Key=landed.key)["Body"].read()
    assert stored == CSV
    assert (landed.url, landed.bytes, landed.sha256) == (URL, len(CSV), sha256(CSV).hexdigest())
    assert landed.etag == told["ETag"]
    assert landed.last_modified == told["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    assert landed.version_id is None
    assert progress[-1] == (len(CSV), len(CSV))
    assert list(tmp_path.iterdir()) == []


def test_of_a_bucket_with_versions_the_version_is_told(publisher: Any, tmp_path: Path) -> None:
    publisher.put_bucket_versioning(Bucket=PUBLISHER, VersioningConfiguration={"Status": "Enabled"})
    version = publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=OTHER)["VersionId"]

    landed = fetch(publisher, tmp_path)

    assert (landed.version_id, landed.sha256) == (version, sha256(OTHER).hexdigest())


def test_what_is_packed_or_empty_or_no_csv_is_as_of_any_source(publisher: Any, tmp_path: Path) -> None:
    packed = gzip.compress(CSV)
    publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=packed, ContentEncoding="gzip")
    assert fetch(publisher, tmp_path).sha256 == sha256(packed).hexdigest()

    publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=b"")
    with pytest.raises(Exception, match=re.escape(f"{URL} is empty")):
        fetch(publisher, tmp_path)

    publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=b"<!doctype html><p>Log in", ContentType="text/html")
    with pytest.raises(Exception, match=r"as a web page does.* Its server calls it Content-Type text/html"):
        fetch(publisher, tmp_path)


def test_of_the_publishers_bucket_objects_are_read_and_nothing_else_is_asked(publisher: Any, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.append((model.name, params["Bucket"]))

    publisher.meta.events.register("provide-client-params.s3.*", note)
    try:
        fetch(publisher, tmp_path)
    finally:
        publisher.meta.events.unregister("provide-client-params.s3.*", note)

    assert [name for name, of in asked if of == PUBLISHER] == ["GetObject"]


def test_a_run_reads_what_the_data_set_file_allows(publisher: Any, tmp_path: Path) -> None:
    wide = dataset(buckets=(ObjectRule(PUBLISHER, "in/"),))
    publisher.put_object(Bucket=PUBLISHER, Key="in/trucks%20*.csv", Body=OTHER)

    assert fetch(publisher, tmp_path, f" S3://{PUBLISHER}/{KEY}\n", wide).url == URL
    assert fetch(publisher, tmp_path, f"s3://{PUBLISHER}/in/trucks%20*.csv", wide).bytes == len(OTHER)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"s3://{PUBLISHER}/2026/secret.csv", "is none of the objects that the data set file allows.*source.buckets"),
        (f"s3://{PUBLISHER}/{KEY}.old", "none of the objects"),
        ("s3://another/cars.csv", "none of the objects.*CSVDYNAMO_LOCAL_BUCKETS"),
        (f"s3://{PUBLISHER}/in-secret/cars.csv", "none of the objects"),
        (f"s3://{PUBLISHER}/in/../2026/secret.csv", "must be s3://bucket/key"),
        (f"s3://{PUBLISHER}/in/", "names a prefix"),
        (f"s3://{PUBLISHER}", "must be s3://bucket/key"),
        (f"s3://{PUBLISHER}/in/a.csv?X-Amz-Signature=hunter2", "without a query"),
        (f"s3://jo:hunter2@{PUBLISHER}/{KEY}", "has a user or a password"),
    ],
)
def test_a_run_reads_nothing_else_and_nothing_is_asked_for_it(
    publisher: Any, tmp_path: Path, on_get: Callable[..., None], url: str, told: str
) -> None:
    on_get("before-call", lambda **_: pytest.fail("S3 was asked"))
    wide = dataset(buckets=(ObjectRule(PUBLISHER, "in/"),))

    with pytest.raises(SourceUrlError, match=told) as refused:
        fetch(publisher, tmp_path, url, wide)
    with pytest.raises(SourceUrlError, match=told):
        refuse_beforehand(url, wide, LocalUse())

    assert "hunter2" not in str(refused.value)


def test_for_local_use_a_setting_of_the_worker_allows_a_bucket(publisher: Any, tmp_path: Path) -> None:
    web = dataset("https://example.com/cars.csv")
    with pytest.raises(SourceUrlError, match="none of the objects"):
        fetch(publisher, tmp_path, URL, web)

    landed = fetch(publisher, tmp_path, URL, web, local=LocalUse(buckets=(ObjectRule(PUBLISHER, ""),)))

    assert landed.bytes == len(CSV)


def test_an_object_that_is_not_there_is_told(publisher: Any, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"s3://publisher/gone\.csv: S3 answers NoSuchKey.*correct source\.url"):
        fetch(publisher, tmp_path, f"s3://{PUBLISHER}/gone.csv", dataset(f"s3://{PUBLISHER}/gone.csv"))
    with pytest.raises(DownloadError, match=r"NoSuchBucket.*There is no such bucket: correct source\.url"):
        fetch(publisher, tmp_path, "s3://no-such-bucket/a.csv", dataset("s3://no-such-bucket/a.csv"))


def test_an_object_that_was_not_there_is_read_once_it_is(publisher: Any, tmp_path: Path) -> None:
    later = f"s3://{PUBLISHER}/2027/cars.csv"
    with pytest.raises(DownloadError, match="NoSuchKey"):
        fetch(publisher, tmp_path, later, dataset(later))

    publisher.put_object(Bucket=PUBLISHER, Key="2027/cars.csv", Body=CSV)

    assert fetch(publisher, tmp_path, later, dataset(later)).bytes == len(CSV)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "AccessDenied", r"may not be read, or is not there.*AirflowPolicy.*another account.*kms:Decrypt"),
        (403, "InvalidObjectState", "is archived: restore it"),
        (301, "PermanentRedirect", "in another Region"),
        (400, "AuthorizationHeaderMalformed", "in another Region"),
        (400, "InvalidRequest", r"Check source\.url"),
        (403, "AllAccessDisabled", r"Check source\.url"),
    ],
)
def test_what_no_other_attempt_mends_is_told_with_what_to_do(
    publisher: Any, tmp_path: Path, answers: Callable[..., None], status: int, code: str, told: str
) -> None:
    answers(status, code, "Not for\nyou.")

    with pytest.raises(DownloadError, match=told) as refused:
        fetch(publisher, tmp_path)

    assert str(refused.value).startswith(f"{URL}: S3 answers {code}: Not for")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "SlowDown"), (500, "InternalError"), (400, "ExpiredToken"), (403, "RequestTimeTooSkewed")],
)
def test_what_may_pass_is_for_another_attempt_of_the_task(
    publisher: Any, tmp_path: Path, answers: Callable[..., None], status: int, code: str
) -> None:
    answers(status, code)

    with pytest.raises(DownloadPostponedError, match=rf"S3 answers {code}: So it is\. Run again\."):
        fetch(publisher, tmp_path)


def test_a_call_without_an_answer_is_for_another_attempt_of_the_task(
    publisher: Any, tmp_path: Path, on_get: Callable[..., None]
) -> None:
    def fail(**_: Any) -> None:
        raise NoCredentialsError

    on_get("before-call", fail)

    with pytest.raises(DownloadPostponedError, match="could not be read now: Unable to locate credentials"):
        fetch(publisher, tmp_path)


def test_an_answer_that_breaks_off_goes_on_where_it_did_and_of_the_same_version(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    etag = publisher.head_object(Bucket=PUBLISHER, Key=KEY)["ETag"]
    asked = cut(0, 2 * PIECE, 0, PIECE, None)

    landed = fetch(publisher, tmp_path)

    assert landed.sha256 == sha256(CSV).hexdigest()
    at = [{"Range": f"bytes={offset}-", "If-Match": etag} for offset in (2 * PIECE, 2 * PIECE, 3 * PIECE)]
    assert asked == [{}, {}, *at]


def test_an_object_that_is_replaced_while_it_is_read_lands_nothing(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    cut(PIECE, then=lambda: publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=OTHER))

    with pytest.raises(DownloadPostponedError, match="was replaced while it was read, so nothing of it was kept"):
        fetch(publisher, tmp_path)

    assert publisher.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_replaced_before_its_first_byte_came_is_the_new_one_with_the_new_ones_etag(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    cut(0, then=lambda: publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=OTHER + b"300,Kent\n"))

    landed = fetch(publisher, tmp_path)

    new = publisher.head_object(Bucket=PUBLISHER, Key=KEY)
    assert (landed.etag, landed.bytes) == (new["ETag"], new["ContentLength"])
    assert landed.sha256 == sha256(OTHER + b"300,Kent\n").hexdigest()


def test_one_that_breaks_off_again_and_again_is_for_another_attempt_of_the_task(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    asked = cut(PIECE, *[0] * 20)

    with pytest.raises(DownloadPostponedError, match=f"{re.escape(URL)} could not be read now: .* Run again"):
        fetch(publisher, tmp_path)

    assert len(asked) == 6


def test_fewer_bytes_than_s3_told_of_are_not_taken_for_the_object(
    publisher: Any, tmp_path: Path, on_get: Callable[..., None]
) -> None:
    def shorten(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Body"] = StreamingBody(io.BytesIO(CSV[:-1]), None)

    on_get("after-call", shorten)

    with pytest.raises(
        DownloadPostponedError, match=f"came with {len(CSV) - 1:,} bytes, and S3 had told of {len(CSV):,}"
    ):
        fetch(publisher, tmp_path)


def test_more_bytes_than_the_data_set_allows_are_not_fetched(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    cut(None)
    assert fetched_by(publisher, tmp_path, rules_of(max_bytes=len(CSV))).etag

    (tmp_path / "source").unlink()
    with pytest.raises(FileTooLargeError, match=r"source\.max_bytes"):
        fetched_by(publisher, tmp_path, rules_of(max_bytes=len(CSV) - 1))

    assert not (tmp_path / "source").exists()


def rules_of(**limits: Any) -> SourceRules:
    return replace(SourceRules.of(dataset().source, LocalUse()), **limits)


def test_a_download_ends_in_its_time_between_pieces_and_before_a_wait(
    publisher: Any, tmp_path: Path, cut: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(DownloadError, match=r"within the 0 s that source\.max_seconds allows\. "):
        fetched_by(publisher, tmp_path, rules_of(max_seconds=0))

    cut(0)
    with pytest.raises(
        DownloadError, match=r"source\.max_seconds allows \(the last attempt: S3 put it off, or it broke off\)"
    ):
        fetched_by(publisher, tmp_path, rules_of(max_seconds=0.19))  # a wait is of 0.2 s


class Raw(io.BytesIO):
    """The raw body of an answer."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def test_a_bucket_of_another_region_is_asked_there(tmp_path: Path) -> None:
    s3 = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    asked: list[tuple[str, str]] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        signed_for = re.search(r"/([a-z0-9-]+)/s3/aws4_request", request.headers["Authorization"].decode())
        assert signed_for
        asked.append((request.url.split("/")[2], signed_for[1]))
        if ".us-west-2." not in request.url:
            return AWSResponse(request.url, 301, {"x-amz-bucket-region": "us-west-2"}, Raw())
        return AWSResponse(request.url, 200, {"ETag": '"1"', "Content-Length": str(len(CSV))}, Raw(CSV))

    s3.meta.events.register("before-send.s3", answer)

    assert fetched_by(s3, tmp_path, rules_of()).etag == '"1"'

    assert (tmp_path / "source").read_bytes() == CSV
    assert [region for _, region in asked] == ["eu-west-1", "us-west-2"]


@pytest.mark.parametrize("rewritten", [False, True])
def test_an_object_that_is_what_landed_before_is_not_fetched(
    publisher: Any, on_get: Callable[..., None], tmp_path: Path, *, rewritten: bool
) -> None:
    rules = SourceRules(objects=(ObjectRule(PUBLISHER, KEY),))
    origin = admit(URL, rules)
    worker = Worker(publisher, lambda *_: None, lambda _: None, lambda low, _: low)
    fetched = origin.source.fetch(origin, tmp_path / "source", rules, worker)
    landed = Landed(
        BUCKET, "landing", URL, "cars.csv", len(CSV), "0a", fetched.etag, fetched.last_modified, fetched.version_id
    )
    gets: list[Any] = []
    on_get("before-call", lambda **asked: gets.append(asked))
    if rewritten:
        publisher.put_object(Bucket=PUBLISHER, Key=KEY, Body=OTHER)

    again = origin.source.fetch(origin, tmp_path / "again", rules, replace(worker, landed=landed))

    assert (again.unchanged, again.etag == fetched.etag) == (not rewritten, not rewritten)
    assert (len(gets), (tmp_path / "again").exists()) == ((1, True) if rewritten else (0, False))
