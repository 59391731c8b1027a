"""Where a source may come from: the one place where a URL or path is admitted, and how it is shown. Pure."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urljoin, urlsplit

from csvdynamo.dataset import Source
from csvdynamo.hosts import DEFAULT_PORTS, HostRule, any_allows, host_name
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import LOCAL_FOLDER, LOCAL_HOSTS, LocalUse

_SECRET_NAME = re.compile(r"auth|cred|key|pass|pwd|secret|sig|token|session|policy", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[A-Za-z]{1,16}|[0-9]{1,8}|")
_WEB_SCHEME = re.compile(r"https?:", re.IGNORECASE)
# Narrower than RFC 3986: what two parsers could read as two hosts matches nothing.
_WEB_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<user>[^\s@/?#\\\[\]:]*)(?::(?P<password>[^\s@/?#\\\[\]]*))?@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?][^\s\\#]*)?)(?:#[^\s\\]*)?",
    re.IGNORECASE | re.ASCII,
)


class SourceUrlError(MigrationError):
    """A source's URL is not one that can be downloaded."""


@dataclass(frozen=True)
class SourceRules:
    """Where a data set's runs may read.

    Attributes:
        hosts: The hosts that the data set file allows, by https and at addresses of the internet.
        local_folder: The one folder below which a file may be read; None: no file.
        local_hosts: The hosts that may be asked by http too, and at any address.
        max_bytes: The most that is fetched.
        max_seconds: The longest that a download may take.
    """

    hosts: tuple[HostRule, ...] = ()
    local_folder: Path | None = None
    local_hosts: tuple[HostRule, ...] = ()
    max_bytes: int = Source.max_bytes
    max_seconds: float = Source.max_seconds

    @classmethod
    def of(cls, source: Source, local: LocalUse) -> Self:
        """Join what a data set file allows and what a worker's settings do."""
        return cls(source.allowed_hosts, local.folder, local.hosts, source.max_bytes, source.max_seconds)


@dataclass(frozen=True)
class Endpoint:
    """Whom a URL asks: its scheme, its host as `csvdynamo.hosts.host_name` spells it, and its port."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """The host and, unless it is the scheme's own, the port, as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Origin:
    """An admitted source.

    Attributes:
        url: Where it is fetched from, without user and password; its query may hold a token: never for a log.
        path: The local file, not yet held against the folder; None for a source behind HTTP.
        shown: The URL or path with its credentials masked, for logs, messages and the report.
        endpoint: Whom the URL asks; None for a file.
        credentials: User and password of the URL, if it has any.
    """

    url: str
    path: Path | None
    shown: str
    endpoint: Endpoint | None = None
    credentials: tuple[str, str] | None = field(default=None, repr=False)


def admit(url: str, rules: SourceRules) -> Origin:
    """Decide whether a source may be read, and how.

    Args:
        url: An ``http(s)://`` or ``file://`` URL, or a local file's path, from the local folder on or from ``/`` on.
        rules: Where the data set's runs may read.

    Raises:
        SourceUrlError: It is empty, of another scheme, malformed, or on a host that is not allowed; or it is a file,
            and no folder is set. Whether a file is below the folder, only the file system can tell.
    """
    text = url.strip()
    if not text:
        raise SourceUrlError("The source's URL is empty. Set source.url in the data set file, or the run's parameter.")
    if not text.isprintable():
        raise SourceUrlError("The source's URL has control characters. Correct source.url or the run's parameter.")
    if _WEB_SCHEME.match(text):
        return _admit_web(text, rules)
    if text.lower().startswith("file:"):
        return _admit_file(_file_path(text), rules)
    if "://" in text:
        raise SourceUrlError(
            f"{text.partition('://')[0]}:// is a scheme that cannot be read: use https, or a path "
            f"below the folder that {LOCAL_FOLDER} names."
        )
    return _admit_file(text, rules)


def admit_redirect(location: str, origin: Origin, rules: SourceRules) -> Origin:
    """Decide whether a redirect may be followed: by the same rules, and never to a file or from https to http.

    User and password go along to the same scheme, host and port, and to no other.

    Args:
        location: The answer's Location, which may be relative.
        origin: What was asked.
        rules: Where the data set's runs may read.

    Raises:
        SourceUrlError: It may not.
    """
    try:
        target = urljoin(origin.url, location) if location.isprintable() else ""
    except ValueError:
        target = ""
    if not _WEB_SCHEME.match(target):
        raise SourceUrlError("what it names is no http or https address")
    admitted = _admit_web(target, rules)
    assert origin.endpoint is not None
    assert admitted.endpoint is not None
    if origin.endpoint.scheme == "https" and admitted.endpoint.scheme == "http":
        raise SourceUrlError(f"{admitted.shown} is plain http, and what was asked is https")
    if admitted.credentials is None and admitted.endpoint == origin.endpoint:
        return replace(admitted, credentials=origin.credentials)
    return admitted


def _admit_web(text: str, rules: SourceRules) -> Origin:
    match = _WEB_URL.fullmatch(text)
    host = host_name(match["host"]) if match else None
    scheme = match["scheme"].lower() if match else ""
    port = int(match["port"] or DEFAULT_PORTS[scheme]) if match else 0
    if match is None or host is None or not 0 < port <= 65_535:
        # Not quoted: where a password ends, nobody can tell in a URL that is none.
        raise SourceUrlError(
            "The source's URL names no host, or is not written as a URL is. Write https://host/path, with %20 for a "
            "space, %40 for an @ in a password, and an address in its usual form."
        )
    endpoint = Endpoint(scheme, host, port)
    url = f"{scheme}://{endpoint.netloc}{match['rest']}"
    shown = shown_url(urlsplit(url))
    _refuse_unless_allowed(endpoint, shown, rules)
    credentials = None if match["user"] is None else (unquote(match["user"]), unquote(match["password"] or ""))
    return Origin(url, None, shown, endpoint, credentials)


def _refuse_unless_allowed(endpoint: Endpoint, shown: str, rules: SourceRules) -> None:
    asked = (endpoint.scheme, endpoint.host, endpoint.port)
    if any_allows(rules.local_hosts, *asked):
        return
    if endpoint.scheme != "https":
        raise SourceUrlError(
            f"{shown} is plain http, which anyone on the way can read and change: use https. "
            f"For local use, {LOCAL_HOSTS} names hosts that may be asked by http."
        )
    if not any_allows(rules.hosts, *asked):
        raise SourceUrlError(
            f"{shown} is at {endpoint.netloc}, and the data set file allows no source there: add it to source.hosts, "
            f"or for local use to {LOCAL_HOSTS}."
        )


def _file_path(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if parts is None or parts.netloc not in {"", "localhost"}:
        raise SourceUrlError(f"{text} names another machine. Write file:///folder/file for a file of this worker.")
    return unquote(parts.path)


def _admit_file(text: str, rules: SourceRules) -> Origin:
    if not text.isprintable():
        raise SourceUrlError("The source's path has control characters. Correct the run's parameter.")
    if rules.local_folder is None:
        raise SourceUrlError(
            f"{text} is a path, and this worker reads no files as sources: its setting {LOCAL_FOLDER} names no folder. "
            "Give an https URL, or set it."
        )
    path = rules.local_folder / text
    return Origin(text, path, str(path))


def shown_url(parts: SplitResult) -> str:
    """Write a URL for others to read: without user, password, fragment, and with what may be a credential masked.

    A query's value stays readable only when it is a plain word or a small number and its name does not sound secret.
    """
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(
        f"{name if name.isprintable() else quote(name)}={value if _harmless(name, value) else '***'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{parts.scheme}://{host}{parts.path}" + (f"?{query}" if query else "")


def _harmless(name: str, value: str) -> bool:
    return _PLAIN_VALUE.fullmatch(value) is not None and _SECRET_NAME.search(name) is None
