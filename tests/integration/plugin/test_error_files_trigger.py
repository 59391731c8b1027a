"""The trigger that waits for error files."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.errors import RejectError, ResultFileError
from csvdynamo_airflow.tasks import error_files_trigger
from csvdynamo_airflow.tasks.error_files_trigger import ErrorFilesTrigger

DEADLINE = 100.0


class Files:
    """Error files that arrive one a look."""

    def __init__(self, missing: int, error: Exception | None = None) -> None:
        self.missing = set(range(missing))
        self.looks = 0
        self.error = error

    def look(self, s3: Any) -> bool:
        self.looks += 1
        if self.error:
            raise self.error
        if self.missing:
            self.missing.pop()
        return not self.missing


def of_aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "GetObject")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Gives a function that runs a trigger over files and returns its events' payloads; a pause takes its seconds."""
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    def run(expected: Callable[..., Any]) -> list[Any]:
        monkeypatch.setattr(error_files_trigger, "client", lambda service: None)
        monkeypatch.setattr(error_files_trigger.time, "time", lambda: now[0])
        monkeypatch.setattr(error_files_trigger.asyncio, "sleep", sleep)
        monkeypatch.setattr(error_files_trigger.ErrorFiles, "expected", expected)

        async def collect() -> list[Any]:
            return [event.payload async for event in ErrorFilesTrigger("bucket", "cars-1", DEADLINE).run()]

        return asyncio.run(collect())

    return run


def test_it_yields_once_when_all_have_arrived(run: Any) -> None:
    files = Files(3)

    assert run(lambda *_: files) == [{"missing": 0}]
    assert files.looks == 3


def test_at_the_deadline_it_says_how_many_are_missing(run: Any) -> None:
    files = Files(1000)

    [event] = run(lambda *_: files)

    assert event == {"missing": 1000 - files.looks}
    assert files.looks == DEADLINE / 5 + 1


@pytest.mark.parametrize("error", [RejectError("line 3"), ResultFileError("SUCCEEDED_0")])
def test_a_file_that_cannot_be_read_ends_the_wait_for_the_task_to_tell(run: Any, error: Exception) -> None:
    files = Files(1, error)

    assert len(run(lambda *_: files)) == 1
    assert files.looks == 1


def test_a_manifest_that_cannot_be_read_ends_the_wait_too(run: Any) -> None:
    def expected(*_: Any) -> None:
        raise ResultFileError("the manifest")

    assert len(run(expected)) == 1


def test_an_error_that_may_pass_does_not_end_the_wait(run: Any) -> None:
    files = Files(3, of_aws("SlowDown"))

    def look(s3: Any) -> bool:
        if files.looks == 2:
            files.error = None
        return Files.look(files, s3)

    files.look = look  # type: ignore[method-assign]

    assert run(lambda *_: files) == [{"missing": 0}]
    assert files.looks == 2 + 3


def test_an_error_that_lasts_to_the_deadline_is_told(run: Any) -> None:
    files = Files(1, of_aws("SlowDown"))

    [event] = run(lambda *_: files)

    assert "SlowDown" in event["error"]
    assert files.looks == DEADLINE / 5 + 1


def test_an_error_that_looking_again_would_not_mend_is_told_at_once(run: Any) -> None:
    files = Files(1, of_aws("AccessDenied"))

    [event] = run(lambda *_: files)

    assert "AccessDenied" in event["error"]
    assert files.looks == 1


def test_the_triggerer_can_make_it_again() -> None:
    path, fields = ErrorFilesTrigger("bucket", "cars-1", 12.5, 2.0).serialize()

    assert path == "csvdynamo_airflow.tasks.error_files_trigger.ErrorFilesTrigger"
    assert ErrorFilesTrigger(**fields).serialize() == (path, fields)
