"""The one door for a source's URL or path: what is refused of every kind, and which kind decides the rest."""

from importlib import import_module

from csvdynamo.datasets.sources import has_user, kind_of
from csvdynamo_airflow.settings import LOCAL_FOLDER
from csvdynamo_airflow.source.protocol import Admitted, Source, SourceRules, SourceUrlError


def admit(url: str, rules: SourceRules) -> Admitted:
    """Decide whether a source may be read, and how.

    Args:
        url: A URL of a kind that there is, or a local file's path, from the local folder on or from ``/`` on.
        rules: Where the data set's runs may read.

    Raises:
        SourceUrlError: It is empty, of another scheme, with user or password, or its kind does not admit it.
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
    source = source_for(text)
    origin = source.admit(text, rules)
    return Admitted(origin.url, origin.path, origin.shown, origin.endpoint, source=source)


def source_for(url: str) -> Source:
    """Look up what fetches a URL or path, by the table in `csvdynamo.datasets.sources`.

    Raises:
        SourceUrlError: Its scheme is of no kind that there is.
    """
    kind = kind_of(url)
    if kind is None:
        raise SourceUrlError(
            f"{url.partition('://')[0]}:// is a scheme that cannot be read: use https, s3, or a path "
            f"below the folder that {LOCAL_FOLDER} names."
        )
    found: Source = import_module(f"csvdynamo_airflow.source.{kind.name}").SOURCE
    return found


def without_query(url: str) -> str:
    """Write a URL without user for others to read: of a query only that there is one, since it may be a secret."""
    address, _, query = url.partition("#")[0].partition("?")
    return address + ("?…" if query else "")
