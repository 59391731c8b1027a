"""Connections that lead only where a download may go, and that end when its time is up."""

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Any, ClassVar, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from csvdynamo_airflow.settings import LOCAL_HOSTS
from csvdynamo_airflow.source.fetched import DownloadError
from csvdynamo_airflow.source.http.addresses import is_of_internet
from csvdynamo_airflow.source.http.answer import WholeAnswer
from csvdynamo_airflow.source.time_limit import TimeLimit

MayGoAnywhere = Callable[[str, str, int], bool]
"""Says of a scheme, host and port whether they may be at any address."""


class Guard:
    """What the connections of one download have in common; a context manager."""

    def __init__(self, may_go_anywhere: MayGoAnywhere, limit: TimeLimit) -> None:
        self._may_go_anywhere = may_go_anywhere
        self._lock = Lock()
        self._line: socket.socket | None = None
        self._over = False
        self._timer = Timer(max(0.0, limit.remaining()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self.let_go()

    def connect(self, connection: HTTPConnection, open_socket: Callable[[], socket.socket]) -> socket.socket:
        """Open a connection's socket, unless it would lead into a network that is nobody's business.

        The host's addresses are looked at before, so that nothing of such a network is so much as knocked at, and the
        one that was connected to afterwards, because a name may have got another address in between ("DNS rebinding").
        A forward proxy looks the name up itself: what it reaches is for it to decide.

        Raises:
            DownloadError: The host is, or has among its addresses, one that is not of the internet.
        """
        scheme = "https" if isinstance(connection, HTTPSConnection) else "http"
        direct = connection.proxy is None
        checked = direct and not self._may_go_anywhere(scheme, connection.host, connection.port)
        if checked:
            self._refuse_inner(connection.host, _addresses(connection.host, connection.port))
        opened = open_socket()
        try:
            if checked:
                self._refuse_inner(connection.host, [opened.getpeername()[0]])
        except BaseException:
            opened.close()
            raise
        self._hold(opened.dup())
        return opened

    def let_go(self) -> None:
        """Forget the connection that was opened last, whose end is then its own."""
        self._hold(None)

    def _refuse_inner(self, host: str, addresses: list[str]) -> None:
        if not all(map(is_of_internet, addresses)):
            raise DownloadError(
                f"{host} has an address that is not of the internet, but of this worker or the network around it: "
                f"nothing was asked there. For local use, {LOCAL_HOSTS} names hosts that may have one."
            )

    def _hold(self, line: socket.socket | None) -> None:
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = line
            if self._over:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            self._shut()

    def _shut(self) -> None:
        # By a second handle: TLS has taken the first one away, and closes it when it likes.
        if self._line is not None:
            with suppress(OSError):  # it had ended
                self._line.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    guard: ClassVar[Guard]
    response_class = WholeAnswer

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self, super()._new_conn)


class _TlsConnection(HTTPSConnection):
    guard: ClassVar[Guard]
    response_class = WholeAnswer

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self, super()._new_conn)


def guarded_pools(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    """Make urllib3's pools, by scheme, whose connections have a guard."""
    plain: dict[str, Any] = {"ConnectionCls": type("GuardedConnection", (_Connection,), {"guard": guard})}
    tls: dict[str, Any] = {"ConnectionCls": type("GuardedTlsConnection", (_TlsConnection,), {"guard": guard})}
    return {
        "http": type("GuardedPool", (HTTPConnectionPool,), plain),
        "https": type("GuardedTlsPool", (HTTPSConnectionPool,), tls),
    }


def _addresses(host: str, port: int) -> list[str]:
    """Look a host up; none for one that has no address, which connecting to it will tell."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]
