"""How a command ends that only reads: in a sentence, and nothing of it is left."""

from collections.abc import Iterator
from contextlib import contextmanager

from commands.project import fail
from csvdynamo.errors import DatasetError
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError

_STOPPED = "Stopped. Nothing was written."
_INTERRUPTED = "Query interrupted"  # what DuckDB makes of Ctrl-C


@contextmanager
def ending_in_a_sentence() -> Iterator[None]:
    """End the command where it is stopped by Ctrl-C, or where what it reads is refused."""
    try:
        yield
    except (MigrationError, MigrationPostponedError, DatasetError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail(_STOPPED)
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        fail(_STOPPED)
