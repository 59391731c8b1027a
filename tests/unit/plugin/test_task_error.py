"""The error that a failed task leaves for the report."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout, TaskDeferralError

from csvdynamo_airflow.documents.task_documents import ERROR_XCOM
from csvdynamo_airflow.errors import MigrationPostponedError
from csvdynamo_airflow.tasks.task_error import error_text, tell_error


def told(**context: Any) -> dict[str, str]:
    """What the callback pushes."""
    pushed: dict[str, str] = {}
    instance = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    tell_error({"ti": instance, "task": SimpleNamespace(task_id="verify"), **context})
    return pushed


@pytest.mark.parametrize("kind", [AirflowException, AirflowFailException])
def test_a_failed_task_keeps_the_sentence_that_it_failed_with(kind: type[Exception]) -> None:
    sentence = "file.csv has no column 'Key'. Correct it."

    assert told(exception=kind(sentence)) == {ERROR_XCOM: sentence}


@pytest.mark.parametrize(
    "error",
    [
        ValueError("the disk is gone"),
        MigrationPostponedError("the disk is gone."),
        TaskDeferralError("the disk is gone"),
        AirflowTaskTimeout("the disk is gone"),
    ],
)
def test_an_error_that_the_task_did_not_make_itself_is_told_with_what_to_do(error: BaseException) -> None:
    sentence = "the disk is gone. Once that is mended, clear the task verify."

    assert told(exception=error) == {ERROR_XCOM: sentence}


def test_nothing_is_told_where_there_is_no_process_of_the_task() -> None:
    """The DAG processor, which runs the callbacks then, leaves an XCom without an answer."""
    assert told() == told(exception=None) == {}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError(), "RuntimeError. Once that is mended, clear the task verify."),
        (KeyError("bucket"), "KeyError: 'bucket'. Once that is mended, clear the task verify."),
    ],
)
def test_what_to_do_follows_an_error_without_words(error: Exception, sentence: str) -> None:
    assert told(exception=error) == {ERROR_XCOM: sentence}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("bucket"), "KeyError: 'bucket'"),
        (RuntimeError(), "RuntimeError:"),
        (None, ""),
        ("killed by the scheduler", "killed by the scheduler"),
    ],
)
def test_an_error_that_does_not_speak_for_itself_is_named(error: object, told: str) -> None:
    assert error_text(error).strip() == told


def test_a_long_error_is_cut() -> None:
    assert 1900 < len(error_text(ValueError("word " * 10_000))) <= 2000
