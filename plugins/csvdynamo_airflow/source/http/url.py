"""Which web addresses a run may ask, at first or by a redirect. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from csvdynamo.datasets.hosts import DEFAULT_PORTS, any_allows, host_name
from csvdynamo.datasets.sources import has_user
from csvdynamo_airflow.settings import LOCAL_HOSTS
from csvdynamo_airflow.source.protocol import Origin, SourceRules, SourceUrlError
from csvdynamo_airflow.source.source_url import without_query

_WEB_SCHEME = re.compile(r"https?:", re.IGNORECASE)
# Narrower than RFC 3986: what two parsers could read as two hosts matches nothing.
_WEB_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?][^\s\\#]*)?)(?:#[^\s\\]*)?",
    re.IGNORECASE | re.ASCII,
)


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


def admit_web(text: str, rules: SourceRules) -> Origin:
    """Decide whether a web URL without a user may be asked.

    Raises:
        SourceUrlError: It is malformed, plain http, or on a host that is not allowed.
    """
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
    admitted = admit_web(target, rules)
    assert origin.endpoint is not None
    assert admitted.endpoint is not None
    if origin.endpoint.scheme == "https" and admitted.endpoint.scheme == "http":
        raise SourceUrlError(f"{admitted.shown} is plain http, and what was asked is https")
    return admitted


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
