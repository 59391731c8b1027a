"""Where requests and their redirects may lead, on real sockets: what counts is what a name resolves to."""

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from csvdynamo.datasets.hosts import HostRule
from csvdynamo_airflow.source.credentials import Credentials
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.http.fetch import fetch_http
from csvdynamo_airflow.source.http.rules import HttpPolicy
from csvdynamo_airflow.source.http.session import GuardedSession
from csvdynamo_airflow.source.protocol import SourceRules
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.source.time_limit import TimeLimit
from tests.integration.plugin.raw_server import RawServer, serve_raw
from tests.integration.plugin.scripted_server import Answer, local_hosts, serve

CSV = b"VIN,DOL Vehicle ID\nV1,100\n"
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"


def fetch(
    url: str, rules: SourceRules, folder: Path, *, attempts: int = 2, credentials: Credentials | None = None
) -> Fetched:
    return fetch_http(
        admit(url, rules),
        folder / "source",
        lambda *_: None,
        rules=rules,
        credentials=credentials,
        policy=HttpPolicy(attempts=attempts, connect_timeout=5, read_timeout=5),
        sleep=lambda _seconds: None,
    )


def redirect(location: str) -> Answer:
    return Answer(302, headers={"Location": location})


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (METADATA, r"169\.254\.169\.254.* is plain http"),
        ("https://169.254.169.254/latest/", r"at 169\.254\.169\.254"),
        ("file:///etc/passwd", "no http or https address"),
        ("https://evil.net/rows.csv", r"at evil\.net.*source\.hosts"),
        ("//evil.net/rows.csv", "is plain http"),
        ("http://127.0.0.1:1/rows.csv", "is plain http"),
        ("https://[::ffff:169.254.169.254]/", r"source\.hosts"),
        ("http://2852039166/latest/", "not written as a URL is"),
        ("gopher://127.0.0.1:25/_MAIL", "no http or https address"),
        ("/\\evil.net", None),
        ("/\xff.csv", None),
    ],
)
def test_a_redirect_is_held_against_the_rules_before_it_is_followed(
    tmp_path: Path, location: str, told: str | None
) -> None:
    with serve(redirect(location), Answer(404)) as server:
        with pytest.raises(DownloadError, match=told or "answers HTTP 404") as refusal:
            fetch(server.url, SourceRules(local_hosts=local_hosts(server.url)), tmp_path)

        assert len(server.requests) == (1 if told else 2)
        assert str(refusal.value).startswith(server.shown)
    if told:
        assert "redirects to where nothing is fetched" in str(refusal.value)
    else:
        assert server.paths[1] in {"/%5Cevil.net", "/%FF.csv"}


def test_a_redirect_to_another_port_of_an_allowed_host_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    with serve(Answer(body=CSV)) as other, serve(redirect(other.url)) as server:
        with pytest.raises(DownloadError, match="is plain http"):
            fetch(server.url, SourceRules(local_hosts=local_hosts(server.url)), tmp_path)

        assert other.requests == []


def test_each_of_several_redirects_is_held_against_the_rules(tmp_path: Path) -> None:
    answers = [redirect("/one"), redirect("two?x=y"), redirect(METADATA)]

    with serve(*answers) as server, pytest.raises(DownloadError, match="plain http"):
        fetch(server.url, SourceRules(local_hosts=local_hosts(server.url)), tmp_path)

    assert server.paths == ["/rows.csv?accessType=DOWNLOAD", "/one", "/two?x=y"]


def test_a_circle_of_two_hosts_ends(tmp_path: Path) -> None:
    with serve(Answer(302)) as one, serve(redirect(one.url)) as other:
        one.answers = [redirect(other.url)]
        rules = SourceRules(local_hosts=local_hosts(one.url, other.url))

        with pytest.raises(DownloadError, match="redirects more than 10 times, perhaps in a circle"):
            fetch(one.url, rules, tmp_path)

    assert (len(one.requests), len(other.requests)) == (6, 5)


def test_credentials_are_sent_to_the_host_that_they_are_for_and_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login worker password own\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    with serve(Answer(body=CSV)) as other, serve(redirect("/again"), redirect(other.url)) as server:
        rules = SourceRules(local_hosts=local_hosts(server.url, other.url))
        fetch(server.url, rules, tmp_path, credentials=Credentials.of("cars", "jo", "hunter2", {}))

    basic = "Basic " + base64.b64encode(b"jo:hunter2").decode()
    assert [request.get("Authorization") for request in server.requests] == [basic, basic]
    assert [request.get("Authorization") for request in other.requests] == [None]


def test_credentials_are_not_sent_where_another_host_redirects_to(tmp_path: Path) -> None:
    with serve(Answer(302)) as server, serve(redirect(server.url)) as other:
        server.answers = [redirect(other.url), Answer(401)]
        rules = SourceRules(local_hosts=local_hosts(server.url, other.url))

        with pytest.raises(DownloadError, match=r"HTTP 401.*make an Airflow connection"):
            fetch(server.url, rules, tmp_path, credentials=Credentials.of("cars", None, None, {"token": "hunter2"}))

    assert [request.get("Authorization") for request in server.requests] == ["Bearer hunter2", None]
    assert [request.get("Authorization") for request in other.requests] == [None]


@pytest.mark.parametrize("status", [401, 403])
def test_without_a_connection_it_is_told_to_make_one_and_with_one_to_correct_it(tmp_path: Path, status: int) -> None:
    with serve(Answer(status)) as server:
        rules = SourceRules(local_hosts=local_hosts(server.url))

        with pytest.raises(DownloadError, match=r"make an Airflow connection with them, .*connection in \[source\]\.$"):
            fetch(server.url, rules, tmp_path)
        with pytest.raises(DownloadError, match="the credentials of the Airflow connection 'cars': correct") as told:
            fetch(server.url, rules, tmp_path, credentials=Credentials.of("cars", "jo", "hunter2", {}))

    assert "hunter2" not in str(told.value)


def test_a_resumed_transfer_goes_through_the_redirect_again(tmp_path: Path) -> None:
    etag = {"ETag": '"one"'}
    rest = Answer(206, CSV[10:], {**etag, "Content-Range": f"bytes 10-{len(CSV) - 1}/{len(CSV)}"})

    with serve(Answer(body=CSV, headers=etag, cut_after=10), rest) as other, serve(redirect(other.url)) as server:
        fetch(server.url, SourceRules(local_hosts=local_hosts(server.url, other.url)), tmp_path)

    assert (tmp_path / "source").read_bytes() == CSV
    assert [request.get("Range") for request in server.requests] == [None, "bytes=10-"]
    assert [request.get("Range") for request in other.requests] == [None, "bytes=10-"]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes names resolve to given addresses, one answer after another, and gives the names that were asked for."""
    real = socket.getaddrinfo

    def set_up(*answers: dict[str, list[str]]) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
            asked.append(host)
            names = answers[min(asked.count(host), len(answers)) - 1]
            return [
                entry for address in names.get(host, [host]) for entry in real(address, port, *arguments, **options)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return set_up


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["::1"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["8.8.8.8", "127.0.0.1"],
    ],
)
def test_an_allowed_name_with_an_inner_address_is_not_so_much_as_knocked_at(
    tmp_path: Path, resolve: Callable[..., list[str]], addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve({"data.example.org": addresses})
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    rules = SourceRules(hosts=(HostRule("data.example.org"),))

    with pytest.raises(DownloadError, match=r"data\.example\.org has an address that is not of the internet"):
        fetch("https://data.example.org/rows.csv", rules, tmp_path)


def test_an_inner_address_as_such_is_refused_although_the_data_set_file_names_it(tmp_path: Path) -> None:
    rules = SourceRules(hosts=(HostRule("127.0.0.1", 8443),))

    with pytest.raises(DownloadError, match="not of the internet"):
        fetch("https://127.0.0.1:8443/rows.csv", rules, tmp_path)


def test_a_redirect_to_an_allowed_name_with_an_inner_address_is_refused(
    tmp_path: Path, resolve: Callable[..., list[str]]
) -> None:
    resolve({"data.example.org": ["169.254.169.254"]})

    with serve(redirect("https://data.example.org/rows.csv")) as server:
        rules = SourceRules(hosts=(HostRule("data.example.org"),), local_hosts=local_hosts(server.url))
        with pytest.raises(DownloadError, match=r"data\.example\.org has an address that is not of the internet"):
            fetch(server.url, rules, tmp_path)


def test_a_name_that_gets_an_inner_address_after_it_was_looked_at_is_sent_nothing(
    tmp_path: Path, resolve: Callable[..., list[str]]
) -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        asked = resolve({"data.example.org": ["8.8.8.8"]}, {"data.example.org": ["127.0.0.1"]})
        rules = SourceRules(hosts=(HostRule("data.example.org", port),))

        with pytest.raises(DownloadError, match="not of the internet"):
            fetch(f"https://data.example.org:{port}/rows.csv", rules, tmp_path)

        connection, _ = listener.accept()
        with connection:
            received.append(connection.recv(1000))

    assert received == [b""]
    assert asked == ["data.example.org", "data.example.org"]


def test_a_name_without_an_address_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(DownloadPostponedError, match=r"2 attempts.*NameResolution|Name or service not known"):
        fetch("https://data.example.org/rows.csv", SourceRules(hosts=(HostRule("data.example.org"),)), tmp_path)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of data.example.org, signed by itself, and its key, in one file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "data.example.org")])
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("data.example.org")]), critical=False)
        .sign(key, SHA256())
    )
    both = tmp_path_factory.mktemp("certificate") / "both.pem"
    both.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    )
    return both


def test_a_host_behind_tls_is_asked_by_its_name(
    tmp_path: Path, resolve: Callable[..., list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name decides what certificate has to come, though a forged address was connected to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    full = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(CSV) + CSV
    resolve({"data.example.org": ["127.0.0.1"], "other.example.org": ["127.0.0.1"]})

    with serve_raw(lambda _headers: [full], context) as server:
        local = (HostRule("data.example.org", server.port), HostRule("other.example.org", server.port))
        rules = SourceRules(local_hosts=local)
        with pytest.raises(DownloadPostponedError, match="certificate"):
            fetch(f"https://data.example.org:{server.port}/rows.csv", rules, tmp_path, attempts=1)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        fetch(f"https://data.example.org:{server.port}/rows.csv", rules, tmp_path)
        with pytest.raises(DownloadPostponedError, match="certificate"):
            fetch(f"https://other.example.org:{server.port}/rows.csv", rules, tmp_path, attempts=1)

    assert (tmp_path / "source").read_bytes() == CSV
    assert names == ["data.example.org", "data.example.org", "other.example.org"]
    assert server.requests[0]["host"] == f"data.example.org:{server.port}"


def test_a_connection_that_is_opened_when_the_time_is_up_is_cut_at_once(tmp_path: Path) -> None:
    """Such as that of a redirect's next hop: what it sends nobody waits for."""

    class NoTime(TimeLimit):
        def remaining(self) -> float:
            return 0.0

    with serve(Answer(body=CSV)) as server:
        rules = SourceRules(local_hosts=local_hosts(server.url))
        with GuardedSession(rules, NoTime(1), redirects=1) as session:
            for timer in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
                timer.join()
            with pytest.raises(requests.ConnectionError):
                session.get(admit(server.url, rules), {}, (5, 5))


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    """A forward proxy on a loopback address, which refuses whatever it is asked to connect to."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serve_raw(lambda _headers: [b"HTTP/1.1 403 Not there\r\nContent-Length: 0\r\n\r\n"]) as server:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
        yield server


def test_behind_a_forward_proxy_names_are_held_against_the_rules_and_addresses_are_the_proxys(
    tmp_path: Path, proxy: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = SourceRules(hosts=(HostRule("data.example.org"),))

    with pytest.raises(DownloadPostponedError, match="403 Not there"):
        fetch("https://data.example.org/rows.csv", rules, tmp_path, attempts=1)
    assert proxy.connections == 1

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DownloadError, match="not of the internet"):
        fetch("https://127.0.0.1/rows.csv", SourceRules(hosts=(HostRule("127.0.0.1"),)), tmp_path)
    assert proxy.connections == 1
