"""What a task failed with, for the report: a person should not have to look for it in a log."""

from collections.abc import Mapping
from typing import Any

ERROR_XCOM = "error"
"""XCom key under which a task that failed keeps what it failed with."""

_LONGEST = 2000


def tell_error(context: Mapping[str, Any]) -> None:
    """Keep the error of a task that failed for good (an ``on_failure_callback``)."""
    context["ti"].xcom_push(key=ERROR_XCOM, value=error_text(context.get("exception")))


def error_text(error: object) -> str:
    """Write an error as a sentence of the report; the type is named where the message alone would not speak."""
    text = str(error or "").strip()
    if not isinstance(error, BaseException):
        return text[:_LONGEST]
    told = text if len(text.split()) > 2 else f"{type(error).__name__}: {text}"
    return told[:_LONGEST]
