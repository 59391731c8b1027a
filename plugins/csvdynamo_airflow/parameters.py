"""The parameters of a DAG run: which there are, and that there are no others. Pure."""

from collections.abc import Iterable

from csvdynamo.datasets.sources import user_in_url
from csvdynamo_airflow.errors import MigrationError

PARAMETERS = ("source_url", "dry_run", "force", "accept_source")

SOURCE_URL_LENGTH = 4096
"""The most characters of a source's URL."""


def source_url_pattern() -> str:
    """Give the pattern (JSON Schema) of a source's URL: no control characters, and no user and password.

    A run's parameters lie in Airflow's database, and whoever may see the run reads them.
    """
    return rf"^(?!{user_in_url()[1:]})[^\u0000-\u001f\u007f]+(?![\s\S])"


SOURCE_URL_PATTERN = source_url_pattern()
"""The pattern, of every kind of source that there is."""

_NAMED = 5


class ParameterError(MigrationError):
    """A run was triggered with a parameter that there is not."""


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse a run with a parameter that the DAG does not have.

    Airflow takes any key of a run's configuration. A misspelt one would leave its parameter at the default: another
    source, or a dry run that writes.

    Args:
        names: The names of the run's parameters.

    Raises:
        ParameterError: One is unknown.
    """
    unknown = sorted(set(names) - set(PARAMETERS))
    if unknown:
        named = ", ".join(repr(name[:80]) for name in unknown[:_NAMED]) + (" …" if len(unknown) > _NAMED else "")
        raise ParameterError(
            f"The run's configuration has {named}, but the parameters are {', '.join(PARAMETERS)}: correct it, and "
            "trigger the DAG again. Nothing was downloaded."
        )
