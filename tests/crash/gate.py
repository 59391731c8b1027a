"""A gate on loopback between a program and the embedded AWS: it holds one request at a chosen moment.

What is held can be killed there, and the moment is exact: the request has not reached AWS yet, or it took effect and
its answer is on its way. Everything else passes as it is.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self
from urllib.parse import parse_qs

from aiohttp import ClientSession, ClientTimeout, web

REACHED_SECONDS = 120.0
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "host"}
_NO_LIMIT = 1 << 30


class Moment(StrEnum):
    """When a request is held."""

    BEFORE = "before"
    """It has not reached AWS."""

    DURING = "during"
    """It took effect, and its answer is not told."""


@dataclass(frozen=True)
class Request:
    """What a program asks of AWS.

    Attributes:
        operation: The API's operation, such as ``StartExecution``; for S3, the HTTP method.
        key: The path, without the slash at its beginning: for S3, bucket and key.
        query: The query string: S3 tells the parts of an upload there.
        body: The body, whole.
    """

    operation: str
    key: str
    query: str
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, request: web.BaseRequest, body: bytes) -> Self:
        """Read the operation where the service's protocol has it."""
        target = request.headers.get("X-Amz-Target", "")
        operation = target.rpartition(".")[2] or request.method
        if "x-www-form-urlencoded" in request.headers.get("Content-Type", ""):
            [operation] = parse_qs(body.decode()).get("Action", [request.method])
        elif "/operation/" in request.path:
            operation = request.path.rpartition("/")[2]
        return cls(operation, request.path.removeprefix("/"), request.query_string, body)


Matches = Callable[[Request], bool]


@dataclass
class Hold:
    """A request to be held.

    Attributes:
        matches: Which request.
        moment: When.
        skip: How many that match pass before it.
        every: Whether those that come after it are held as well.
        port: The TCP port from which the held request came: it tells whose it is.
    """

    matches: Matches
    moment: Moment
    skip: int = 0
    every: bool = False
    port: int = 0
    _reached: threading.Event = field(default_factory=threading.Event)
    _lifted: threading.Event = field(default_factory=threading.Event)
    _passes: bool = False

    def await_reached(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Wait until the request is held.

        Args:
            ended: Tells whether the program that was to send it has ended: then it never will.
        """
        deadline = time.monotonic() + REACHED_SECONDS
        while not self._reached.wait(0.01):
            assert not ended(), "the program ended without the request that was to be held"
            assert time.monotonic() < deadline, f"no request was held within {REACHED_SECONDS:.0f} s"

    def let_pass(self) -> None:
        """Let the held request go on, as if nothing had been."""
        self._passes = True
        self._lifted.set()

    def drop(self) -> None:
        """End the hold; a request that is held goes no further, as its sender is dead."""
        self._lifted.set()

    def takes(self, request: Request) -> bool:
        """Tell whether this is the request to hold."""
        if self._lifted.is_set() or not self.matches(request):
            return False
        self.skip -= 1
        return self.skip < 0 if self.every else self.skip == -1

    async def keep(self, incoming: web.BaseRequest) -> bool:
        """Hold a request until the hold is lifted; tell whether it goes on."""
        if incoming.transport is not None and not self._reached.is_set():
            self.port = incoming.transport.get_extra_info("peername")[1]
        self._reached.set()
        await asyncio.to_thread(self._lifted.wait)
        return self._passes


class Gate:
    """The gate: a reverse proxy on a free port of 127.0.0.1.

    Attributes:
        seen: Every request that came, in order.
        endpoint: Its URL, to be given to programs instead of the embedded AWS's.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.seen: list[Request] = []
        self.endpoint = ""
        self._holds: list[Hold] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        for hold in list(self._holds):
            hold.drop()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @contextmanager
    def hold(self, matches: Matches | str, moment: Moment, *, skip: int = 0, every: bool = False) -> Iterator[Hold]:
        """Hold the first request that matches, or a later one; drop it at the end unless it was let pass.

        Args:
            matches: Which request; an operation's name stands for all requests of that operation.
            moment: When.
            skip: How many that match pass before it.
            every: Whether to hold those that come after it as well.
        """
        test = (lambda request: request.operation == matches) if isinstance(matches, str) else matches
        hold = Hold(test, moment, skip, every)
        self._holds.append(hold)
        try:
            yield hold
        finally:
            hold.drop()
            self._holds.remove(hold)

    async def _open(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=None), auto_decompress=False)
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        [address] = self._runner.addresses
        self.endpoint = f"http://127.0.0.1:{address[1]}"

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        incoming._client_max_size = _NO_LIMIT
        if incoming.headers.get("Expect", "").lower() == "100-continue" and incoming.transport is not None:
            incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # boto3 waits a second for it
        body = await incoming.read()
        request = Request.of(incoming, body)
        self.seen.append(request)
        hold = next((hold for hold in self._holds if hold.takes(request)), None)
        if hold and hold.moment is Moment.BEFORE and not await hold.keep(incoming):
            return _cut(incoming)
        answer = await self._forward(incoming, body)
        if hold and hold.moment is Moment.DURING and not await hold.keep(incoming):
            return _cut(incoming)
        return answer

    async def _forward(self, incoming: web.BaseRequest, body: bytes) -> web.Response:
        headers = [(name, value) for name, value in incoming.headers.items() if name.lower() not in _HOP_BY_HOP]
        async with self._session.request(
            incoming.method,
            self.target + incoming.raw_path,
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
        ) as got:
            content: Any = await got.read()
            kept = [(name, value) for name, value in got.headers.items() if name.lower() not in _HOP_BY_HOP]
            if incoming.method == "HEAD":
                kept.append(("Content-Length", got.headers.get("Content-Length", "0")))
            return web.Response(status=got.status, body=content, headers=dict(kept))


def _cut(incoming: web.BaseRequest) -> web.Response:
    if incoming.transport is not None:
        incoming.transport.close()
    return web.Response(status=500)
