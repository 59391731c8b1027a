"""The documents that tasks leave for the tasks after them: what cannot be read is told, not raised as a defect."""

from collections.abc import Iterator
from contextlib import contextmanager

from csvdynamo_airflow.errors import MigrationError

ERROR_XCOM = "error"
"""XCom key under which a task that failed keeps what it failed with."""


class DocumentError(MigrationError):
    """A document that a task left is none of this version's."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Make the errors of reading a document into one that says what to do.

    A run that lasted over an upgrade has documents of the version before, with other keys.

    Args:
        what: What is read, and who wrote it.

    Raises:
        DocumentError: A key is missing or unknown, or a value is of another kind.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DocumentError(
            f"{what} cannot be read ({type(error).__name__}: {error}). Another version of csvdynamo wrote it, or "
            "it was changed: clear the task that left it."
        ) from error
