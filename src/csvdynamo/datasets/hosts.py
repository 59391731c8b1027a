"""Which hosts a source may be fetched from: host names, addresses and ports, each in one spelling."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Self
from urllib.parse import urlsplit

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_RULE = re.compile(r"(?P<below>\*\.)?(?P<host>\[[^\[\]]*\]|[^\[\]:*]+)(?::(?P<port>[0-9]{1,5}))?")
DEFAULT_PORTS = {"http": 80, "https": 443}
"""The port of a URL that names none, by its scheme."""


def host_name(text: str) -> str | None:
    """Bring a URL's host into its one spelling: small letters, an IPv6 address shortened and without brackets.

    What a resolver would take for an IPv4 address in another spelling (``127.1``, ``0x7f000001``, ``2130706433``) is no
    host name: a name's last label has to begin with a letter that makes it no number
    (https://url.spec.whatwg.org/#ends-in-a-number-checker).

    Returns:
        The host, None if the text is none.
    """
    text = text.lower()
    if text.startswith("[") and text.endswith("]"):
        return _address(text[1:-1]) if ":" in text else None
    labels = text.split(".")
    if len(text) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return None
    return _address(text) if _NUMBER.fullmatch(labels[-1]) else text


def _address(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    return None if address.scope_id else address.compressed


@dataclass(frozen=True)
class HostRule:
    """Hosts that may be asked.

    Attributes:
        name: The host as `host_name` spells it.
        port: The port; None: the one that a URL means when it names none.
        below: Whether every name below this one is meant, instead of this one.
    """

    name: str
    port: int | None = None
    below: bool = False

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read ``host``, ``host:port`` or ``*.host``; None if the text is none of them."""
        match = _RULE.fullmatch(text)
        name = host_name(match["host"]) if match else None
        if match is None or name is None:
            return None
        port = int(match["port"]) if match["port"] else None
        below = bool(match["below"])
        # "*.com" would be half of the internet, and an address has no names below it.
        too_wide = below and ("." not in name or ":" in name or _NUMBER.fullmatch(name.rpartition(".")[2]))
        return None if too_wide or port == 0 or (port or 0) > 65_535 else cls(name, port, below)

    @classmethod
    def from_url(cls, url: str) -> Self | None:
        """Make the rule that a URL's own host meets, at the port that it names; None for a URL without a host."""
        try:
            parts = urlsplit(url)
            text, port = parts.netloc.rpartition("@")[2], parts.port
        except ValueError:
            return None
        rule = cls.from_text(text)
        if rule is None or rule.below:
            return None
        return cls(rule.name, port if parts.scheme == "https" else None)

    def __str__(self) -> str:
        """Write it as `from_text` reads it."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return ("*." if self.below else "") + name + (f":{self.port}" if self.port else "")

    def allows(self, scheme: str, host: str, port: int) -> bool:
        """Say whether a URL's scheme, host (as `host_name` spells it) and port are meant."""
        if port != (self.port or DEFAULT_PORTS[scheme]):
            return False
        return host.endswith("." + self.name) if self.below else host == self.name


def any_allows(rules: Iterable[HostRule], scheme: str, host: str, port: int) -> bool:
    """Say whether one of several rules allows a URL's scheme, host and port."""
    return any(rule.allows(scheme, host, port) for rule in rules)
