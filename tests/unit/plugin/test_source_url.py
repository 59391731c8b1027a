"""Which sources are admitted, and what of their address others may read."""

from pathlib import Path

import pytest

from csvdynamo_airflow.source.source_url import SourceUrlError, admit


@pytest.mark.parametrize("url", ["http://example.org/a.csv", "https://example.org/a.csv?accessType=DOWNLOAD"])
def test_a_web_address_is_fetched_as_it_is(url: str) -> None:
    origin = admit(f" {url}\n")

    assert (origin.url, origin.path, origin.shown) == (url, None, url)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/data/a.csv", "/data/a.csv"),
        ("build/sample/a.csv", "build/sample/a.csv"),
        ("file:///data/a%20b.csv", "/data/a b.csv"),
        ("file://localhost/data/a.csv", "/data/a.csv"),
    ],
)
def test_a_path_and_a_file_address_are_local(text: str, path: str) -> None:
    assert admit(text).path == Path(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "source.url"),
        ("   ", "source.url"),
        ("https:///a.csv", "no host"),
        ("ftp://example.org/a.csv", "scheme"),
        ("s3://bucket/a.csv", "scheme"),
        ("file://server/share/a.csv", "another machine"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(SourceUrlError, match=told):
        admit(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://jo:hunter2@example.org/a.csv", "https://example.org/a.csv"),
        ("https://example.org/a.csv?token=abc&format=csv", "https://example.org/a.csv?token=***&format=csv"),
        ("https://example.org/a.csv?$$app_token=abc", "https://example.org/a.csv?$$app_token=***"),
        ("https://example.org/a.csv?X-Amz-Signature=0f", "https://example.org/a.csv?X-Amz-Signature=***"),
        ("https://example.org/a.csv?v=3f9a0c51d2e84b7799aa", "https://example.org/a.csv?v=***"),
        ("https://example.org/a.csv?year=2026#hidden", "https://example.org/a.csv?year=2026"),
    ],
)
def test_credentials_are_masked_where_others_read(url: str, shown: str) -> None:
    origin = admit(url)

    assert origin.shown == shown
    assert origin.url == url
