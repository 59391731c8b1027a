"""Who signed a request, and whether the signature is right: AWS Signature Version 4, in a header or in the URL. Pure.

The rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, and for S3's
bodies https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html. A body that its
sender hashed in advance, or let go unsigned, is taken as its headers say, as the services do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from local_aws.ministack_internals import router, sigv4

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST_PRESIGNED_SECONDS = 7 * 24 * 3600
_NO_KEY = (
    "The embedded AWS takes signed requests alone. Sign with the access key of this start (AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY): `make aws` prints it, `make demo KEEP_AWS=1` and `make ui` write it to build/aws.json."
)


class RefusedError(Exception):
    """The request is not answered; the message says why.

    Attributes:
        code: The error's code, as AWS has it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Request:
    """A request as its signature covers it.

    Attributes:
        method: The HTTP method.
        raw_path: The path as it was sent.
        query: The values of each parameter.
        headers: The headers by their names in lower case; several of one name are joined by a comma.
    """

    method: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, method: str, raw_path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> "Request":
        """Take a request from what ASGI says of it."""
        joined: dict[str, str] = {}
        for raw_name, value in headers:
            name, text = raw_name.decode("latin-1").lower(), str(sigv4.decode_header_value(value))
            joined[name] = f"{joined[name]},{text}" if name in joined else text
        parameters = parse_qs(query.decode("utf-8", "replace"), keep_blank_values=True)
        return cls(method, raw_path.decode("latin-1"), parameters, joined)

    def parameter(self, name: str) -> str:
        """A parameter's first value; empty where it is not."""
        return self.query.get(name, [""])[0]


@dataclass(frozen=True)
class Claim:
    """By whose key a request says that it is signed.

    Attributes:
        key_id: The key's id.
        token: The session token of a temporary key; empty without one.
        presigned: Whether the signature is in the URL.
        signature: MiniStack's parts of the signature.
    """

    key_id: str
    token: str
    presigned: bool
    signature: Any = field(repr=False)


def claim(request: Request) -> Claim:
    """Read by whose key a request is signed, without believing it.

    Raises:
        RefusedError: it is not signed, or leaves out of the signature what must be in it.
    """
    presigned = "authorization" not in request.headers
    if not presigned and request.headers["authorization"].startswith(f"{_ALGORITHM} "):
        found, token = sigv4.parse_header_signature(request.headers), request.headers.get("x-amz-security-token", "")
    elif presigned and request.parameter("X-Amz-Algorithm") == _ALGORITHM:
        found, token = sigv4.parse_query_signature(request.query), request.parameter("X-Amz-Security-Token")
    elif request.parameter("AWSAccessKeyId"):
        raise RefusedError(
            "InvalidRequest",
            "This URL is signed with Signature Version 2, which AWS takes for old buckets alone and the embedded AWS "
            "for none: for boto3, Config(signature_version='s3v4').",
        )
    else:
        raise RefusedError("MissingAuthenticationToken", _NO_KEY)
    if isinstance(found, tuple):
        raise RefusedError(*found)
    _refuse_unsigned_parts(request, found)
    # MiniStack reads the key again, in its own way: it must come upon the same one.
    if router.extract_access_key_id(request.headers, request.query) != found.access_key_id:
        raise RefusedError("IncompleteSignature", "The request names more than one access key.")
    return Claim(found.access_key_id, token, presigned, found)


def _refuse_unsigned_parts(request: Request, signature: Any) -> None:
    """Refuse a request to which something that says what it does was added after it was signed."""
    signed = set(signature.signed_headers.split(";"))
    needed = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    if missing := sorted(needed - signed):
        raise RefusedError("AccessDenied", f"There were headers present that were not signed: {', '.join(missing)}.")


def needs_body(request: Request, claimed: Claim) -> bool:
    """Whether the signature can be checked only once the body is here: it covers it, and no header says its digest."""
    if claimed.presigned and claimed.signature.service == "s3":
        return False
    digest = request.headers.get("x-amz-content-sha256", "")
    return not digest or digest.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")


def verify(request: Request, claimed: Claim, secret: str, body: bytes) -> None:
    """Hold the signature against the key's secret.

    Args:
        request: The request.
        claimed: What it says of itself.
        secret: The secret of the key that it names.
        body: Its body, where that is needed; else empty.

    Raises:
        RefusedError: it is not signed with that secret, or not for now.
    """
    _refuse_another_time(request, claimed)
    failure = sigv4.header_signature_failure(
        claimed.signature,
        secret,
        request.method,
        request.raw_path,
        request.query,
        request.headers,
        body,
        presigned=claimed.presigned,
    )
    if failure:
        raise RefusedError(*failure)


def _refuse_another_time(request: Request, claimed: Claim) -> None:
    if not claimed.presigned:
        if skewed := sigv4.request_time_failure(claimed.signature):
            raise RefusedError(*skewed)
        return
    lasts = request.parameter("X-Amz-Expires")
    try:
        expired = not 0 < int(lasts) <= _LONGEST_PRESIGNED_SECONDS or sigv4.presigned_request_is_expired(
            claimed.signature.amz_date, lasts
        )
    except ValueError as error:
        raise RefusedError(
            "AuthorizationQueryParametersError", "X-Amz-Date and X-Amz-Expires must say until when the URL is good."
        ) from error
    if expired:
        raise RefusedError("AccessDenied", "Request has expired: X-Amz-Expires are seconds after X-Amz-Date.")
