"""A run that is waited for through Airflow's API."""

import urllib.error
from email.message import Message
from typing import Any

import pytest

from commands.airflow_api import Api, Login, ScheduledRun

RUN = ScheduledRun(Api(Login("http://airflow", "admin", "pw")), "csvdynamo_cars", "manual__1")


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
    left = list(answers)

    def call(*_: Any, **__: Any) -> Any:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"state": answer}

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setattr("commands.airflow_api._PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize(
    "silence", [TimeoutError("timed out"), urllib.error.URLError("refused"), ConnectionResetError()]
)
def test_an_api_that_does_not_answer_for_a_moment_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, silence: Exception
) -> None:
    answering(monkeypatch, "running", silence, "success")

    assert RUN.await_end() == "success"


def test_a_refusal_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, urllib.error.HTTPError("http://airflow", 401, "Unauthorized", Message(), None))

    with pytest.raises(urllib.error.HTTPError):
        RUN.await_end()
