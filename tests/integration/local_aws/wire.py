"""Requests to an AWS as they go over the wire, signed or not, so that tests can send what no client would."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.integration.local_aws.cloud import Cloud


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str


def signed(
    cloud: Cloud, method: str, path: str, headers: Mapping[str, str], body: bytes, service: str
) -> dict[str, str]:
    """Sign a request to the host that its headers name with the key of an AWS; return all of its headers."""
    host = headers.get("Host", urlsplit(cloud.endpoint).netloc)
    request = AWSRequest(method, f"http://{host}{path}", headers={**headers, "Host": host}, data=body)
    key = Credentials(cloud.environment["AWS_ACCESS_KEY_ID"], cloud.environment["AWS_SECRET_ACCESS_KEY"])
    signer: Any = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(key, service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def send(cloud: Cloud, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Told:
    """Send a request as it is; a Host header of its own replaces the right one."""
    where = urlsplit(cloud.endpoint)
    if where.scheme == "https":
        context = ssl.create_default_context(cafile=cloud.environment["AWS_CA_BUNDLE"])
        connection = http.client.HTTPSConnection(where.netloc, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(where.netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Told(answer.status, told, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def ask(
    cloud: Cloud, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", service: str = "s3"
) -> Told:
    """Send a request that is signed as it must be."""
    return send(cloud, method, path, signed(cloud, method, path, headers, body, service), body)
