"""A server on a free loopback port that sends given bytes, whatever HTTP says of them, and then ends the connection."""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

Answer = Callable[[dict[str, str]], Iterable[bytes]]
"""Takes a request's headers, their names in small letters, and gives what to send, piece by piece."""


@dataclass
class RawServer:
    """The server's port, the requests' headers in order, and the connections that it took."""

    port: int
    requests: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rows.csv"


@contextmanager
def serve_raw(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Answer each connection's one request until the block ends, by TLS if there is a context."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener.getsockname()[1])
        ended = False

        def run() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    if ended:
                        return
                    server.connections += 1
                    _talk(connection, answer, server, tls)

        thread = Thread(target=run)
        thread.start()
        try:
            yield server
        finally:
            ended = True
            socket.create_connection(("127.0.0.1", server.port)).close()
            thread.join()


def _talk(connection: socket.socket, answer: Answer, server: RawServer, tls: ssl.SSLContext | None) -> None:
    try:
        if tls:
            connection.settimeout(30)
            connection = tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as lines:
            head = []
            while (line := lines.readline()).strip():
                head.append(line)
            if not line:
                return
            headers = dict(line.decode().strip().split(": ", 1) for line in head[1:])
            server.requests.append({name.lower(): value for name, value in headers.items()})
            for piece in answer(server.requests[-1]):
                connection.sendall(piece)
    except OSError:
        return  # the other side has seen enough
