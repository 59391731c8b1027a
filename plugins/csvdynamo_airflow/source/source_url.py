"""Where a source may come from: the one place where a URL or path is admitted, and how it is shown. Pure."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit

from csvdynamo.datasets.dataset import Source
from csvdynamo.datasets.hosts import DEFAULT_PORTS, HostRule, any_allows, has_user, host_name
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.settings import LOCAL_FOLDER, LOCAL_HOSTS, LocalUse

_WEB_SCHEME = re.compile(r"https?:", re.IGNORECASE)
# Narrower than RFC 3986: what two parsers could read as two hosts matches nothing.
_WEB_URL = re.compile(
    r"(?P<scheme>https?)://"
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
    """Whom a URL asks: its scheme, its host as `csvdynamo.datasets.hosts.host_name` spells it, and its port."""

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
        url: Where it is fetched from; its query may hold a token: never for a log.
        path: The local file, not yet held against the folder; None for a source behind HTTP.
        shown: The URL as far as others may read it, or the path: for logs, messages and the report.
        endpoint: Whom the URL asks; None for a file.
    """

    url: str = field(repr=False)
    path: Path | None
    shown: str
    endpoint: Endpoint | None = None


def admit(url: str, rules: SourceRules) -> Origin:
    """Decide whether a source may be read, and how.

    Args:
        url: An ``http(s)://`` or ``file://`` URL, or a local file's path, from the local folder on or from ``/`` on.
        rules: Where the data set's runs may read.

    Raises:
        SourceUrlError: It is empty, of another scheme, malformed, with user or password, or on a host that is not
            allowed; or it is a file, and no folder is set. Whether a file is below the folder, only the file system can
            tell.
    """
    text = url.strip()
    if not text:
        raise SourceUrlError("The source's URL is empty. Set source.url in the data set file, or the run's parameter.")
    if not text.isprintable():
        raise SourceUrlError("The source's URL has control characters. Correct source.url or the run's parameter.")
    if has_user(text):  # not quoted
        raise SourceUrlError(
            "The source's URL has a user or a password, which would lie in Airflow's database and in logs. Make an "
            "Airflow connection with them, and name it in the data set file: connection in [source]."
        )
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
    if has_user(target):
        raise SourceUrlError("what it names has a user or a password")
    admitted = _admit_web(target, rules)
    assert origin.endpoint is not None
    assert admitted.endpoint is not None
    if origin.endpoint.scheme == "https" and admitted.endpoint.scheme == "http":
        raise SourceUrlError(f"{admitted.shown} is plain http, and what was asked is https")
    return admitted


def _admit_web(text: str, rules: SourceRules) -> Origin:
    match = _WEB_URL.fullmatch(text)
    host = host_name(match["host"]) if match else None
    scheme = match["scheme"].lower() if match else ""
    port = int(match["port"] or DEFAULT_PORTS[scheme]) if match else 0
    if match is None or host is None or not 0 < port <= 65_535:
        # Not quoted: where a secret begins and ends, nobody can tell in a URL that is none.
        raise SourceUrlError(
            "The source's URL names no host, or is not written as a URL is. Write https://host/path, with %20 for a "
            "space, and an address in its usual form."
        )
    endpoint = Endpoint(scheme, host, port)
    url = f"{scheme}://{endpoint.netloc}{match['rest']}"
    shown = without_query(url)
    _refuse_unless_allowed(endpoint, shown, rules)
    return Origin(url, None, shown, endpoint)


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


def without_query(url: str) -> str:
    """Write a web URL without user for others to read: of a query only that there is one, since it may be a secret."""
    address, _, query = url.partition("#")[0].partition("?")
    return address + ("?…" if query else "")
