"""The proxy must change nothing of what passes, and cut exactly where it is told to."""

import http.client
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.aws_messages import NO_ANSWER, Answer, Request
from tests.support.aws_proxy import AwsProxy, Interceptor, Onward
from tests.support.gate import Gate, Moment

BODY = bytes(range(256)) * 8192


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; its path comes back in a header."""

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        self._answer(BODY)

    def do_HEAD(self) -> None:
        self._answer(BODY)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Encoding", "aws-chunked")
        self.send_header("X-Path", self.path)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def asked(proxy: AwsProxy, method: str, path: str, body: bytes | None = None) -> http.client.HTTPConnection:
    """Send a request through a proxy; return its connection, at the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(proxy.endpoint.rpartition(":")[2]), timeout=30)
    connection.request(method, path, body)
    return connection


def test_path_body_and_headers_pass_as_they_are(upstream: str) -> None:
    with AwsProxy(upstream) as proxy:
        answer = asked(proxy, "PUT", "/bucket/a%2Fb%20c?partNumber=1&id=x%2By", BODY).getresponse()

        assert answer.read() == BODY
    assert answer.headers["X-Path"] == "/bucket/a%2Fb%20c?partNumber=1&id=x%2By"
    assert answer.headers["Content-Encoding"] == "aws-chunked"


def test_a_head_tells_the_length_of_what_it_does_not_send(upstream: str) -> None:
    with AwsProxy(upstream) as proxy:
        answer = asked(proxy, "HEAD", "/bucket/key").getresponse()

        assert (answer.headers["Content-Length"], answer.read()) == (str(len(BODY)), b"")


def test_who_expects_a_continue_gets_it_before_the_body_is_sent(upstream: str) -> None:
    with AwsProxy(upstream) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", int(proxy.endpoint.rpartition(":")[2]), timeout=30)
        connection.putrequest("PUT", "/bucket/key")
        connection.putheader("Content-Length", "4")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()

        assert connection.sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(b"body")
        assert connection.getresponse().read() == b"body"


class _Half(Interceptor):
    async def __call__(self, request: Request, onward: Onward) -> Answer:
        answer = await onward(request)
        return replace(answer, told=len(answer.body) // 2)


class _None(Interceptor):
    async def __call__(self, request: Request, onward: Onward) -> Answer:
        return NO_ANSWER


def test_an_answer_is_cut_half_way(upstream: str) -> None:
    with AwsProxy(upstream, _Half()) as proxy:
        answer = asked(proxy, "GET", "/bucket/key").getresponse()

        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
    assert answer.status == 200


def test_no_answer_is_a_connection_that_is_closed(upstream: str) -> None:
    with AwsProxy(upstream, _None()) as proxy, pytest.raises(ConnectionError):
        asked(proxy, "GET", "/bucket/key").getresponse()


@pytest.mark.parametrize("moment", list(Moment))
def test_a_held_request_goes_on_when_it_is_let_pass_and_names_its_port(upstream: str, moment: Moment) -> None:
    gate = Gate()
    with AwsProxy(upstream, gate) as proxy, gate.hold("GET", moment) as hold:
        connection = asked(proxy, "GET", "/bucket/key")
        port = connection.sock.getsockname()[1]
        hold.await_reached()
        hold.let_pass()

        assert connection.getresponse().read() == BODY
    assert hold.port == port
    assert [request.key for request in gate.seen] == ["bucket/key"]


def test_many_requests_are_held_and_others_pass_meanwhile(upstream: str) -> None:
    gate = Gate()
    with AwsProxy(upstream, gate) as proxy, gate.hold("GET", Moment.BEFORE, every=True) as hold:
        held = [asked(proxy, "GET", "/bucket/key") for _ in range(40)]
        hold.await_reached()

        with gate.hold("PUT", Moment.DURING) as other:
            put = asked(proxy, "PUT", "/bucket/key", b"body")
            other.await_reached()
            other.let_pass()
            assert put.getresponse().read() == b"body"
        hold.let_pass()
        assert {connection.getresponse().status for connection in held} == {200}
