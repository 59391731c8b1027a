from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.aws.backoff import Backoff

PASSING = ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
LASTING = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")


class Service:
    """A call that fails with one error after another, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_waits_double_up_to_the_cap(clock: Any) -> None:
    clock.remaining = 10_000.0
    backoff = clock.backoff()

    assert all(backoff.wait(attempt) for attempt in range(100))

    assert clock.sleeps[:8] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
    assert set(clock.sleeps[8:]) == {5.0}


def test_the_jitter_is_full_from_nothing_to_the_ceiling(clock: Any) -> None:
    clock.backoff(uniform=0.0).wait(3)
    clock.backoff(uniform=0.5).wait(3)

    assert clock.sleeps == [0.0, 0.2]


def test_a_wait_that_would_use_up_the_margin_is_refused_without_sleeping(clock: Any) -> None:
    clock.remaining = 5.3
    backoff = clock.backoff()

    assert backoff.wait(2)
    assert not backoff.wait(2)
    assert clock.sleeps == [0.2]


def test_another_margin_leaves_the_rest_as_it_is(clock: Any) -> None:
    clock.remaining = 3.0
    backoff = clock.backoff()

    assert not backoff.has_time()
    assert backoff.with_margin(1.0).has_time()
    assert backoff.with_margin(1.0).wait(0)
    assert clock.sleeps == [0.05]


def test_the_default_jitter_is_random() -> None:
    sleeps: list[float] = []
    backoff = Backoff(remaining_seconds=lambda: 60.0, sleep=sleeps.append)

    for _ in range(20):
        backoff.wait(4)

    assert len(set(sleeps)) > 1
    assert all(0.0 <= seconds <= 0.8 for seconds in sleeps)


def in_tries(tries: int, sleeps: list[float]) -> Backoff:
    return Backoff(sleep=sleeps.append, uniform=lambda: 1.0, base_seconds=1.0, tries=tries)


def test_a_call_is_repeated_until_it_answers_with_a_wait_after_each_error() -> None:
    service, sleeps = Service(PASSING, PASSING), list[float]()

    assert in_tries(3, sleeps).call(service) == "answer"

    assert service.calls == 3
    assert sleeps == [1.0, 2.0]


def test_after_the_last_try_its_error_is_raised_without_a_wait() -> None:
    service, sleeps = Service(*[PASSING] * 9), list[float]()

    with pytest.raises(ClientError, match="SlowDown"):
        in_tries(3, sleeps).call(service)

    assert service.calls == 3
    assert sleeps == [1.0, 2.0]


def test_an_error_that_another_try_would_not_mend_is_raised_at_once() -> None:
    service, sleeps = Service(PASSING, LASTING), list[float]()

    with pytest.raises(ClientError, match="AccessDenied"):
        in_tries(9, sleeps).call(service)

    assert service.calls == 2
    assert sleeps == [1.0]


def test_a_call_is_given_up_when_a_wait_would_use_up_the_margin(clock: Any) -> None:
    clock.remaining = 5.2
    service = Service(*[PASSING] * 99)

    with pytest.raises(ClientError, match="SlowDown"):
        clock.backoff().call(service)

    assert service.calls == 3
    assert clock.sleeps == [0.05, 0.1]


def test_attempts_end_with_the_last_one_and_are_parted_by_waits() -> None:
    sleeps: list[float] = []
    attempts = islice(in_tries(3, sleeps).attempts(), 9)

    assert [(attempt, len(sleeps)) for attempt in attempts] == [(0, 0), (1, 1), (2, 2)]

    assert len(sleeps) == 2


def test_whoever_sleeps_by_other_means_is_told_the_seconds() -> None:
    backoff = in_tries(4, [])

    assert [backoff.seconds_after(attempt) for attempt in range(5)] == [1.0, 2.0, 4.0, None, None]
