"""What a task failed with, for the report: a person should not have to look for it in a log."""

from collections.abc import Mapping
from typing import Any

from csvdynamo.errors import CsvDynamoError
from csvdynamo.shown import shown
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError

ERROR_XCOM = "error"
"""XCom key under which a task that failed keeps what it failed with."""

_LONGEST = 2000
_OURS = (MigrationError, MigrationPostponedError, CsvDynamoError)


def tell_error(context: Mapping[str, Any]) -> None:
    """Keep the error of a task that failed for good (an ``on_failure_callback``)."""
    context["ti"].xcom_push(key=ERROR_XCOM, value=error_text(context.get("exception")))


def error_text(error: object) -> str:
    """Write an error as a sentence of the report; the type is named where the message alone would not speak.

    It is one line, unless it is an error of ours that is a list of lines: a service's message may hold line feeds that
    make it look like more than it is.
    """
    text = str(error or "").strip()
    if _is_ours(error, text):
        return "\n".join(map(shown, text.split("\n")))[:_LONGEST]
    if not isinstance(error, BaseException):
        return shown(text, _LONGEST)
    return shown(text if len(text.split()) > 2 else f"{type(error).__name__}: {text}", _LONGEST)


def _is_ours(error: object, text: str) -> bool:
    """Say whether an error is one of ours, or Airflow's with the message of one (`task_shell`)."""
    cause = getattr(error, "__cause__", None)
    return isinstance(error, _OURS) or (isinstance(cause, _OURS) and text == str(cause).strip())
