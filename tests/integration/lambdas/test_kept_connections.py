"""Requests that overlap on kept connections: what comes back is each one's own answer, or botocore's error."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path

from csvdynamo.aws.aws_errors import is_retryable
from csvdynamo.aws.kept_connections import Endpoint, HttpAnswer, KeptConnections
from csvdynamo.errors import ProxyError
from local_aws.access_key import AccessKey
from local_aws.certificate import Certificate
from tests.support.kept_server import Asked, KeptServer, serve_kept

BUNDLE = str(get_cert_path(True))


def connections(url: str, **changed: Any) -> KeptConnections:
    settings = {"ca_bundle": "", "proxies": {}, "connect_seconds": 10.0, "read_seconds": 10.0, **changed}
    return KeptConnections(Endpoint(url, **settings))


def to(server: KeptServer, **changed: Any) -> KeptConnections:
    return connections(f"http://127.0.0.1:{server.port}", **changed)


def asking(text: str, target: str = "/") -> bytes:
    return f"POST {target} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def answer(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


def echo(asked: Asked) -> bytes:
    return answer(b"to " + asked.body)


def bodies(answers: list[Any]) -> list[bytes]:
    assert all(isinstance(one, HttpAnswer) for one in answers), answers
    return [one.body for one in answers]


def test_a_connection_is_kept_for_the_next_request() -> None:
    with serve_kept(echo) as server:
        kept = to(server)

        assert bodies([*kept.exchange([asking("1")]), *kept.exchange([asking("2")])]) == [b"to 1", b"to 2"]

    assert server.connections == 1


def test_all_requests_are_sent_before_an_answer_is_waited_for_and_each_gets_its_own() -> None:
    all_here = threading.Barrier(4, timeout=30)

    def reply(asked: Asked) -> bytes:
        all_here.wait()  # as long as one of them is missing, nobody is answered
        return echo(asked)

    with serve_kept(reply) as server:
        kept = to(server)
        for _ in range(2):
            answers = kept.exchange([asking(str(number)) for number in range(4)])
            assert bodies(answers) == [b"to 0", b"to 1", b"to 2", b"to 3"]

    assert server.connections == 4


def test_a_connection_that_the_other_side_ended_meanwhile_costs_no_request() -> None:
    with serve_kept(lambda asked: answer(asked.body) if asked.body != b"last" else answer(b"bye")) as server:
        kept = to(server)
        first = kept.exchange([asking("1")])
        [connection] = kept._idle
        connection.sock.shutdown(2)  # to the reader, what the other side's farewell is

        assert bodies([*first, *kept.exchange([asking("2")])]) == [b"1", b"2"]

    assert server.connections == 2


def test_an_answer_that_announces_the_end_of_its_connection_is_taken_and_the_connection_is_not_kept() -> None:
    with serve_kept(lambda asked: answer(asked.body, "Connection: close")) as server:
        kept = to(server)

        assert bodies(kept.exchange([asking("1"), asking("2")])) == [b"1", b"2"]
        assert kept._idle == []


def test_a_request_whose_answer_does_not_come_whole_fails_alone_and_its_rest_is_nobodys() -> None:
    owed: dict[Any, bytes] = {}

    def reply(asked: Asked) -> bytes | None:
        """Leave an answer out, cut it or end the connection; what is left of it comes with the connection's next."""
        whole = owed.pop(asked.connection, b"") + echo(asked)
        sent = {b"late": b"", b"cut": whole[:-2], b"ended": None, b"garbage": b"220 smtp\r\n\r\n"}.get(
            asked.body, whole
        )
        owed[asked.connection] = whole[len(sent or b"") :]
        return sent

    with serve_kept(reply) as server:
        kept = to(server, read_seconds=0.5)

        answers = kept.exchange([asking(text) for text in ("late", "cut", "1", "ended", "garbage", "2")])

        assert [type(one) for one in answers] == [
            ReadTimeoutError,
            ReadTimeoutError,
            HttpAnswer,
            ConnectionClosedError,
            ConnectionClosedError,
            HttpAnswer,
        ]
        assert bodies([answers[2], answers[5]]) == [b"to 1", b"to 2"]
        assert all(is_retryable(one) for one in answers if isinstance(one, Exception))
        again = kept.exchange([asking(str(number)) for number in range(6)])
        assert bodies(again) == [f"to {number}".encode() for number in range(6)]


def test_a_way_that_is_closed_is_tried_once_for_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_kept(echo) as server:
        kept = to(server)
    tried: list[int] = []
    connect = kept._connect
    monkeypatch.setattr(kept, "_connect", lambda: (tried.append(1), connect())[1])

    answers = kept.exchange([asking("1"), asking("2"), asking("3")])

    assert [type(one) for one in answers] == [EndpointConnectionError] * 3
    assert tried == [1]


def test_requests_that_cannot_be_made_leave_no_answer_behind() -> None:
    def requests() -> Iterator[bytes]:
        yield asking("abandoned")
        raise ZeroDivisionError

    with serve_kept(echo) as server:
        kept = to(server)
        with pytest.raises(ZeroDivisionError):
            kept.exchange(requests())

        assert bodies(kept.exchange([asking("asked")])) == [b"to asked"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    made = Certificate.in_home(tmp_path_factory.mktemp("home"))
    made.write()
    return made


def test_tls_is_spoken_with_whom_the_bundle_trusts_and_with_nobody_else(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.chain, certificate.key)
    other = Certificate.in_home(tmp_path)
    other.write()
    with serve_kept(echo, tls) as server:
        url = f"https://127.0.0.1:{server.port}"
        trusting = connections(url, ca_bundle=str(certificate.authority))
        assert bodies([*trusting.exchange([asking("1")]), *trusting.exchange([asking("2")])]) == [b"to 1", b"to 2"]

        [stranger] = connections(url, ca_bundle=str(other.authority)).exchange([asking("secret")])

        # Another host's name, whose address is the server's.
        reach, address = socket.create_connection, ("127.0.0.1", server.port)
        monkeypatch.setattr(socket, "create_connection", lambda _, *rest: reach(address, *rest))
        named = connections("https://dynamodb.example", ca_bundle=str(certificate.authority))
        [misnamed] = named.exchange([asking("secret")])

    assert isinstance(stranger, SSLError)
    assert isinstance(misnamed, SSLError)
    assert "dynamodb.example" in str(misnamed.kwargs["error"])
    assert [one.body for one in server.asked] == [b"1", b"2"]
    assert server.connections == 1


def test_a_proxy_is_asked_for_the_whole_url_with_its_password_and_for_a_tunnel_to_tls() -> None:
    with serve_kept(echo) as proxy:
        proxies = dict.fromkeys(("http", "https"), f"http://us%40er:pass@127.0.0.1:{proxy.port}")
        plain = connections("http://dynamodb.example:8000", proxies=proxies)
        assert bodies(plain.exchange([asking("1", plain.target)])) == [b"to 1"]

        secure = connections("https://dynamodb.example", proxies=proxies, ca_bundle=BUNDLE)
        [refused] = secure.exchange([asking("2", secure.target)])

    assert [one.target for one in proxy.asked] == ["http://dynamodb.example:8000/", "dynamodb.example:443"]
    assert plain.headers == {"Proxy-Authorization": "Basic dXNAZXI6cGFzcw=="}
    assert proxy.asked[1].headers["proxy-authorization"] == plain.headers["Proxy-Authorization"]
    assert isinstance(refused, ProxyConnectionError)
    assert "pass" not in str(refused)


def test_a_proxy_that_itself_speaks_tls_is_refused() -> None:
    with pytest.raises(ProxyError, match=r"https://\*\*\*:\*\*\*@proxy\.example is spoken with by TLS"):
        connections("http://dynamodb.example", proxies={"http": f"https://me:{AccessKey.drawn().secret}@proxy.example"})


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://dynamodb.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com", "/"),
        ("http://127.0.0.1:4566", "127.0.0.1:4566", "/"),
        ("http://[::1]:4566/aws", "[::1]:4566", "/aws"),
        ("http://localhost:80/", "localhost", "/"),
    ],
)
def test_host_and_target_are_those_of_the_endpoint(url: str, host: str, target: str) -> None:
    made = connections(url, ca_bundle=BUNDLE)

    assert (made.host, made.target) == (host, target)
