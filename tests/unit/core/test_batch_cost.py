"""What a batch costs, as DynamoDB's answers and the clock say."""

from itertools import count
from typing import Any

import pytest

from csvdynamo.writing.cost import CostMeter


def meter() -> CostMeter:
    return CostMeter(now=lambda: 1000.0004, monotonic=count(5, 2).__next__)


def consumed(*units: Any) -> dict[str, Any]:
    return {"ConsumedCapacity": [{"TableName": "cars", "CapacityUnits": one} for one in units]}


def test_the_units_of_all_calls_are_added_up() -> None:
    measured = meter()

    measured.add(consumed(25.0))
    measured.add(consumed(3.0, 4.5))

    cost = measured.read()
    assert (cost.write_units, cost.began, cost.seconds) == (32.5, 1000.0, 2)


def test_a_batch_that_calls_nobody_costs_nothing() -> None:
    assert meter().read().write_units == 0


NO_LIST: tuple[Any, ...] = (None, {}, ["x"])


@pytest.mark.parametrize("answer", [{}, *({"ConsumedCapacity": one} for one in NO_LIST), consumed("1"), consumed(True)])
def test_an_answer_that_does_not_say_makes_the_cost_unknown(answer: dict[str, Any]) -> None:
    measured = meter()

    measured.add(consumed(25.0))
    measured.add(answer)
    measured.add(consumed(25.0))

    assert measured.read().write_units is None


def test_items_that_were_turned_away_are_counted_under_each_reason_as_often_as_they_were() -> None:
    measured = meter()

    measured.turned_away(25, {"TableWriteKeyRangeThroughputExceeded"})
    measured.turned_away(5, {"TableWriteKeyRangeThroughputExceeded", "IndexWriteAccountLimitExceeded"})
    measured.turned_away(9, set())

    assert measured.read().throttled == {
        "IndexWriteAccountLimitExceeded": 5,
        "TableWriteKeyRangeThroughputExceeded": 30,
    }


def test_what_was_slept_is_counted_and_slept() -> None:
    measured, slept = meter(), list[float]()
    sleep = measured.waiting(slept.append)

    sleep(0.25)
    sleep(1.5)

    assert slept == [0.25, 1.5]
    assert measured.read().waited == 1.75
