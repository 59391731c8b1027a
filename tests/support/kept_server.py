"""A server on a free loopback port that keeps its connections, and sends the bytes that a test has for each request."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request: its first line's target, its headers by their names in small letters, its body and its connection."""

    target: str
    headers: dict[str, str]
    body: bytes
    connection: Any


Reply = Callable[[Asked], bytes | None]
"""Gives the whole answer to send; None ends the connection instead."""


@dataclass
class KeptServer:
    """The server's port and what it was asked, in the order in which the requests were whole."""

    port: int
    asked: list[Asked] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many connections brought a request."""
        return len({one.connection for one in self.asked})


@contextmanager
def serve_kept(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[KeptServer]:
    """Answer requests until the block ends, each connection in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Asked(self.path, headers, body, self.client_address)
            with lock:
                server.asked.append(one)
            answer = reply(one)
            if answer is None:
                self.close_connection = True
            else:
                self.wfile.write(answer)

        def do_CONNECT(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                server.asked.append(Asked(self.path, headers, b"", self.client_address))
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    lock = threading.Lock()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        if tls is not None:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        listener.handle_error = lambda *_: None  # type: ignore[method-assign] # the other side has seen enough
        listener.daemon_threads = True
        server = KeptServer(listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
