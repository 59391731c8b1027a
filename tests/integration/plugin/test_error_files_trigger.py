"""The trigger that waits for error files."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo_airflow.tasks import error_files_trigger
from csvdynamo_airflow.tasks.error_files_trigger import ErrorFilesTrigger

DEADLINE = 100.0


class Bucket:
    """A bucket whose list of error files is another one after some looks."""

    def __init__(self, same: float, error: Exception | None = None) -> None:
        self.same, self.error = same, error
        self.looks = 0

    def digest(self, *_: Any) -> str:
        self.looks += 1
        if self.error:
            raise self.error
        return "seen" if self.looks <= self.same else "another"


def of_aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "ListObjectsV2")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Gives a function that runs a trigger on a bucket and returns its events' payloads; a pause takes its seconds."""
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    def run(found: Bucket) -> list[Any]:
        monkeypatch.setattr(error_files_trigger, "client", lambda service: None)
        monkeypatch.setattr(error_files_trigger.time, "time", lambda: now[0])
        monkeypatch.setattr(error_files_trigger.asyncio, "sleep", sleep)
        monkeypatch.setattr(error_files_trigger, "error_objects_digest", found.digest)

        async def collect() -> list[Any]:
            return [event.payload async for event in ErrorFilesTrigger("bucket", "cars-1", "seen", DEADLINE).run()]

        return asyncio.run(collect())

    return run


def test_it_yields_once_when_an_object_has_come(run: Any) -> None:
    found = Bucket(same=3)

    assert run(found) == [{"changed": True}]
    assert found.looks == 4


def test_what_came_before_the_first_look_is_noticed(run: Any) -> None:
    assert run(Bucket(same=0)) == [{"changed": True}]


def test_at_the_deadline_it_says_that_nothing_came(run: Any) -> None:
    found = Bucket(same=float("inf"))

    assert run(found) == [{"changed": False}]
    assert found.looks == DEADLINE / 5 + 1


def test_an_error_that_may_pass_does_not_end_the_wait(run: Any) -> None:
    found = Bucket(same=3, error=of_aws("SlowDown"))

    def digest(*_: Any) -> str:
        if found.looks == 2:
            found.error = None
        return Bucket.digest(found)

    found.digest = digest  # type: ignore[method-assign]

    assert run(found) == [{"changed": True}]
    assert found.looks == 4


def test_an_error_that_lasts_to_the_deadline_is_told(run: Any) -> None:
    found = Bucket(same=1, error=of_aws("SlowDown"))

    [event] = run(found)

    assert "SlowDown" in event["error"]
    assert found.looks == DEADLINE / 5 + 1


def test_an_error_that_looking_again_would_not_mend_is_told_at_once(run: Any) -> None:
    found = Bucket(same=1, error=of_aws("AccessDenied"))

    [event] = run(found)

    assert "AccessDenied" in event["error"]
    assert found.looks == 1


def test_the_triggerer_can_make_it_again() -> None:
    path, fields = ErrorFilesTrigger("bucket", "cars-1", "seen", 12.5, 2.0).serialize()

    assert path == "csvdynamo_airflow.tasks.error_files_trigger.ErrorFilesTrigger"
    assert ErrorFilesTrigger(**fields).serialize() == (path, fields)
