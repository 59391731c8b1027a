"""Sources that a server gives out by http or https."""

from pathlib import Path

from csvdynamo.datasets.hosts import any_allows
from csvdynamo_airflow.source.fetched import Fetched
from csvdynamo_airflow.source.http.fetch import fetch_http
from csvdynamo_airflow.source.http.rules import Version
from csvdynamo_airflow.source.http.url import admit_web
from csvdynamo_airflow.source.protocol import Origin, Source, SourceRules, Worker


class HttpSource:
    """A file behind http or https."""

    def admit(self, url: str, rules: SourceRules) -> Origin:
        """Admit https on a host of the data set file's, and whatever a setting of the worker allows."""
        return admit_web(url, rules)

    def refuse_beforehand(self, origin: Origin, rules: SourceRules) -> Path | None:
        """Refuse nothing: whether a server gives the file out, it has to be asked."""
        return None

    def fetch(self, origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
        """Download it, with the connection's credentials where they may go."""
        connection, find = _connection(origin, rules), worker.find_credentials
        return fetch_http(
            origin,
            target,
            worker.report_progress,
            rules=rules,
            credentials=find(connection) if connection and find else None,
            policy=worker.policy,
            sleep=worker.sleep,
            jitter=worker.jitter,
            known=Version(worker.landed.etag, worker.landed.last_modified) if worker.landed else None,
        )


def _connection(origin: Origin, rules: SourceRules) -> str | None:
    """Name the connection that a server is asked with: none for a host that a worker's setting alone allows."""
    asked = origin.endpoint
    if asked is None or not any_allows(rules.hosts, asked.scheme, asked.host, asked.port):
        return None
    return rules.connection


SOURCE: Source = HttpSource()
