"""An HTTP server on a free loopback port that gives scripted answers, and remembers what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from csvdynamo.datasets.hosts import HostRule


@dataclass(frozen=True)
class Answer:
    """One answer; without a Content-Length of its own it names the body's length, or chunks the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    chunked: bool = False
    silent_about_length: bool = False


@dataclass
class ScriptedServer:
    """The server's address, its answers in order (the last one again and again), and the requests' headers."""

    answers: list[Answer]
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """Its address as messages have it."""
        return self.url.partition("?")[0] + "?…"

    def next_answer(self) -> Answer:
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


def local_hosts(*urls: str) -> tuple[HostRule, ...]:
    """The hosts and ports of URLs, as the setting for local use would name them."""
    rules = [HostRule.from_text(urlsplit(url).netloc.rpartition("@")[2]) for url in urls]
    return tuple(rule for rule in rules if rule)


@contextmanager
def serve(*answers: Answer) -> Iterator[ScriptedServer]:
    """Serve the answers until the block ends."""
    script = ScriptedServer(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            script.requests.append(dict(self.headers))
            script.paths.append(self.path)
            answer = script.next_answer()
            self.send_response(answer.status)
            for name, value in {**_length_header(answer), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            body = answer.body if answer.cut_after is None else answer.body[: answer.cut_after]
            self._send_chunks(body, answer) if answer.chunked else self.wfile.write(body)
            self.close_connection |= answer.cut_after is not None or answer.silent_about_length

        def _send_chunks(self, body: bytes, answer: Answer) -> None:
            for start in range(0, len(body), 7):
                piece = body[start : start + 7]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if answer.cut_after is None:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/rows.csv?accessType=DOWNLOAD"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _length_header(answer: Answer) -> dict[str, str]:
    if answer.chunked:
        return {"Transfer-Encoding": "chunked"}
    return {} if answer.silent_about_length else {"Content-Length": str(len(answer.body))}
