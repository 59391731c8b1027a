"""Which sources are admitted, and what of their address others may read."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st

from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.http.url import Endpoint, admit_redirect
from csvdynamo_airflow.source.protocol import Origin, SourceRules, SourceUrlError
from csvdynamo_airflow.source.source_url import admit


def rule(text: str) -> HostRule:
    read = HostRule.from_text(text)
    assert read is not None
    return read


DATASET = Source(
    "https://data.wa.gov/rows.csv", "rows.csv", hosts=(rule("*.example.org"), rule("files.example.com:8443"))
)
RULES = SourceRules.of(DATASET, LocalUse())
LOCAL = SourceRules.of(DATASET, LocalUse(Path("/data"), (rule("127.0.0.1:8000"), rule("intranet"), rule("[::1]:8000"))))


@pytest.mark.parametrize(
    "url",
    [
        "https://data.wa.gov/rows.csv?accessType=DOWNLOAD",
        "https://data.wa.gov",
        "https://data.wa.gov?a=b",
        "https://a.example.org/a%20b.csv",
        "https://files.example.com:8443/a[1].csv?b[]=c&d=e@f",
        "https://data.wa.gov/münchen.csv",
    ],
)
def test_an_https_address_on_an_allowed_host_is_fetched_as_it_is(url: str) -> None:
    origin = admit(f" {url}\n", RULES)

    assert (origin.url, origin.path) == (url, None)


def test_a_host_has_one_spelling_and_the_default_port_none() -> None:
    origin = admit("HTTPS://DATA.wa.GOV:443/A.csv#part", RULES)

    assert origin.url == "https://data.wa.gov/A.csv"
    assert origin.endpoint == Endpoint("https", "data.wa.gov", 443)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://data.wa.gov/rows.csv", "plain http.*CSVDYNAMO_LOCAL_HOSTS"),
        ("https://wa.gov/rows.csv", r"at wa\.gov, and .*source\.hosts"),
        ("https://example.org/rows.csv", r"source\.hosts"),
        ("https://data.wa.gov.evil.org/rows.csv", r"source\.hosts"),
        ("https://evildata.wa.gov/rows.csv", r"source\.hosts"),
        ("https://data.wa.gov:8443/rows.csv", r"at data\.wa\.gov:8443"),
        ("https://data.wa.gov:80/rows.csv", r"at data\.wa\.gov:80"),
        ("https://files.example.com/a.csv", r"source\.hosts"),
        ("https://data.wa.gov@169.254.169.254/latest", "user or a password"),
        ("https://data.wa.gov:443@169.254.169.254/", "user or a password"),
        ("https://169.254.169.254#@data.wa.gov/", r"at 169\.254\.169\.254"),
        ("https://169.254.169.254?@data.wa.gov/", r"at 169\.254\.169\.254"),
        ("https://169.254.169.254/latest/meta-data/", r"at 169\.254\.169\.254"),
        ("http://169.254.169.254/latest/meta-data/", "plain http"),
        ("https://[::ffff:169.254.169.254]/", r"at \[::ffff:a9fe:a9fe\]"),
        ("https://[fd00:ec2::254]/", r"at \[fd00:ec2::254\]"),
        ("https://localhost/", "at localhost"),
    ],
)
def test_a_host_that_is_not_allowed_is_refused_with_what_to_do(url: str, told: str) -> None:
    with pytest.raises(SourceUrlError, match=told):
        admit(url, RULES)


@pytest.mark.parametrize(
    "url",
    [
        "https://data.wa.gov\\@169.254.169.254/",
        "https://169.254.169.254\\@data.wa.gov/",
        "https://jo@data.wa.gov@169.254.169.254/",
        "https://jo:p/w@data.wa.gov/",
        "https://jo:hunter2@",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://127.1/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://data.wa.gov./rows.csv",
        "https://data.wa.gov:/rows.csv",
        "https://data.wa.gov:0/",
        "https://data.wa.gov:99999/",
        "https://data.wa.gov:443:443/",
        "https://data。wa。gov/",
        "https://ⓓata.wa.gov/",
        "https:///rows.csv",
        "https:data.wa.gov/rows.csv",
        "https:/data.wa.gov/rows.csv",
        "https://?a",
        "https://data.wa.gov/a b.csv",
        "https://[::1/",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SourceUrlError, match=r"names no host, or is not written as a URL is|a user or a") as refusal:
        admit(url, RULES)

    assert url not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("character", ["\x00", "\t", "\r", "\n", "\x1b", "\x7f", "\u2028", "\u200b"])
@pytest.mark.parametrize("form", ["https://data.wa.gov/{}rows.csv", "https://data{}.wa.gov/", "/data/{}a.csv"])
def test_control_characters_are_refused_and_not_repeated(character: str, form: str) -> None:
    with pytest.raises(SourceUrlError, match="control characters") as refusal:
        admit(form.format(character), LOCAL)

    assert character not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"source\.url"),
        ("   ", r"source\.url"),
        ("ftp://example.org/a.csv", "ftp:// is a scheme that cannot be read"),
        ("gopher://bucket/a.csv", "scheme"),
        ("gopher://jo:hunter2@127.0.0.1:25/", "user or a password"),
        ("file://server/share/a.csv", "another machine"),
        ("file://[::1/a.csv", "another machine"),
        ("file:///data/%00a.csv", "control characters"),
        ("file:///data/%0aa.csv", "control characters"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(SourceUrlError, match=told) as refusal:
        admit(text, LOCAL)

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("text", ["/data/a.csv", "a.csv", "file:///etc/passwd", "~/a.csv", "data.wa.gov/rows.csv"])
def test_no_path_is_admitted_unless_the_setting_names_a_folder(text: str) -> None:
    with pytest.raises(SourceUrlError, match="CSVDYNAMO_LOCAL_FOLDER names no folder"):
        admit(text, RULES)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/data/a.csv", "/data/a.csv"),
        ("build/sample/a b.csv", "/data/build/sample/a b.csv"),
        ("file:///data/a%20b.csv", "/data/a b.csv"),
        ("FILE://localhost/data/a.csv", "/data/a.csv"),
        ("~/a.csv", "/data/~/a.csv"),
        ("/etc/passwd", "/etc/passwd"),  # admitted here: the file system alone can tell what is below the folder
    ],
)
def test_a_path_and_a_file_address_are_local_once_it_does(text: str, path: str) -> None:
    origin = admit(text, LOCAL)

    assert (origin.path, origin.shown, origin.endpoint) == (Path(path), path, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/a.csv",
        "https://127.0.0.1:8000/a.csv",
        "http://[::1]:8000/a.csv",
        "http://intranet/a.csv",
        "https://intranet/a.csv",
    ],
)
def test_a_host_that_the_setting_names_may_be_asked_by_http_too(url: str) -> None:
    assert admit(url, LOCAL).url == url


@pytest.mark.parametrize("url", ["http://127.0.0.1/a.csv", "http://127.0.0.1:8001/a.csv", "http://intranet:8000/a.csv"])
def test_another_port_of_such_a_host_may_not(url: str) -> None:
    with pytest.raises(SourceUrlError, match="plain http"):
        admit(url, LOCAL)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example.org/a.csv?token=hunter2&format=csv", "https://a.example.org/a.csv?…"),
        ("https://a.example.org/a.csv?hunter2", "https://a.example.org/a.csv?…"),
        ("https://a.example.org?hunter2", "https://a.example.org?…"),
        ("https://a.example.org/a.csv?", "https://a.example.org/a.csv"),
        ("https://a.example.org/a.csv#hunter2", "https://a.example.org/a.csv"),
        ("https://a.example.org:443/a%0a.csv#hunter2", "https://a.example.org/a%0a.csv"),
    ],
)
def test_others_read_scheme_host_and_path_alone(url: str, shown: str) -> None:
    origin = admit(url, RULES)

    assert origin.shown == shown
    assert "hunter2" not in repr(origin)
    with pytest.raises(SourceUrlError) as refusal:
        admit(url.replace("a.example.org", "evil.net"), RULES)
    assert "hunter2" not in str(refusal.value)


ASKED = admit("https://data.wa.gov/api/rows.csv?a=b", RULES)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/other.csv", "https://data.wa.gov/other.csv"),
        ("other.csv?x=y", "https://data.wa.gov/api/other.csv?x=y"),
        ("//a.example.org/a.csv", "https://a.example.org/a.csv"),
        ("https://a.example.org/a.csv", "https://a.example.org/a.csv"),
    ],
)
def test_a_redirect_within_the_rules_is_followed(location: str, url: str) -> None:
    assert admit_redirect(location, ASKED, RULES).url == url


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://data.wa.gov/rows.csv", "plain http"),
        ("https://evil.net/", r"at evil\.net"),
        ("//169.254.169.254/latest", r"at 169\.254\.169\.254"),
        ("file:///etc/passwd", "no http or https address"),
        ("ftp://data.wa.gov/a.csv", "no http or https address"),
        ("data:text/csv,a", "no http or https address"),
        ("//[::1", "no http or https address"),
        ("/a\r\nb", "no http or https address"),
        ("https://data.wa.gov\\@evil.net/", "not written as a URL is"),
        ("https://jo:hunter2@data.wa.gov/", "user or a password"),
        ("//jo@a.example.org/", "user or a password"),
        ("https://2852039166/", "not written as a URL is"),
    ],
)
def test_a_redirect_beyond_them_is_refused(location: str, told: str) -> None:
    with pytest.raises(SourceUrlError, match=told):
        admit_redirect(location, ASKED, RULES)


def test_a_redirect_from_https_to_http_is_refused_on_a_local_host_too() -> None:
    asked = admit("https://127.0.0.1:8000/a.csv", LOCAL)

    with pytest.raises(SourceUrlError, match="plain http, and what was asked is https"):
        admit_redirect("http://127.0.0.1:8000/a.csv", asked, LOCAL)


TRICKS = [
    "@",
    ":",
    "/",
    "\\",
    "?",
    "#",
    "%",
    "[",
    "]",
    ".",
    " ",
    "\t",
    "\n",
    "\x00",
    "%2e",
    "%40",
    "%5c",
    "。",
    "\uff1a",
    "\uff0f",
]
HOSTS = ["data.wa.gov", "a.example.org", "169.254.169.254", "2852039166", "localhost", "[::1]", "evil.net", "jo:pw"]
hostile_urls = st.builds(
    lambda scheme, parts: scheme + "".join(parts),
    st.sampled_from(["https://", "http://", "HTTPS://", "https:/", "https:", "//", "file://", "file:", ""]),
    st.lists(st.sampled_from(TRICKS + HOSTS + ["443", "80", "a.csv"]) | st.text(max_size=4), max_size=8),
)


@given(hostile_urls)
@example("https://data.wa.gov\\@evil.net/")
@example("https://data.wa.gov%2f@evil.net/")
def test_whatever_is_admitted_asks_an_allowed_host_by_https_however_it_is_read(text: str) -> None:
    try:
        origin = admit(text, RULES)
    except SourceUrlError:
        return

    hold_to_the_rules(origin)


@given(hostile_urls)
@example("//evil.net\\@data.wa.gov")
def test_whatever_redirect_is_followed_asks_an_allowed_host_by_https(location: str) -> None:
    try:
        origin = admit_redirect(location, ASKED, RULES)
    except SourceUrlError:
        return

    hold_to_the_rules(origin)


def hold_to_the_rules(origin: Origin) -> None:
    """Read the URL by the three parsers that there are on the way to the socket."""
    assert origin.path is None
    sent = requests.Request("GET", origin.url).prepare().url
    assert sent is not None
    asked = urllib3.util.parse_url(sent)
    split, resplit = urlsplit(origin.url), urlsplit(sent)
    for scheme, host, port in (
        (split.scheme, split.hostname, split.port),
        (resplit.scheme, resplit.hostname, resplit.port),
        (asked.scheme, asked.host, asked.port),
    ):
        assert scheme == "https"
        assert host is not None
        assert (host, port or 443) in {("data.wa.gov", 443), ("files.example.com", 8443)} or (
            host.endswith(".example.org") and port in {None, 443}
        )
    assert split.username is resplit.username is asked.auth is None


@given(st.text())
def test_any_text_is_admitted_or_refused_in_a_sentence(text: str) -> None:
    for rules in (RULES, LOCAL):
        try:
            told = admit(text, rules).shown + "."
        except SourceUrlError as refusal:
            told = str(refusal)

        assert told.isprintable()
        assert told.endswith(".")
