from typing import Any

import pytest

from local_aws.executions.retry_delay import delay_seconds


@pytest.mark.parametrize(
    ("retrier", "delays"),
    [
        ({}, [1, 2, 4, 8]),
        ({"IntervalSeconds": 3, "BackoffRate": 1.5}, [3, 4.5, 6.75]),
        ({"IntervalSeconds": 2, "MaxDelaySeconds": 16}, [2, 4, 8, 16, 16]),
        ({"IntervalSeconds": 100}, [100, 200]),
        ({"IntervalSeconds": 0}, [0, 0]),
        ({"IntervalSeconds": 2, "JitterStrategy": "NONE"}, [2, 4]),
    ],
)
def test_delays_grow_up_to_the_longest(retrier: dict[str, Any], delays: list[float]) -> None:
    assert [delay_seconds(retrier, n) for n in range(len(delays))] == delays


def test_full_jitter_takes_any_delay_up_to_the_longest() -> None:
    retrier = {"IntervalSeconds": 2, "MaxDelaySeconds": 5, "JitterStrategy": "FULL"}
    ranges: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        ranges.append((low, high))
        return high / 2

    assert [delay_seconds(retrier, n, jitter) for n in range(3)] == [1, 2, 2.5]
    assert ranges == [(0, 2), (0, 4), (0, 5)]


def test_full_jitter_is_random_unless_told_otherwise() -> None:
    delays = {delay_seconds({"IntervalSeconds": 10, "JitterStrategy": "FULL"}, 0) for _ in range(50)}

    assert len(delays) > 1
    assert all(0 <= delay <= 10 for delay in delays)
