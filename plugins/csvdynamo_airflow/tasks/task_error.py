"""What a task failed with, for the report: a person should not have to look for it in a log."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from csvdynamo.errors import CsvDynamoError
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.task_documents import ERROR_XCOM
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError

_LONGEST = 2000
_OURS = (MigrationError, MigrationPostponedError, CsvDynamoError)
_SAY_WHAT_TO_DO = (AirflowException, AirflowFailException)
"""What the tasks themselves raise; Airflow raises other types, each for one of its own reasons."""


def tell_error(context: Mapping[str, Any]) -> None:
    """Keep the error of a task that failed for good, and what to do about it (an ``on_failure_callback``).

    Where the task's process ended without a word, Airflow runs the callbacks in the DAG processor, without an
    exception in the context (`airflow.dag_processing.processor`). That knows no error, and takes no XCom: it leaves the
    request without an answer, and the DAG file's process waits for one until it is killed for it. The report says of a
    task that told nothing that its process was lost.
    """
    if (error := context.get("exception")) is None:
        return
    text = error_text(error)
    if type(error) not in _SAY_WHAT_TO_DO:
        text = f"{text.rstrip('.: ')}. Once that is mended, clear the task {context['task'].task_id}."
    context["ti"].xcom_push(key=ERROR_XCOM, value=text)


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
