"""S3 as far as its conditional writes: of two at once, one is refused."""

import io
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any


class ClientError(Exception):
    """A call was refused, as botocore tells."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class NoSuchKey(ClientError):  # noqa: N818 - boto3's name
    """There is no such object."""


@dataclass
class FakeBucket:
    """A boto3 S3 client over a dictionary of objects; safe to use from several threads.

    Attributes:
        objects: Body, ETag and time of each object by its key.
        seconds: The time that it writes.
    """

    objects: dict[str, tuple[bytes, str, float]] = field(default_factory=dict)
    seconds: float = 1000.0
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(ClientError=ClientError, NoSuchKey=NoSuchKey))
    _numbers: Any = field(default_factory=count)
    _lock: Any = field(default_factory=threading.Lock)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise NoSuchKey("NoSuchKey")
        body, etag, seconds = self.objects[Key]
        return {"Body": io.BytesIO(body), "ETag": etag, "LastModified": datetime.fromtimestamp(seconds, UTC)}

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        **_: str,
    ) -> None:
        with self._lock:
            there = self.objects.get(Key)
            if (IfNoneMatch and there) or (IfMatch and (there is None or there[1] != IfMatch)):
                raise ClientError("PreconditionFailed")
            self.objects[Key] = Body, f"etag-{next(self._numbers)}", self.seconds
