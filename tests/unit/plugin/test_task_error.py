"""The error that a failed task leaves for the report."""

import pytest

from csvdynamo_airflow.task_error import ERROR_XCOM, error_text, tell_error


class Instance:
    def __init__(self) -> None:
        self.pushed: dict[str, str] = {}

    def xcom_push(self, key: str, value: str) -> None:
        self.pushed[key] = value


def test_a_failed_task_keeps_the_sentence_that_it_failed_with() -> None:
    instance = Instance()

    tell_error({"ti": instance, "exception": ValueError("file.csv has no column 'Key'.")})

    assert instance.pushed == {ERROR_XCOM: "file.csv has no column 'Key'."}


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
