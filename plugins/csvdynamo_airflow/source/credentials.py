"""What a source's server wants to see before it gives the file out: headers, of an Airflow connection. Pure."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from csvdynamo_airflow.errors import MigrationError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header's name: RFC 9110, 5.1
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_OWN = frozenset(
    ("accept-encoding", "connection", "content-length", "host", "if-range", "range", "te", "transfer-encoding")
)
_WAYS = 'login and password, or an Extra of {"token": …} or of {"headers": {…}}'


class CredentialsError(MigrationError):
    """The Airflow connection that a data set file names is missing, or is none of a source. Nothing of it is quoted."""


@dataclass(frozen=True)
class Credentials:
    """The credentials of one Airflow connection.

    Attributes:
        connection: The connection's id.
        headers: What a request gets with them.
    """

    connection: str
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, connection: str, login: str | None, password: str | None, extra: object) -> Self:
        """Take a connection's fields.

        Args:
            connection: Its id.
            login: Its login; with the password, for HTTP's Basic authentication (RFC 7617).
            password: Its password.
            extra: Its Extra, read as JSON: an object with a ``token`` (``Authorization: Bearer``, RFC 6750), or with
                ``headers``, an object of texts. Other keys are left alone.

        Raises:
            CredentialsError: It has none of the three, more than one, or what is no header.
        """
        told = extra if isinstance(extra, dict) else {}
        token, headers = told.get("token"), told.get("headers")
        ways = [bool(login or password), token is not None, headers is not None]
        if sum(ways) != 1:
            raise CredentialsError(
                f"The Airflow connection {connection!r}, which source.connection names, has "
                f"{'more than one way' if any(ways) else 'no way'} to say who asks: give it {_WAYS}."
            )
        if headers is None:
            basic = base64.b64encode(f"{login or ''}:{password or ''}".encode("utf-8", "surrogatepass")).decode()
            headers = {"Authorization": f"Basic {basic}" if token is None else f"Bearer {token}"}
        sound = isinstance(headers, dict) and all(map(_is_header, headers, headers.values()))
        if not sound or (token is not None and (not isinstance(token, str) or not token)):
            raise CredentialsError(
                f"The Extra of the Airflow connection {connection!r}, which source.connection names, has what is no "
                "header: token and the values of headers must be printable ASCII, and headers none that a download "
                "sets itself, such as Range."
            )
        return cls(connection, dict(headers))


def _is_header(name: object, value: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and _TOKEN.fullmatch(name) is not None
        and _VALUE.fullmatch(value) is not None
        and name.lower() not in _OWN
    )
