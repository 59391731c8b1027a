"""The floor of a throttled run: what its table alone takes."""

import pytest

from bench.throttled_bench import floor


@pytest.mark.parametrize(
    ("units", "seconds"),
    [
        (100, 0.2),
        (75_000, 150),
        (76_000, 151),  # twice as much after a period
        (75_000 + 150_000 + 2_000, 301),
    ],
)
def test_a_table_that_is_used_in_full_takes_twice_its_peak_after_each_period(units: float, seconds: float) -> None:
    assert floor(units, 500, 150) == pytest.approx(seconds)
