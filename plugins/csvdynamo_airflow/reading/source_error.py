"""The one error of a source that is no CSV."""

from csvdynamo_airflow.errors import MigrationError


class SourceFileError(MigrationError):
    """A source file cannot be read as a CSV at all; the message names it and what to do."""
