"""HTTP connections to one endpoint that are kept open, and requests that overlap on them.

All requests are sent before the first answer is read, so that one thread waits for all of them at once. What goes wrong
on the way becomes the error that botocore has for it, which `is_retryable` knows.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import ProxyConfiguration, mask_proxy_url
from urllib3.util import wait_for_read

from csvdynamo.errors import ProxyError

_LEAST_SECONDS = 0.001
_NO_CONNECTION = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)


@dataclass(frozen=True)
class HttpAnswer:
    """An answer that came whole.

    Attributes:
        status: Its status.
        headers: Its headers, whose names are found in any case.
        body: Its body, as it came.
    """

    status: int
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Endpoint:
    """Where requests go, and which way.

    Attributes:
        url: The endpoint's URL.
        ca_bundle: The file or folder of the authorities that its certificate is trusted by.
        proxies: The URL of the proxy for each scheme that has one, as botocore finds them.
        connect_seconds: How long a connection may take.
        read_seconds: How long an answer may let wait.
    """

    url: str
    ca_bundle: str
    proxies: Mapping[str, str]
    connect_seconds: float
    read_seconds: float


@dataclass(frozen=True)
class _Sent:
    """A request on its way, the connection that its answer comes by, and when that is too late."""

    connection: HTTPConnection
    until: float


class KeptConnections:
    """As many connections to an endpoint as there were requests at once; for one thread.

    Attributes:
        host: The value of the header ``Host``.
        target: What a request's first line names.
        headers: Headers that each request has beside its own, for a proxy.

    Raises:
        ProxyError: There is a proxy, and its own URL is not ``http://``.
    """

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint, self._clock = endpoint, clock
        self._idle: list[HTTPConnection] = []
        parts = urlsplit(endpoint.url)
        is_secure, path = parts.scheme == "https", parts.path or "/"
        standard = 443 if is_secure else 80
        address = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        self.host = address if parts.port in (None, standard) else f"{address}:{parts.port}"
        self._address = (parts.hostname or "", parts.port or standard)
        self._tls = _trusting(endpoint.ca_bundle) if is_secure else None
        configuration = ProxyConfiguration(dict(endpoint.proxies))
        self._proxy: str | None = configuration.proxy_url_for(endpoint.url)
        proxy_headers = {} if self._proxy is None else configuration.proxy_headers_for(self._proxy)
        self._tunnel_headers: Mapping[str, str] = proxy_headers if is_secure else {}
        self.headers: Mapping[str, str] = {} if is_secure else proxy_headers
        self.target = f"http://{self.host}{path}" if self._proxy and not is_secure else path
        if self._proxy is not None and urlsplit(self._proxy).scheme != "http":
            raise ProxyError(
                f"the proxy {mask_proxy_url(self._proxy)} is spoken with by TLS, which is not possible on the way to "
                f"{endpoint.url}: name one whose own URL is http://, or except the host by NO_PROXY"
            )

    def exchange(self, requests: Iterable[bytes]) -> list[HttpAnswer | BotoCoreError]:
        """Send requests, one a connection, and then read their answers.

        Args:
            requests: Each one's bytes. The next one is asked for when the one before has been sent.

        Returns:
            In order: each one's answer, or botocore's error of what went wrong on the way. Such a request may have
            taken effect.
        """
        sent: list[_Sent | BotoCoreError] = []
        answers: list[HttpAnswer | BotoCoreError] = []
        try:
            for request in requests:
                sent.append(self._send(request, sent))
            for one in sent:
                answers.append(one if isinstance(one, BotoCoreError) else self._read(one))
        finally:
            # A connection whose answer was not read must never bring it as another one's.
            for one in sent[len(answers) :]:
                if isinstance(one, _Sent):
                    one.connection.close()
        return answers

    def _send(self, request: bytes, before: Sequence[_Sent | BotoCoreError]) -> _Sent | BotoCoreError:
        connection = self._still_open()
        if connection is None:
            closed = next((one for one in before if isinstance(one, _NO_CONNECTION)), None)
            if closed is not None:  # each further try would take as long again
                return closed
            try:
                connection = self._connect()
            except BotoCoreError as error:
                return error
        try:
            connection.sock.settimeout(self._endpoint.read_seconds)
            connection.sock.sendall(request)
        except OSError as error:
            connection.close()
            return ConnectionClosedError(endpoint_url=self._endpoint.url, error=error)
        return _Sent(connection, self._clock() + self._endpoint.read_seconds)

    def _read(self, sent: _Sent) -> HttpAnswer | BotoCoreError:
        connection, is_whole = sent.connection, False
        try:
            connection.sock.settimeout(max(_LEAST_SECONDS, sent.until - self._clock()))
            with HTTPResponse(connection.sock, method="POST") as response:
                response.begin()
                body = response.read()
                is_whole = not response.will_close
            return HttpAnswer(response.status, response.headers, body)
        except TimeoutError as error:
            return ReadTimeoutError(endpoint_url=self._endpoint.url, error=error)
        except (OSError, HTTPException) as error:
            return ConnectionClosedError(endpoint_url=self._endpoint.url, error=error)
        finally:
            if is_whole:
                self._idle.append(connection)
            else:
                connection.close()

    def _still_open(self) -> HTTPConnection | None:
        while self._idle:
            connection = self._idle.pop()
            # Nobody was asked: what there is to read is the other side's farewell.
            if not wait_for_read(connection.sock, timeout=0):
                return connection
            connection.close()
        return None

    def _connect(self) -> HTTPConnection:
        """Open a connection.

        Raises:
            BotoCoreError: The one that botocore has for what went wrong.
        """
        connection, url = self._new(), self._endpoint.url
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except (OSError, HTTPException) as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise ConnectTimeoutError(endpoint_url=url, error=error) from error
            if isinstance(error, ssl.SSLError):
                raise SSLError(endpoint_url=url, error=error) from error
            if self._proxy is not None:
                raise ProxyConnectionError(proxy_url=mask_proxy_url(self._proxy), error=error) from error
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        return connection

    def _new(self) -> HTTPConnection:
        proxy = None if self._proxy is None else urlsplit(self._proxy)
        host, port = self._address if proxy is None else (proxy.hostname or "", proxy.port or 80)
        if self._tls is None:
            return HTTPConnection(host, port, timeout=self._endpoint.connect_seconds)
        connection = HTTPSConnection(host, port, timeout=self._endpoint.connect_seconds, context=self._tls)
        if proxy is not None:
            connection.set_tunnel(*self._address, headers=dict(self._tunnel_headers))
        return connection


def _trusting(ca_bundle: str) -> ssl.SSLContext:
    """Return a TLS context that trusts a file or a folder of authorities, as botocore's does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if Path(ca_bundle).is_dir():
        context.load_verify_locations(capath=ca_bundle)
    else:
        context.load_verify_locations(cafile=ca_bundle)
    return context
