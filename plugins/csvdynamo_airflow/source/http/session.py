"""Requests that follow redirects only to where a download may go, and take credentials nowhere else than asked."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from csvdynamo.aws.library_logging import keep_queries_out_of_logs
from csvdynamo.datasets.hosts import any_allows
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.source.credentials import Credentials
from csvdynamo_airflow.source.fetched import DownloadError
from csvdynamo_airflow.source.http.connection import Guard, guarded_pools
from csvdynamo_airflow.source.http.url import admit_redirect
from csvdynamo_airflow.source.protocol import Origin, SourceRules, SourceUrlError
from csvdynamo_airflow.source.time_limit import TimeLimit

log = shown_log(__name__)


class _NoCredentials(AuthBase):
    """Keeps requests from adding credentials of the worker's ``~/.netrc``, which are not the trigger's to use."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Leave redirects alone: even unfollowed, requests would read the whole of the body before one."""


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard) -> None:
        self._pools = guarded_pools(guard)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


class GuardedSession:
    """Asks for a source, hop by hop; a context manager.

    Attributes:
        connection_sent: The Airflow connection whose credentials the last request had, None if it had none.
    """

    def __init__(
        self, rules: SourceRules, limit: TimeLimit, redirects: int, credentials: Credentials | None = None
    ) -> None:
        """Make one.

        Args:
            rules: Where the data set's runs may read.
            limit: When every connection ends.
            redirects: How many are followed in a row.
            credentials: What the source's own server is asked with.
        """
        keep_queries_out_of_logs()
        self.connection_sent: str | None = None
        self._credentials = credentials
        self._rules = rules
        self._redirects = redirects
        self._guard = Guard(lambda *asked: any_allows(rules.local_hosts, *asked), limit)
        self._session = _Session()
        adapter = _GuardedAdapter(self._guard)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def __enter__(self) -> Self:
        self._guard.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()
        self._guard.__exit__(kind, error, traceback)

    def get(self, origin: Origin, headers: Mapping[str, str], timeout: tuple[float, float]) -> requests.Response:
        """Ask for a source; the answer's body is not yet read, and the caller closes it.

        Args:
            origin: The admitted source.
            headers: More headers; each hop gets them. Credentials go to the source's own scheme, host and port alone,
                and not there either once a redirect has led away.
            timeout: Seconds to connect, and to hear something.

        Raises:
            DownloadError: A redirect leads to where no download may go, or there are too many.
            requests.RequestException: The server could not be asked.
        """
        hop = origin
        credentials = self._credentials
        for _ in range(self._redirects + 1):
            response = self._ask(hop, {**headers, **(credentials.headers if credentials else {})}, timeout)
            self.connection_sent = credentials.connection if credentials else None
            if not response.is_redirect:
                return response
            response.close()
            try:
                hop = admit_redirect(_location(response), hop, self._rules)
            except SourceUrlError as error:
                raise DownloadError(f"{origin.shown} redirects to where nothing is fetched: {error}") from None
            if hop.endpoint != origin.endpoint:
                credentials = None
            log.info("%s redirects to %s", origin.shown, hop.shown)
        raise DownloadError(
            f"{origin.shown} redirects more than {self._redirects} times, perhaps in a circle. "
            "Correct source.url or the run's parameter."
        )

    def let_go(self) -> None:
        """End what is left of the last connection."""
        self._guard.let_go()

    def _ask(self, hop: Origin, headers: Mapping[str, str], timeout: tuple[float, float]) -> requests.Response:
        return self._session.get(
            hop.url,
            headers={**headers, "Connection": "close"},
            auth=_NoCredentials(),
            stream=True,
            timeout=timeout,
            allow_redirects=False,
        )


def _location(response: requests.Response) -> str:
    """Read a Location header, whose bytes Python shows as Latin-1, and encode what no URL has, as browsers do."""
    return quote(response.headers["Location"].encode("latin-1"), safe="!#$%&'()*+,/:;=?@[]~")
