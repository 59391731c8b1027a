"""How many writes a table takes, and how that grows."""

from local_aws.throttling.write_rate import WriteRate


def taken(rate: WriteRate, begin: float, end: float, units: float = 1.0, step: float = 0.01) -> float:
    """Ask again and again from one time to another; return the units that passed."""
    times = [begin + step * number for number in range(round((end - begin) / step))]
    return sum(units for at in times if rate.take(units, at))


def test_a_second_passes_at_once_and_then_as_many_a_second() -> None:
    rate = WriteRate(10)

    assert [rate.take(1, 100.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert 48 <= taken(rate, 100.0, 105.0) <= 50


def test_what_was_not_used_is_lost() -> None:
    rate = WriteRate(10)
    rate.take(1, 0.0)

    assert [rate.take(1, 1000.0) for _ in range(11)] == [True] * 10 + [False]


def test_a_write_of_more_than_a_second_passes_and_is_paid_for_afterwards() -> None:
    rate = WriteRate(10)

    assert rate.take(25, 0.0)
    assert not rate.take(1, 1.0)
    assert not rate.take(1, 1.4)
    assert rate.take(1, 1.7)


def test_it_takes_twice_its_peak_once_that_is_long_enough_ago() -> None:
    rate = WriteRate(10, most=30, growth_seconds=60)

    taken(rate, 0.0, 60.0)
    assert rate.units == 10
    taken(rate, 60.0, 120.0)
    assert rate.units == 20
    taken(rate, 120.0, 120.1)
    assert rate.units == 30


def test_a_table_of_which_little_is_asked_does_not_grow() -> None:
    rate = WriteRate(10, most=1000, growth_seconds=60)

    for minute in range(5):
        rate.take(5, 60.0 * minute)

    assert rate.units == 10


def test_without_a_period_it_stays_as_it_is() -> None:
    rate = WriteRate(10)

    taken(rate, 0.0, 100_000.0, step=10)

    assert rate.units == 10
