"""A run's parameters: no others than there are."""

import re
from pathlib import Path

import pytest
from jsonschema import ValidationError, validate

from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.parameters import PARAMETERS, ParameterError, refuse_unknown, source_url_schema
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.protocol import SourceRules, SourceUrlError
from csvdynamo_airflow.source.source_url import admit

WITH_USER = [
    scheme + user + "data.wa.gov/rows.csv"
    for scheme in (
        "https://",
        "http://",
        "HTTPS://",
        " https://",
        "ftp://",
        "file://",
        "https:/",
        "https:",
        "https:///",
    )
    for user in ("jo:hunter2@", "hunter2@", ":hunter2@", "jo:hunter2@a@", "jo:hunt er2@", "@")
]


def told_of(url: str) -> str:
    """What Airflow's API says of a source's URL, "" where it takes it: it asks jsonschema."""
    try:
        validate(url, source_url_schema())
    except ValidationError as error:
        return str(error.message)
    return ""


def test_the_parameters_that_there_are_are_taken() -> None:
    refuse_unknown(PARAMETERS)
    refuse_unknown([])


@pytest.mark.parametrize("name", ["sourceurl", "Source_URL", "source_url ", "dryrun", "", "\x00"])
def test_a_misspelt_parameter_is_named_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        refuse_unknown([*PARAMETERS, name])

    assert repr(name) in str(caught.value)
    assert "source_url, dry_run, force, accept_source" in str(caught.value)


def test_many_and_long_names_do_not_fill_the_log() -> None:
    with pytest.raises(ParameterError) as caught:
        refuse_unknown(str(number) + "x" * 10_000 for number in range(100))

    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/Łódź.csv",
        "https://example.com/a@b.csv?to=c@d",
        "https://example.com?to=c@d",
        "file:///folder/a@b.csv",
        "folder/a@b.csv",
        "c:a@b.csv",
        " https://example.com/a.csv",
        "HTTPS://example.com/a.csv?of=ftp://b",
        "s3://bucket/a.csv",
        "/data/a.csv",
    ],
)
def test_the_form_takes_every_address_without_a_secret(url: str) -> None:
    assert told_of(url) == ""


@pytest.mark.parametrize("url", ["a\x00b", "a\nb", "a\n", "\x7f", "", "x" * 4097])
def test_the_form_refuses_control_characters_nothing_and_too_much(url: str) -> None:
    assert told_of(url)


@pytest.mark.parametrize("url", ["ftp://example.com/a.csv", "htps://example.com/", " ://a", "httpss://a", "a/b://c"])
def test_the_form_refuses_another_scheme_in_a_sentence_as_download_does(url: str) -> None:
    assert told_of(url) == ("'an address that begins with http://, https://, s3:// or file://, or a path' was expected")
    with pytest.raises(SourceUrlError, match="is a scheme that cannot be read"):
        admit(url, SourceRules.of(Source("https://data.wa.gov/a.csv", "a.csv"), LocalUse(Path("/data"))))


@pytest.mark.parametrize("url", WITH_USER)
def test_the_form_refuses_user_and_password_in_a_sentence_as_download_does(url: str) -> None:
    assert "without user and password: make an Airflow connection with them" in told_of(url)
    assert "hunter2" not in told_of(url)
    with pytest.raises(SourceUrlError) as refusal:
        admit(url, SourceRules.of(Source("https://data.wa.gov/a.csv", "a.csv"), LocalUse(Path("/data"))))
    assert "Make an Airflow connection" in str(refusal.value)
    assert not {"hunter2", "jo"} & set(re.split(r"\W", str(refusal.value)))
