"""A request to AWS and its answer, as the proxy and its interceptors hand them on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qs

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

_SIGNED_FOR = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/")
_SIGNED_HEADERS = re.compile(r"SignedHeaders=([^,]+)")
_NEW_IN_A_SIGNATURE = {"x-amz-date", "x-amz-content-sha256"}


@dataclass(frozen=True)
class Request:
    """What a program asks of AWS.

    Attributes:
        method: The HTTP method.
        raw_path: Path and query string as they were sent.
        headers: The headers.
        body: The body, whole.
        port: The TCP port from which it came: it tells whose it is.
    """

    method: str
    raw_path: str
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)
    port: int = 0

    @classmethod
    async def read(cls, incoming: web.BaseRequest) -> Self:
        """Read a request to its end, whatever its size."""
        sender = incoming.transport.get_extra_info("peername") if incoming.transport is not None else None
        body = await incoming.content.read()
        return cls(incoming.method, incoming.raw_path, incoming.headers, body, sender[1] if sender else 0)

    @property
    def service(self) -> str:
        """The service's name in the signature, such as ``s3`` or ``states``; empty where it is not signed."""
        signed = _SIGNED_FOR.search(self.headers.get("Authorization", ""))
        return signed[2] if signed else ""

    @property
    def operation(self) -> str:
        """The API's operation, such as ``StartExecution``; for S3, the HTTP method."""
        if target := self.headers.get("X-Amz-Target", "").rpartition(".")[2]:
            return target
        if self.is_form:
            return parse_qs(self.body.decode("utf-8", "replace")).get("Action", [self.method])[0]
        _, _, operation = self._url.path.rpartition("/operation/")
        return operation if operation and self.service != "s3" and "/operation/" in self._url.path else self.method

    def with_body(self, body: bytes, variables: Mapping[str, str]) -> Self:
        """Give the request another body, which the access key of an AWS signs instead of its first sender.

        Args:
            body: The body.
            variables: Of the AWS: `LocalAws.environment`.
        """
        signed, authorization = _SIGNED_FOR.search(self.headers["Authorization"]), self.headers["Authorization"]
        names = _SIGNED_HEADERS.search(authorization)
        assert signed is not None
        assert names is not None
        kept = {name: self.headers[name] for name in names[1].split(";") if name not in _NEW_IN_A_SIGNATURE}
        url = f"http://{kept['host']}{self.raw_path}"
        again = AWSRequest(self.method, url, headers=kept, data=body)
        key = Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(key, self.service, signed[1]).add_auth(again)
        headers = CIMultiDict(self.headers)
        headers.popall("X-Amz-Content-SHA256", None)
        headers.update({name: again.headers[name] for name in ("Authorization", "X-Amz-Date")})
        return replace(self, headers=CIMultiDictProxy(headers), body=body)

    @property
    def is_form(self) -> bool:
        """Whether it is of the query protocol, whose answers are XML."""
        return "x-www-form-urlencoded" in self.headers.get("Content-Type", "")

    @property
    def key(self) -> str:
        """The path, without the slash at its beginning: for S3, bucket and key."""
        return self._url.path.removeprefix("/")

    @property
    def query(self) -> str:
        """The query string: S3 tells the parts of an upload there."""
        return self._url.query_string

    @property
    def _url(self) -> URL:
        return URL(self.raw_path, encoded=True)


@dataclass(frozen=True)
class Answer:
    """What the program is told.

    Attributes:
        status: The HTTP status.
        headers: The headers.
        body: The body, whole.
        told: How many bytes of the body are told before the connection is cut; None for all, and no cut.
    """

    status: int
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = field(default=b"", repr=False)
    told: int | None = None


NO_ANSWER = Answer(0, told=0)
"""The connection is cut before anything is told."""


def json_answer(request: Request, status: int, document: dict[str, Any]) -> Answer:
    """Answer in JSON, of the kind in which the request was made."""
    kind = request.headers.get("Content-Type", "application/x-amz-json-1.0")
    return Answer(status, CIMultiDict({"Content-Type": kind}), json.dumps(document).encode())


def refusal(request: Request, code: str, status: int = 400) -> Answer:
    """Refuse a request in the words of its service's protocol.

    Args:
        request: The request.
        code: The error's code, such as ``ThrottlingException``.
        status: The HTTP status.
    """
    text = f"{code}, as the test's plan says"
    if "X-Amz-Target" in request.headers:
        return json_answer(request, status, {"__type": code, "message": text})
    error = f"<Error><Type>Receiver</Type><Code>{code}</Code><Message>{text}</Message></Error>"
    whole = f"<ErrorResponse>{error}</ErrorResponse>" if request.is_form else error
    return Answer(status, CIMultiDict({"Content-Type": "application/xml"}), whole.encode())
