"""Where a source may come from: the one place where a URL or path is admitted, and how it is shown. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from csvdynamo_airflow.errors import MigrationError

_SECRET_NAME = re.compile(r"auth|cred|key|pass|pwd|secret|sig|token|session|policy", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[A-Za-z]{1,16}|[0-9]{1,8}|")


class SourceUrlError(MigrationError):
    """A source's URL is not one that can be downloaded."""


@dataclass(frozen=True)
class Origin:
    """An admitted source.

    Attributes:
        url: Where it is fetched from, credentials included: never for a log.
        path: The local file, None for a source behind HTTP.
        shown: The URL or path with its credentials masked, for logs, messages and the report.
    """

    url: str
    path: Path | None
    shown: str


def admit(url: str) -> Origin:
    """Decide whether a source may be read, and how.

    Args:
        url: An ``http(s)://`` or ``file://`` URL, or the path of a local file.

    Raises:
        SourceUrlError: It is empty, of another scheme, or names no host.
    """
    text = url.strip()
    if not text:
        raise SourceUrlError("The source's URL is empty. Set source.url in the data set file, or the run's parameter.")
    parts = urlsplit(text)
    if parts.scheme in {"http", "https"}:
        if not parts.hostname:
            raise SourceUrlError(f"{shown_url(parts)} names no host. Correct source.url or the run's parameter.")
        return Origin(text, None, shown_url(parts))
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"}:
            raise SourceUrlError(f"{text} names another machine. Write file:///folder/file for a file of this worker.")
        path = Path(unquote(parts.path))
        return Origin(text, path, str(path))
    if "://" in text:
        raise SourceUrlError(f"{shown_url(parts)} is of a scheme that cannot be read: use http, https, file or a path.")
    return Origin(text, Path(text).expanduser(), text)


def shown_url(parts: SplitResult) -> str:
    """Write a URL for others to read: without user, password, fragment, and with what may be a credential masked.

    A query's value stays readable only when it is a plain word or a small number and its name does not sound secret.
    """
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(
        f"{name}={value if _harmless(name, value) else '***'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{parts.scheme}://{host}{parts.path}" + (f"?{query}" if query else "")


def _harmless(name: str, value: str) -> bool:
    return _PLAIN_VALUE.fullmatch(value) is not None and _SECRET_NAME.search(name) is None
