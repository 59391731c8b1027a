"""Hosts in one spelling, and which of them a rule means."""

import pytest

from csvdynamo.datasets.hosts import HostRule, host_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Data.WA.gov", "data.wa.gov"),
        ("localhost", "localhost"),
        ("my_host-1", "my_host-1"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("[::ffff:127.0.0.1]", "::ffff:7f00:1"),
    ],
)
def test_a_host_has_one_spelling(text: str, name: str) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..b",
        "example.com.",
        "-a.example",
        "münchen.example",
        "a b",
        "a%2eb",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.0x1",
        "0177.0.0.1",
        "127.0.0.01",
        "256.0.0.1",
        "1.2.3.4.5",
        "2001:db8::1",
        "[127.0.0.1]",
        "[fe80::1%eth0]",
        "[::g]",
        "a" * 64,
        ".".join(["abcdefgh"] * 29),
    ],
)
def test_what_is_no_host_or_an_address_in_another_spelling_has_none(text: str) -> None:
    assert host_name(text) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Example.com", HostRule("example.com")),
        ("example.com:8443", HostRule("example.com", 8443)),
        ("*.example.com", HostRule("example.com", below=True)),
        ("*.example.com:8443", HostRule("example.com", 8443, below=True)),
        ("[::1]:8080", HostRule("::1", 8080)),
        ("127.0.0.1:80", HostRule("127.0.0.1", 80)),
    ],
)
def test_a_rule_is_read(text: str, rule: HostRule) -> None:
    assert HostRule.from_text(text) == rule
    assert HostRule.from_text(str(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "*.com",
        "*.*.example.com",
        "a.*.example.com",
        "*example.com",
        "*.0.0.1",
        "*.[::1]",
        "https://example.com",
        "example.com/a",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "jo@example.com",
        "::1",
        "*.127.0.0.1",
    ],
)
def test_what_is_no_rule_or_too_wide_is_none(text: str) -> None:
    assert HostRule.from_text(text) is None


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        ("example.com", ("https", "example.com", 443), True),
        ("example.com", ("http", "example.com", 80), True),
        ("example.com", ("https", "example.com", 80), False),
        ("example.com", ("https", "www.example.com", 443), False),
        ("example.com", ("https", "example.com.evil.org", 443), False),
        ("example.com", ("https", "notexample.com", 443), False),
        ("example.com:8443", ("https", "example.com", 8443), True),
        ("example.com:8443", ("https", "example.com", 443), False),
        ("*.example.com", ("https", "www.example.com", 443), True),
        ("*.example.com", ("https", "a.b.example.com", 443), True),
        ("*.example.com", ("https", "example.com", 443), False),
        ("*.example.com", ("https", "notexample.com", 443), False),
        ("*.example.com", ("https", "www.example.com", 8443), False),
    ],
)
def test_a_rule_means_its_host_and_port_and_no_other(rule: str, asked: tuple[str, str, int], allowed: bool) -> None:
    read = HostRule.from_text(rule)

    assert read is not None
    assert read.allows(*asked) is allowed


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://Example.com/a.csv", HostRule("example.com")),
        ("https://jo:pw@example.com:8443/a.csv", HostRule("example.com", 8443)),
        ("http://example.com:8080/a.csv", HostRule("example.com")),
        ("https://[2001:db8::1]/a.csv", HostRule("2001:db8::1")),
        ("https://*.example.com/a.csv", None),
        ("https://127.1/a.csv", None),
        ("https:///a.csv", None),
        ("https://[::1/a.csv", None),
        ("https://example.com:port/a.csv", None),
    ],
)
def test_a_urls_own_host_is_a_rule(url: str, rule: HostRule | None) -> None:
    assert HostRule.from_url(url) == rule
