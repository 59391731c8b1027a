import threading

import pytest

from local_aws.executions.attempt import Attempt
from local_aws.executions.stopping import ExecutionStoppedError, StopReason

BROKEN_TEST_SECONDS = 10


def waiting(attempt: Attempt) -> tuple[threading.Thread, list[str]]:
    """A thread that waits for the attempts before, and what it has said."""
    said: list[str] = []

    def wait() -> None:
        attempt.await_previous()
        said.append("goes on")

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread, said


def test_the_first_attempt_waits_for_nobody() -> None:
    Attempt().await_previous()


def test_an_attempt_goes_on_when_the_one_before_has_ended() -> None:
    first = Attempt()
    thread, said = waiting(Attempt(previous=first))
    assert said == []

    first.end()

    thread.join(BROKEN_TEST_SECONDS)
    assert said == ["goes on"]


def test_an_attempt_that_is_stopped_waits_no_longer() -> None:
    second = Attempt(previous=Attempt())
    second.stop.set(StopReason.ABORTED)

    with pytest.raises(ExecutionStoppedError):
        second.await_previous()


def test_an_attempt_stopped_while_it_waited_lets_nobody_pass_by_the_one_that_it_waited_for() -> None:
    first = Attempt()
    second = Attempt(previous=first)
    second.stop.set(StopReason.ABORTED)
    with pytest.raises(ExecutionStoppedError):
        second.await_previous()
    second.end()
    thread, said = waiting(Attempt(previous=second))
    thread.join(0.3)  # a broken one would have gone on by then

    assert said == []
    first.end()
    thread.join(BROKEN_TEST_SECONDS)
    assert said == ["goes on"]
