"""The ASGI application in front of MiniStack's: lets through what may pass, and answers the rest itself."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any
from xml.sax.saxutils import escape

from local_aws.door.callers import refusal
from local_aws.door.keys import secret_of
from local_aws.door.signatures import RefusedError, Request, claim, needs_body, verify

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_FOREIGN = "AccessDenied"
_JSON = "application/x-amz-json-1.0"
_QUERY_SERVICES = frozenset({"cloudformation", "ec2", "iam", "monitoring", "sns", "sqs", "sts"})


class Guard:
    """Lets a request pass that a program sent here, and signed with a key that there is.

    Args:
        app: MiniStack's application.
        root_id: The id of the root's access key; its secret is the variable ``AWS_SECRET_ACCESS_KEY``.
    """

    def __init__(self, app: App, root_id: str) -> None:
        self._app = app
        self._root_id = root_id

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
        match scope["type"]:
            case "lifespan":
                await self._app(scope, receive, send)
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                # MiniStack's are for APIs that functions and devices hold open; here, nothing does.
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            case kind:
                raise NotImplementedError(f"{kind}: nobody has said who may use this")

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        raw_path = scope.get("raw_path") or scope["path"].encode()
        request = Request.of(scope["method"], raw_path, scope.get("query_string", b""), scope["headers"])
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        try:
            if why := refusal(hosts, origin, site, scope["path"]):
                raise RefusedError(_FOREIGN, why)  # noqa: TRY301 - answered as every refusal is
            receive = await self._authenticated(request, receive)
        except RefusedError as error:
            await _refuse(request, error, send)
            return
        await self._app(scope, receive, _without_cors(send))

    async def _authenticated(self, request: Request, receive: Receive) -> Receive:
        """Check the signature; return what gives the body, which may have been read for that."""
        claimed = claim(request)
        secret = secret_of(claimed, self._root_id)  # before the body: nobody without a key makes this one keep any
        if not needs_body(request, claimed):
            verify(request, claimed, secret, b"")
            return receive
        body, whole = await _read(receive)
        if whole:
            verify(request, claimed, secret, body)
        return _given_again(body, receive, whole=whole)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """Read a body; say whether it is whole, or its sender has gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"", False
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts), True


def _given_again(body: bytes, receive: Receive, *, whole: bool) -> Receive:
    first: list[Message] = [
        {"type": "http.request", "body": body, "more_body": False} if whole else {"type": "http.disconnect"}
    ]

    async def give() -> Message:
        return first.pop() if first else await receive()

    return give


def _without_cors(send: Send) -> Send:
    """Keep back what would let web pages read the answer: MiniStack lets any."""

    async def send_on(message: Message) -> None:
        if "headers" in message:
            kept = [(name, value) for name, value in message["headers"] if not _is_cors(name)]
            message = {**message, "headers": kept}
        await send(message)

    return send_on


def _is_cors(name: bytes) -> bool:
    return bytes(name).lower().startswith((b"access-control-", b"timing-allow-origin"))


async def _refuse(request: Request, error: RefusedError, send: Send) -> None:
    """Answer 403 in the protocol of the service that was asked, so that its clients show the sentence."""
    kind, body = _told(request, error)
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"date", formatdate(usegmt=True).encode()),
        (b"x-amzn-errortype", error.code.encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def _told(request: Request, error: RefusedError) -> tuple[str, bytes]:
    content_type = request.headers.get("content-type", "")
    authorization = request.headers.get("authorization", "")
    scope = (authorization.partition("Credential=")[2] or request.parameter("X-Amz-Credential")).split("/")
    service = scope[3] if len(scope) > 3 else ""
    named = f"<Code>{escape(error.code)}</Code><Message>{escape(str(error))}</Message>"
    if service == "s3":
        return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{named}</Error>'.encode()
    if "x-www-form-urlencoded" in content_type or (service in _QUERY_SERVICES and "json" not in content_type):
        return "text/xml", f"<ErrorResponse><Error><Type>Sender</Type>{named}</Error></ErrorResponse>".encode()
    document = {"__type": error.code, "message": str(error)}
    return content_type if "json" in content_type else _JSON, json.dumps(document).encode()
