import pytest

from local_aws.door.callers import refusal


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4566",
        "localhost:1",
        "LOCALHOST",
        "bucket.localhost:4566",
        "my.bucket.s3.localhost",
    ],
)
def test_loopback_passes(host: str) -> None:
    assert refusal([host], None, None, "/bucket/key") is None


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["rebound.example"],
        ["127.0.0.1.rebound.example"],
        ["localhost.rebound.example:4566"],
        ["rebound-localhost"],
        ["127.0.0.1@rebound.example"],
        ["bucket.127.0.0.1"],
        ["127.0.0.2"],
        ["127a0b0c1"],
        ["0.0.0.0"],
        [".localhost"],
        ["localhost\n"],
        ["localhost:port"],
        ["127.0.0.1", "rebound.example"],
        ["127.0.0.1", "127.0.0.1"],
    ],
)
def test_every_other_host_is_told_and_refused(hosts: list[str]) -> None:
    refused = refusal(hosts, None, None, "/")

    assert refused is not None
    assert refused.startswith("The embedded AWS answers to 127.0.0.1 and localhost")
    assert refused.isprintable()


@pytest.mark.parametrize("origin", ["https://a-page.example", "null", "http://127.0.0.1:4566", ""])
def test_any_origin_is_a_page_s(origin: str) -> None:
    assert "does not answer web pages" in str(refusal(["127.0.0.1"], origin, None, "/"))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "", "None"])
def test_a_browser_that_says_from_where_a_page_asks_is_refused(site: str) -> None:
    assert "does not answer web pages" in str(refusal(["127.0.0.1"], None, site, "/"))


def test_a_url_that_a_person_opens_passes() -> None:
    assert refusal(["127.0.0.1"], None, "none", "/bucket/key") is None


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack", "/_localstack/health", "/_aws/execute-api/a/b", "/_any", "/health"]
)
def test_ministack_s_own_paths_are_closed(path: str) -> None:
    assert "keeps closed" in str(refusal(["127.0.0.1:4566"], None, None, path))
    of_a_bucket = refusal(["bucket.localhost:4566"], None, None, path)
    assert (of_a_bucket is None) is (path == "/_any")  # a key of the bucket


@pytest.mark.parametrize("path", ["/", "/bucket/_key", "/health-bucket", "/health/key", "/bucket/health"])
def test_what_only_looks_like_them_is_open(path: str) -> None:
    assert refusal(["127.0.0.1:4566"], None, None, path) is None


def test_a_long_host_is_not_told_whole() -> None:
    assert len(str(refusal(["a" * 100_000], None, None, "/"))) < 300
