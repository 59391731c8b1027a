"""A proxy on loopback between AWS clients and the embedded AWS, which answers some requests with a fault."""

import asyncio
import contextlib
import json
import random
import re
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from yarl import URL

from tests.chaos.faults import FaultKind, FaultPlan, Request

_SIGNED_FOR = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_NOT_FORWARDED = {"connection", "content-length", "expect", "transfer-encoding"}
_OF_ANOTHER_BODY = {"content-length", "x-amz-crc32"}
_START_SECONDS = 30.0
_LONGEST_SLOWNESS_SECONDS = 0.4
_STATUS = {FaultKind.INTERNAL_ERROR: 500, FaultKind.UNAVAILABLE: 503, FaultKind.SLOW_DOWN: 503}
_CODES = {
    FaultKind.INTERNAL_ERROR: "InternalFailure",
    FaultKind.UNAVAILABLE: "ServiceUnavailable",
    FaultKind.REFUSED: "AccessDeniedException",
}


class FaultProxy:
    """Forwards requests to an endpoint, or answers as a plan says; a context manager.

    Args:
        upstream: The endpoint's URL.
        kill_a_lambda: Kills a process that works off a batch, for `FaultKind.KILLED`; its dice choose.

    Attributes:
        plan: Decides the faults; None for none.
    """

    def __init__(self, upstream: str, kill_a_lambda: Callable[[random.Random], None]) -> None:
        self.plan: FaultPlan | None = None
        self._upstream = upstream
        self._kill_a_lambda = kill_a_lambda
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._port = 0
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL for ``endpoint_url``."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the fault proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self._handle)
        connector = TCPConnector(limit=0, force_close=True)
        async with ClientSession(
            connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=None)
        ) as self._session:
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            assert runner.addresses
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        body = await incoming.read()
        fault, dice = None, random.Random(0)
        if (plan := self.plan) is not None:
            fault, dice = plan.decide(_request(incoming, body))
        match fault:
            case FaultKind.CUT_BEFORE:
                return _cut(incoming)
            case FaultKind.CUT_AFTER:
                return await self._cut_after(incoming, body)
            case FaultKind.UNPROCESSED:
                return await self._partly(incoming, body, dice, _split_batch, _merge_batch)
            case FaultKind.FAILED_PUT:
                return await self._partly(incoming, body, dice, _split_records, _merge_records)
            case FaultKind.SLOW:
                await asyncio.sleep(dice.uniform(0, _LONGEST_SLOWNESS_SECONDS))
            case FaultKind.KILLED:
                await asyncio.to_thread(self._kill_a_lambda, dice)
            case FaultKind():
                return _refusal(incoming, fault)
        return await _answer(incoming, *await self._forward(incoming, body))

    async def _forward(self, incoming: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in incoming.headers.items() if name.lower() not in _NOT_FORWARDED}
        url = URL(self._upstream + incoming.raw_path, encoded=True)
        async with self._session.request(
            incoming.method, url, headers=headers, data=body, allow_redirects=False
        ) as response:
            kept = {name: value for name, value in response.headers.items() if name.lower() != "transfer-encoding"}
            return response.status, kept, await response.read()

    async def _cut_after(self, incoming: web.Request, body: bytes) -> web.StreamResponse:
        status, headers, answer = await self._forward(incoming, body)
        if incoming.method == "GET" and len(answer) > 1:
            begun = web.StreamResponse(status=status, headers=headers)
            await begun.prepare(incoming)
            await begun.write(answer[: len(answer) // 2])
        return _cut(incoming)

    async def _partly(
        self, incoming: web.Request, body: bytes, dice: random.Random, split: Any, merge: Any
    ) -> web.StreamResponse:
        """Let a part of a batch take effect, and say of the rest that it did not."""
        asked = json.loads(body)
        taken, left = split(asked, dice)
        status, headers, answer = 200, {"Content-Type": incoming.content_type}, b"{}"
        if taken is not None:
            status, headers, answer = await self._forward(incoming, json.dumps(taken).encode())
        if status == 200:
            answer = json.dumps(merge(json.loads(answer), left)).encode()
        kept = {name: value for name, value in headers.items() if name.lower() not in _OF_ANOTHER_BODY}
        return web.Response(status=status, headers=kept, body=answer)


def _request(incoming: web.Request, body: bytes) -> Request:
    signed = _SIGNED_FOR.search(incoming.headers.get("Authorization", ""))
    service = signed[1] if signed else ""
    operation = incoming.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation and service != "s3":
        operation = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    content = incoming.raw_path.encode() + (b"" if service == "s3" else b"\n" + body)
    return Request(service, operation or incoming.method, content)


async def _answer(incoming: web.Request, status: int, headers: dict[str, str], body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    # A Lambda that was killed meanwhile has nobody to take the answer.
    with contextlib.suppress(ConnectionError):
        await response.prepare(incoming)
        if body:
            await response.write(body)
        await response.write_eof()
    return response


def _cut(incoming: web.Request) -> web.StreamResponse:
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response()


def _refusal(incoming: web.Request, fault: FaultKind) -> web.Response:
    """Refuse a request in the words of its service's protocol."""
    code, status = _CODES.get(fault, fault.value), _STATUS.get(fault, 400)
    text = f"{code}, as the test's plan says"
    if "X-Amz-Target" in incoming.headers:
        body = json.dumps({"__type": code, "message": text})
        return web.Response(status=status, text=body, content_type="application/x-amz-json-1.0")
    error = f"<Error><Type>Receiver</Type><Code>{code}</Code><Message>{text}</Message></Error>"
    whole = error if not incoming.content_type.endswith("urlencoded") else f"<ErrorResponse>{error}</ErrorResponse>"
    return web.Response(status=status, text=whole, content_type="application/xml")


def _split_batch(asked: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Split BatchWriteItem's or BatchGetItem's request in what is done and what is left unprocessed."""
    [(table, wanted)] = asked["RequestItems"].items()
    if isinstance(wanted, list):
        done, left = _split(wanted, dice)
        return ({**asked, "RequestItems": {table: done}} if done else None), {"UnprocessedItems": {table: left}}
    done, left = _split(wanted["Keys"], dice)
    unprocessed = {"UnprocessedKeys": {table: {**wanted, "Keys": left}}}
    return ({**asked, "RequestItems": {table: {**wanted, "Keys": done}}} if done else None), unprocessed


def _merge_batch(answer: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
    return {"Responses": {}, **answer, **left}


def _split_records(asked: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any] | None, list[bool]]:
    """Split PutRecordBatch's records; of the second, whether each record was taken."""
    taken = [dice.random() < 0.5 for _ in asked["Records"]]
    taken[dice.randrange(len(taken))] = False
    records = [record for record, is_taken in zip(asked["Records"], taken, strict=True) if is_taken]
    return ({**asked, "Records": records} if records else None), taken


def _merge_records(answer: dict[str, Any], taken: list[bool]) -> dict[str, Any]:
    answers = iter(answer.get("RequestResponses", []))
    refused = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    responses = [next(answers) if is_taken else refused for is_taken in taken]
    failed = sum("ErrorCode" in response for response in responses)
    return {"Encrypted": False, **answer, "FailedPutCount": failed, "RequestResponses": responses}


def _split(entries: list[Any], dice: random.Random) -> tuple[list[Any], list[Any]]:
    shuffled = dice.sample(entries, len(entries))
    cut = dice.randrange(len(entries))
    return shuffled[:cut], shuffled[cut:]
