"""Objects of S3 in one spelling, and which of them a rule means."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.objects import ObjectRule, any_allows
from csvdynamo.datasets.sources import Grant, grants, is_source_url
from csvdynamo.errors import DatasetError

FILE = """
[source]
url = "{url}"
file_name = "cars.csv"
{more}

[table]
name = "tb_cars"
partition_key = "car_id"
"""


def load(folder: Path, url: str, more: str = "") -> Dataset:
    path = folder / "cars.toml"
    path.write_text(FILE.format(url=url, more=more), encoding="utf-8")
    return load_dataset(path)


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("s3://publisher/cars.csv", "publisher", "cars.csv"),
        ("S3://data.example.com/2026/my cars ü.csv", "data.example.com", "2026/my cars ü.csv"),
        ("s3://publisher/a%20b+c.csv", "publisher", "a%20b+c.csv"),
        ("s3://publisher//cars.csv", "publisher", "/cars.csv"),
        ("s3://publisher/what?.csv#1", "publisher", "what?.csv#1"),
        ("s3://publisher/2026/", "publisher", "2026/"),
        ("s3://publisher/", "publisher", ""),
        ("s3://publisher/" + "k" * 1024, "publisher", "k" * 1024),
    ],
)
def test_a_key_is_taken_as_it_stands(url: str, bucket: str, key: str) -> None:
    rule = ObjectRule.from_url(url)

    assert rule == ObjectRule(bucket, key)
    assert rule.url == "s3" + url[2:]


@pytest.mark.parametrize(
    "url",
    [
        "s3://publisher",
        "s3:///cars.csv",
        "s3:/publisher/cars.csv",
        "s3://Publisher/cars.csv",
        "s3://pu/cars.csv",
        "s3://-publisher/cars.csv",
        "s3://pub lisher/cars.csv",
        "s3://publisher:443/cars.csv",
        "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/cars.csv",
        "s3://cars-abcdefgh-s3alias/cars.csv",
        "s3://cars--use1-az4--x-s3/cars.csv",
        "s3://publisher/in/../secret.csv",
        "s3://publisher/./cars.csv",
        "s3://publisher/..",
        "s3://publisher/cars.csv ",
        "s3://publisher/a\nb.csv",
        "s3://publisher/a\x00b.csv",
        "s3://publisher/cars.csv?X-Amz-Signature=hunter2",
        "s3://publisher/cars.csv?versionId=3",
        "s3://publisher/" + "k" * 1025,
        "s3://publisher/" + "ü" * 513,
        "https://publisher/cars.csv",
        "",
    ],
)
def test_what_names_no_object_or_could_be_read_as_another_is_none(url: str) -> None:
    assert ObjectRule.from_url(url) is None
    assert not is_source_url(url) or url.startswith("https:")


def test_a_prefix_means_what_is_below_it_and_an_object_itself_alone() -> None:
    def allowed(rule: str, url: str) -> bool:
        one, other = ObjectRule.from_url(rule), ObjectRule.from_url(url)
        assert one is not None
        assert other is not None
        return any_allows([one], other)

    assert allowed("s3://publisher/in/", "s3://publisher/in/cars.csv")
    assert allowed("s3://publisher/in/", "s3://publisher/in/2026/cars.csv")
    assert allowed("s3://publisher/", "s3://publisher/cars.csv")
    assert allowed("s3://publisher/in.csv", "s3://publisher/in.csv")
    for rule, url in [
        ("s3://publisher/in/", "s3://publisher/in-secret/cars.csv"),
        ("s3://publisher/in/", "s3://publisher/IN/cars.csv"),
        ("s3://publisher/in/", "s3://publishers/in/cars.csv"),
        ("s3://publisher/in/", "s3://publisher/in/2026/"),
        ("s3://publisher/in.csv", "s3://publisher/in.csv.gz"),
        ("s3://publisher/", "s3://publisher-2/cars.csv"),
    ]:
        assert not allowed(rule, url), (rule, url)


def test_what_is_granted_is_the_object_and_the_prefixes_and_no_more(tmp_path: Path) -> None:
    more = 'buckets = ["s3://publisher/in/", "s3://archive/", "s3://publisher/cars.csv", "s3://other/old.csv"]'

    source = load(tmp_path, "s3://publisher/cars.csv", more).source

    why = "The data set file allows every object below the prefix, or of the bucket."
    assert grants(*source.granted) == (
        Grant(("s3:GetObject",), ("s3:::publisher/cars.csv",)),
        Grant(("s3:GetObject",), ("s3:::publisher/in/*",), why),
        Grant(("s3:GetObject",), ("s3:::archive/*",), why),
        Grant(("s3:GetObject",), ("s3:::other/old.csv",)),
    )
    assert [rule.url for rule in source.allowed_objects] == ["s3://publisher/cars.csv", *source.granted[1:]]


def test_a_web_address_is_granted_nothing_and_a_bucket_beside_it_is(tmp_path: Path) -> None:
    assert grants(*load(tmp_path, "https://example.com/cars.csv").source.granted) == ()

    source = load(tmp_path, "https://example.com/cars.csv", 'buckets = ["s3://publisher/in/"]').source

    assert [grant.resources for grant in grants(*source.granted)] == [("s3:::publisher/in/*",)]
    assert source.allowed_objects == (ObjectRule("publisher", "in/"),)


def test_an_objects_file_asks_no_host(tmp_path: Path) -> None:
    assert load(tmp_path, "s3://publisher/cars.csv").source.allowed_hosts == ()


def test_what_is_granted_is_part_of_the_stack_and_a_web_address_is_not(tmp_path: Path) -> None:
    web = load(tmp_path, "https://example.com/cars.csv")
    moved = replace(web, source=replace(web.source, url="https://example.com/trucks.csv"))
    bucket = load(tmp_path, "s3://publisher/cars.csv")
    other = replace(bucket, source=replace(bucket.source, url="s3://publisher/trucks.csv"))

    assert moved.settings_digest == web.settings_digest
    assert len({web.settings_digest, bucket.settings_digest, other.settings_digest}) == 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://publisher/in/", "source.url: must name one object, and it names a prefix"),
        ("s3://publisher", "source.url: must be s3://bucket/key"),
        ("s3://cars-abcdefgh-s3alias/cars.csv", "(no access point's)"),
        ("s3://publisher/cars.csv?versionId=3", "a version cannot be named"),
        ("s3://publisher/*", "source.url: must have a key that IAM's policies can name"),
        ("s3://publisher/ca?s.csv", "without *, ?, ${"),
        ("s3://publisher/${aws:username}", "without *, ?, ${"),
        ("s3://publisher/車.csv", "name it by the run's source_url"),
        ("s3://jo:" + "hunter2@publisher/cars.csv", "source.url: must have no user and password"),
        ("ftp://example.com/cars.csv", "source.url: must be an http:// or https:// or s3:// address, found"),
    ],
)
def test_a_wrong_address_of_an_object_is_told_with_what_is_right(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(DatasetError, match=re.escape(told)):
        load(tmp_path, url)


@pytest.mark.parametrize(
    "told", ['"s3://publisher"', '"s3://publisher/in/*"', '"https://example.com/"', '"publisher"', "1"]
)
def test_what_is_no_bucket_is_told_with_what_is_right(tmp_path: Path, told: str) -> None:
    with pytest.raises(DatasetError, match=r"source\.buckets: must be .*in it"):
        load(tmp_path, "https://example.com/cars.csv", f"buckets = [{told}]")


def test_credentials_are_of_a_host_that_is_asked(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"source\.connection: is for the hosts .* S3 is read as .*aws_default"):
        load(tmp_path, "s3://publisher/cars.csv", 'connection = "another_account"')

    more = 'connection = "files"\nhosts = ["example.com"]'
    assert load(tmp_path, "s3://publisher/cars.csv", more).source.connection == "files"


def test_a_rule_is_taken_as_it_is(tmp_path: Path) -> None:
    source: Any = load(tmp_path, "s3://publisher/cars.csv", 'buckets = ["s3://publisher/in/"]').source

    assert replace(source, max_bytes=7).buckets == source.buckets
