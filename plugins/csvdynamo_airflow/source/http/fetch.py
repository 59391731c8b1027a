"""Fetching a source over HTTP: bounded attempts, resumed where the server allows it, every length checked."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.shown import shown
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.source.credentials import Credentials
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.http.answer import ExcessError
from csvdynamo_airflow.source.http.pending import MOST_BYTES, pending_answer
from csvdynamo_airflow.source.http.rules import (
    Answer,
    ContentRange,
    HttpPolicy,
    Version,
    count,
    hint,
    judge,
    retry_after_seconds,
    wait_seconds,
)
from csvdynamo_airflow.source.protocol import Origin, SourceRules
from csvdynamo_airflow.source.time_limit import TimeLimit
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile, ReportProgress

if TYPE_CHECKING:
    import requests

    from csvdynamo_airflow.source.http.session import GuardedSession

PIECE_BYTES = 64 * 1024
_HEADER_LENGTH = 500

log = shown_log(__name__)


class _TryAgainError(Exception):
    """An attempt failed in a way that another may mend."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def fetch_http(
    origin: Origin,
    target: Path,
    report_progress: ReportProgress,
    *,
    rules: SourceRules,
    credentials: Credentials | None = None,
    policy: HttpPolicy | None = None,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[float, float], float] = random.uniform,
    clock: Callable[[], float] = time.monotonic,
    known: Version | None = None,
) -> Fetched:
    """Download a file in constant memory, byte for byte as the server sends it.

    A transfer that breaks off goes on where it stopped if the server answers Range with the same version of the file
    (ETag or Last-Modified), and starts again otherwise. A file that the server compresses although it was asked not to
    stays compressed: its length can be checked, and prepare reads gzip. What the server calls the file, by its
    Content-Type or Content-Encoding, is told and not judged: servers are often wrong about it, and the bytes are here.

    Args:
        origin: The admitted source.
        target: The file to write.
        report_progress: Is told of the bytes received.
        rules: Where redirects may lead, how much may come, and how long all of it may take.
        credentials: What the source's own server is asked with.
        policy: How patient to be.
        sleep: Waits so many seconds between two attempts.
        jitter: Draws a number between two bounds.
        clock: Tells the time in seconds, never set back.
        known: The version that is there already, and is not fetched again; None: whatever it is, it is fetched.

    Raises:
        DownloadError: The server refuses (404 and other 4xx), redirects to where no download may go, or takes longer
            than ``rules`` allow.
        DownloadPostponedError: Every attempt failed in a way that may pass: 202, 408, 425, 429, 5xx, a JSON object that
            says that the file is not ready, a connection cut or silent, a body shorter or longer than announced.
        FileTooLargeError: The file is larger than ``rules`` allow.
        NoSpaceError: There is no room for the file.
    """
    from csvdynamo_airflow.source.http.session import GuardedSession  # noqa: PLC0415 - slow; not at DAG parse time

    policy = policy or HttpPolicy()
    limit = TimeLimit(rules.max_seconds, clock)
    transfer = _Transfer(
        origin, target, report_progress, policy=policy, max_bytes=rules.max_bytes, limit=limit, known=known
    )
    with GuardedSession(rules, limit, policy.redirects, credentials) as session:
        for attempt in range(1, policy.attempts + 1):
            try:
                return transfer.attempt(session)
            except _TryAgainError as trouble:
                reason = str(trouble)
                limit.check(origin.shown, reason=reason)
                if attempt == policy.attempts:
                    break
                wait = wait_seconds(attempt, policy, trouble.retry_after, jitter)
                limit.check(origin.shown, wait, reason)
                log.warning(
                    "%s: %s. Attempt %d of %d; next in %.0f s", origin.shown, reason, attempt, policy.attempts, wait
                )
                sleep(wait)
    raise DownloadPostponedError(
        f"{origin.shown} could not be downloaded in {policy.attempts} attempts, the last one because: {reason}. "
        "Run again later."
    )


class _Transfer:
    """One download over several requests: how far it came, and of which version of the file."""

    def __init__(
        self,
        origin: Origin,
        target: Path,
        report_progress: ReportProgress,
        *,
        policy: HttpPolicy,
        max_bytes: int,
        limit: TimeLimit,
        known: Version | None = None,
    ) -> None:
        self._origin = origin
        self._target = target
        self._report_progress = report_progress
        self._timeout = (policy.connect_timeout, policy.read_timeout)
        self._max_bytes = max_bytes
        self._limit = limit
        self._received = 0
        self._total: int | None = None
        self._version = Version()
        self._known = known or Version()

    def attempt(self, session: "GuardedSession") -> Fetched:
        """Make one request and receive its body; raises _TryAgainError when another may do better."""
        import requests  # noqa: PLC0415 - slow; not at DAG parse time
        import urllib3  # noqa: PLC0415 - slow; not at DAG parse time

        try:
            with session.get(self._origin, self._request_headers(), self._timeout) as response:
                if response.status_code == 304 and self._known.condition:
                    self._refuse_other_version(response)
                    return Fetched(self._known.etag, self._known.last_modified, unchanged=True)
                self._refuse_status(response, session.connection_sent)
                self._receive(response)
                self._refuse_pending(response)
                headers = (response.headers.get(name) for name in ("Content-Type", "Content-Encoding"))
                told = (self._version.etag, self._version.last_modified, *headers)
                return Fetched(*(None if value is None else shown(value, _HEADER_LENGTH) for value in told))
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ) as error:
            raise DownloadError(
                f"{self._origin.shown} cannot be requested ({type(error).__name__}). "
                "Correct source.url or the run's parameter."
            ) from None  # the error's own text holds the URL with its query
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if isinstance(error.__cause__, ExcessError):
                self._forget()
            raise _TryAgainError(_reason(error)) from None
        finally:
            session.let_go()

    def _request_headers(self) -> dict[str, str]:
        headers = {"User-Agent": "csvdynamo", "Accept": "*/*", "Accept-Encoding": "identity"}
        if self._received and self._version.if_range:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._version.if_range}
        return headers | self._known.condition

    def _refuse_other_version(self, response: "requests.Response") -> None:
        """Ask without a condition, once an answer to one does not say what it is about."""
        known, self._known = self._known, Version()
        if not known.repeated_in(response.headers):
            raise _TryAgainError("HTTP 304, which does not name the version that it is about")
        self._known = known

    def _refuse_status(self, response: "requests.Response", connection: str | None) -> None:
        status = response.status_code
        answer = judge(status)
        if answer is Answer.REFUSED:
            told = hint(status, connection)
            raise DownloadError(f"{self._origin.shown} answers HTTP {status} {response.reason}. {told}")
        if answer is Answer.RESTART:
            self._forget()
        if answer in {Answer.LATER, Answer.RESTART}:
            retry_after = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
            raise _TryAgainError(f"HTTP {status} {response.reason}", retry_after)

    def _refuse_pending(self, response: "requests.Response") -> None:
        """Ask again where what came says of itself that it is not the file yet."""
        if self._target.stat().st_size > MOST_BYTES:
            return
        told = pending_answer(self._target.read_bytes())
        if told is not None:
            self._forget()
            answered = f"HTTP {response.status_code} {response.reason}, with an answer that is not the file yet"
            retry_after = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
            raise _TryAgainError(f"{answered}: {shown(told)}", retry_after)

    def _receive(self, response: "requests.Response") -> None:
        self._known = Version()  # it is another one, or so the server says
        total = self._resume(response) if response.status_code == 206 else self._start(response)
        resumable = response.headers.get("Content-Encoding", "identity").lower() in {"identity", ""}
        with GrowingFile(
            self._target,
            self._report_progress,
            space=DiskSpace(self._target.parent, f"download {self._origin.shown}"),
            total=total,
            append=self._received > 0,
            most=self._max_bytes,
        ) as file:
            try:
                # Not a piece of a given size, for which a server that sends byte by byte could be awaited for days.
                while piece := response.raw.read1(PIECE_BYTES, decode_content=False):
                    file.write(piece)
                    self._limit.check(self._origin.shown)
            finally:
                self._received = file.size if resumable else 0
        self._limit.check(self._origin.shown)
        self._check_length(file.size, total)

    def _start(self, response: "requests.Response") -> int | None:
        self._forget()
        self._version = Version.from_headers(response.headers)
        length = count(response.headers.get("Content-Length"))
        if length is None and "chunked" not in response.headers.get("Transfer-Encoding", "").lower():
            log.warning("%s names no length: a transfer that breaks off cannot be noticed", self._origin.shown)
        self._total = length
        return length

    def _resume(self, response: "requests.Response") -> int | None:
        part = ContentRange.from_header(response.headers.get("Content-Range"))
        version = Version.from_headers(response.headers)
        total = part.total if part and part.total is not None else self._total
        if (
            part is None
            or part.first != self._received
            or total is None
            or total != (self._total or total)
            or not version.same_as(self._version)
        ):
            self._forget()
            raise _TryAgainError("the server resumed with other bytes than those asked for, or of another version")
        log.info("%s: going on at byte %d", self._origin.shown, part.first)
        return total

    def _check_length(self, received: int, total: int | None) -> None:
        if total is None or received == total:
            return
        if received > total:
            self._forget()
        raise _TryAgainError(f"{received:,} bytes were received, but {total:,} announced")

    def _forget(self) -> None:
        self._received = 0
        self._total = None
        self._version = Version()


def _reason(error: Exception) -> str:
    """Say why a request failed: the innermost cause, for the outer ones quote the URL with its query."""
    cause: object = error
    while isinstance(cause, Exception):
        inner = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
        if not isinstance(inner, Exception):
            break
        cause = inner
    return f"{type(cause).__name__}: {cause}"
