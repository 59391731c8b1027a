"""A proxy on loopback between programs and the embedded AWS, whose interceptors hold, refuse or change what passes."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.support.aws_messages import NO_ANSWER, Answer, Request

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}
_NOT_ADDED = ("Content-Type", "User-Agent", "Accept", "Accept-Encoding")
_START_SECONDS = 30.0

Onward = Callable[[Request], Awaitable[Answer]]
"""Hands a request on, to the next interceptor and at last to AWS; gives its answer."""


class Interceptor(Protocol):
    """Stands in the way of every request."""

    async def __call__(self, request: Request, onward: Onward) -> Answer:
        """Answer a request: hand it on, or another one in its place, or none."""


class AwsProxy:
    """A reverse proxy on a free port of 127.0.0.1; a context manager.

    Args:
        target: The URL of the embedded AWS.
        interceptors: What a request passes on its way there, in order.

    Attributes:
        endpoint: Its URL, to be given to programs instead of the embedded AWS's.
    """

    def __init__(self, target: str, *interceptors: Interceptor) -> None:
        self.endpoint = ""
        self._target = target
        self._onward: Onward = self._forward
        for interceptor in reversed(interceptors):
            self._onward = _chained(interceptor, self._onward)
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        connector = TCPConnector(limit=0)
        async with ClientSession(
            connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=None)
        ) as self._session:
            server = web.Server(self._handle, access_log=None, auto_decompress=False)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            [address] = runner.addresses
            self.endpoint = f"http://127.0.0.1:{address[1]}"
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        if incoming.headers.get("Expect", "").lower() == "100-continue" and incoming.transport is not None:
            incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # boto3 waits a second for it
        answer = await self._onward(await Request.read(incoming))
        return await _tell(incoming, answer)

    async def _forward(self, request: Request) -> Answer:
        async with self._session.request(
            request.method,
            URL(self._target + request.raw_path, encoded=True),
            headers=_passed_on(request.headers, {"content-length"}),
            data=request.body,
            allow_redirects=False,
            skip_auto_headers=_NOT_ADDED,
        ) as got:
            return Answer(got.status, _passed_on(got.headers, set()), await got.read())


def _chained(interceptor: Interceptor, onward: Onward) -> Onward:
    return lambda request: interceptor(request, onward)


def _passed_on(headers: CIMultiDict[str] | CIMultiDictProxy[str], dropped: set[str]) -> CIMultiDict[str]:
    not_passed = _OF_ONE_CONNECTION | dropped
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in not_passed)


async def _tell(incoming: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Tell an answer, or as much of it as is to be told before the connection is cut."""
    if answer is NO_ANSWER:
        return _cut(incoming)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if incoming.method != "HEAD":
        response.content_length = len(answer.body)
    # A program that was killed meanwhile takes no answer.
    with contextlib.suppress(ConnectionError):
        await response.prepare(incoming)
        if body := answer.body[: answer.told]:
            await response.write(body)
        if answer.told is None:
            await response.write_eof()
    return response if answer.told is None else _cut(incoming)


def _cut(incoming: web.BaseRequest) -> web.Response:
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response()
