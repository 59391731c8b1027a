"""The parameters of a DAG run: which there are, and that there are no others. Pure."""

from collections.abc import Iterable
from typing import Any

from csvdynamo.datasets.sources import other_scheme, told_schemes, user_in_url
from csvdynamo_airflow.errors import MigrationError

PARAMETERS = ("source_url", "dry_run", "force", "accept_source", "replay", "rollback")

SOURCE_URL_LENGTH = 4096
"""The most characters of a source's URL."""


def source_url_schema() -> dict[str, Any]:
    """Give the JSON Schema of a source's URL: what no data set allows is refused where it was typed, in a sentence.

    That is a user or a password (a run's parameters lie in Airflow's database, and whoever may see the run reads them),
    a scheme that there is not, and control characters.
    """
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": SOURCE_URL_LENGTH,
        "pattern": r"^[^\u0000-\u001f\u007f]+(?![\s\S])",
        "allOf": [
            _wanted(
                user_in_url(),
                "an address without user and password: make an Airflow connection with them, and name it in the data "
                "set file",
            ),
            _wanted(other_scheme(), f"an address that begins with {told_schemes()}, or a path"),
        ],
    }


def _wanted(pattern: str, sentence: str) -> dict[str, Any]:
    """Refuse what matches: "'…' was expected" is how a validator tells of a constant, and all that it lets us say."""
    return {"if": {"type": "string", "pattern": pattern}, "then": {"const": sentence}}


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
