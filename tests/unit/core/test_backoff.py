from typing import Any

from csvdynamo.aws.backoff import Backoff


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
