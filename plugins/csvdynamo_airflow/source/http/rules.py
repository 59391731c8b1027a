"""What an HTTP server's answer means for a download, and when to ask again. Pure."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Self

from csvdynamo.aws.backoff import longest_wait

_COUNT = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)

# Of those that a server may write, the ones that say of each byte that it is the same, and are sent back as they are.
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]+"')
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")

_HINTS = {
    401: "It wants credentials: make an Airflow connection with them, and name it in the data set file: connection in "
    "[source].",
    403: "It refuses this download: check the address. If it needs credentials, make an Airflow connection with them, "
    "and name it in the data set file: connection in [source].",
    404: "It is not there: look up the data set's current address and correct source.url.",
    410: "It was withdrawn: look up the data set's current address and correct source.url.",
}


@dataclass(frozen=True)
class HttpPolicy:
    """How patient a download is. Times are in seconds.

    Attributes:
        attempts: Requests in all, resumed ones included.
        connect_timeout: How long a connection may take.
        read_timeout: How long a server may be silent within an answer.
        first_wait: Upper bound of the wait after the first attempt; it doubles with each.
        longest_wait: Upper bound of every such wait.
        longest_retry_after: The most that a server's Retry-After is obeyed.
        redirects: How many of them one request follows.
    """

    attempts: int = 10
    connect_timeout: float = 10
    read_timeout: float = 60
    first_wait: float = 2
    longest_wait: float = 60
    longest_retry_after: float = 300
    redirects: int = 10


class Answer(Enum):
    """What an HTTP status means for a download."""

    WHOLE = "the whole file follows"
    PART = "the part that was asked for follows"
    LATER = "ask again later"
    RESTART = "ask again from the first byte"
    REFUSED = "asking again is of no use"


def judge(status: int) -> Answer:
    """Decide what a status means; data.wa.gov answers 202 while it still makes the export."""
    if status == 200:
        return Answer.WHOLE
    if status == 206:
        return Answer.PART
    if status == 416:
        return Answer.RESTART
    if status in {202, 408, 425, 429} or (status >= 500 and status not in {501, 505}):
        return Answer.LATER
    return Answer.REFUSED


def hint(status: int, connection: str | None = None) -> str:
    """Say what to do about a status that no further attempt mends.

    Args:
        status: The status.
        connection: The Airflow connection whose credentials the server was sent, None if it was sent none.
    """
    if connection is not None and status in {401, 403}:
        return f"It does not take the credentials of the Airflow connection {connection!r}: correct them there."
    return _HINTS.get(status, "Check source.url, or the run's parameter.")


def wait_seconds(
    attempt: int,
    policy: HttpPolicy,
    retry_after: float | None = None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> float:
    """Decide how long to wait before the next attempt: exponential, with jitter, never less than Retry-After.

    Args:
        attempt: The attempt that just failed, 1 for the first.
        policy: The bounds.
        retry_after: What the server asked for, in seconds.
        jitter: Draws a number between two bounds.
    """
    bound = longest_wait(attempt - 1, policy.first_wait, policy.longest_wait)
    wait = jitter(bound / 2, bound)
    return max(wait, min(retry_after or 0, policy.longest_retry_after))


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date; None for anything else."""
    if not value:
        return None
    if (seconds := count(value)) is not None:
        return float(seconds)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError, IndexError, TypeError):  # whatever a hostile date makes of the parser
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def count(value: str | None) -> int | None:
    """Read a header that is a number, such as Content-Length; None when it is absent or malformed."""
    text = (value or "").strip()
    return int(text) if _COUNT.fullmatch(text) else None


@dataclass(frozen=True)
class Version:
    """Which version of a file an answer speaks of: its validators (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        """Read them from an answer's headers."""
        return cls(headers.get("ETag"), headers.get("Last-Modified"))

    @property
    def if_range(self) -> str | None:
        """The validator to resume with, None when there is none: a weak ETag does not speak for single bytes."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    @property
    def condition(self) -> dict[str, str]:
        """The headers that ask for a file unless it is of this version; none where that is not told byte for byte.

        A weak ETag speaks of what a file means. Seconds are all that a Last-Modified tells: it serves where nothing
        better does.
        """
        if self.etag:
            return {"If-None-Match": self.etag} if _STRONG_ETAG.fullmatch(self.etag) else {}
        if self.last_modified and _HTTP_DATE.fullmatch(self.last_modified):
            return {"If-Modified-Since": self.last_modified}
        return {}

    def repeated_in(self, headers: Mapping[str, str]) -> bool:
        """Whether an answer 304 says that it is of this version (RFC 9110, 15.4.5: it has to name the ETag)."""
        told = Version.from_headers(headers)
        return told.etag == self.etag if self.etag else told.last_modified == self.last_modified

    def same_as(self, other: "Version") -> bool:
        """Whether two answers speak of one version, as far as both tell."""
        if self.etag and other.etag:
            return self.etag == other.etag
        if self.last_modified and other.last_modified:
            return self.last_modified == other.last_modified
        return True


@dataclass(frozen=True)
class ContentRange:
    """Which bytes a 206 answer holds: the first, the last, and the whole file's size if told."""

    first: int
    last: int
    total: int | None

    @classmethod
    def from_header(cls, value: str | None) -> Self | None:
        """Read a Content-Range header, None when it is absent or malformed."""
        match = _CONTENT_RANGE.fullmatch((value or "").strip())
        if match is None:
            return None
        first, last, total = match.groups()
        return cls(int(first), int(last), None if total == "*" else int(total))
