"""The simulator's pieces, held to arithmetic by hand, and its function to the code of the real one."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from bench.simulation.bucket import Bucket
from bench.simulation.functions import FunctionPool, Start
from bench.simulation.map_run import Simulated, Timing, Work, simulate
from bench.simulation.table import Partition, SimulatedTable
from csvdynamo.aws.backoff import Backoff
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch_writer import BatchWriter
from csvdynamo.writing.turn import LONGEST_BATCH_SECONDS
from csvdynamo_airflow.planning.pace import TableSpeed

QUICK = Timing(child=0.0, row=0.0, calls=0.0, left=0.0, cold=0.0)
UNTHROTTLED = TableSpeed(100_000, 100_000, "a table that throttles nothing")


def steady(units: float) -> TableSpeed:
    return TableSpeed(units, units, "a table")


def on_demand(first: float = 4_000, most: float = 40_000) -> SimulatedTable:
    return SimulatedTable(TableSpeed(first, most, "a table on demand"), 1.0, Random(0))


def run(rows: int, batches: int, at_once: int, speed: TableSpeed, timing: Timing = QUICK, **more: Any) -> Simulated:
    skip = more.pop("skip", True)
    return simulate(Work(rows, batches, 1.0, at_once, speed, **more), timing, skip=skip)


def test_a_bucket_fills_at_its_rate_keeps_no_more_than_its_most_and_lends_the_last_token() -> None:
    bucket = Bucket(rate=10, most=20, held=5)

    assert bucket.serves(0.0) == 5
    bucket.take(5)
    assert bucket.serves(0.0) == 0
    assert bucket.serves(0.5) == 5
    assert bucket.serves(100.0) == 20
    assert bucket.serves(100.0, tokens=8) == 3
    bucket.take(24)
    assert (bucket.serves(100.3), bucket.serves(100.5)) == (0, 1)


def test_a_partition_keeps_its_share_for_five_minutes_and_gives_a_thousand_units_a_second() -> None:
    partition = Partition(100, now=0.0)

    assert partition.put(0.0, 250, 1.0) == 100  # of the first second
    assert partition.put(1.0, 250, 1.0) == 100
    assert partition.put(4.0, 1_000, 1.0) == 300
    assert partition.put(1_004.0, 600, 1.0) == 600  # 30,000 are kept
    assert partition.put(1_004.0, 2_000, 1.0) == 400
    assert partition.put(1_005.0, 2_000, 1.0) == 1_000
    assert [partition.put(1_006.0 + second, 2_000, 1.0) for second in range(40)].count(1_000) == 31
    assert partition.put(2_000.0, 2_000, 4.0) == 250


def test_keys_lie_evenly_in_as_many_partitions_as_a_table_takes_thousands() -> None:
    table = on_demand(first=4_500)

    places = table.places(50_000)

    assert sorted(places) == [0, 1, 2, 3, 4]
    assert all(count == pytest.approx(10_000, rel=0.05) for count in places.values())
    # 900 a second each: what lies in one is not taken by another.
    assert table.put(0.0, {0: 1_000, 1: 100}) == {0: 100}
    assert (table.units, table.asked) == (1_000, 1_100)


def test_a_share_of_the_items_may_lie_in_one_partition() -> None:
    table = SimulatedTable(steady(4_000), 1.0, Random(0), hot_share=0.2)

    assert table.places(50_000)[0] == pytest.approx(50_000 * (0.2 + 0.8 / 4), rel=0.02)


def live(table: SimulatedTable, units: int, seconds: Sequence[int]) -> None:
    for second in seconds:
        table.put(second, table.places(units))


def test_a_table_on_demand_takes_twice_its_peak_half_an_hour_after_it() -> None:
    table = on_demand()
    live(table, 4_000, range(60))

    assert table.units == pytest.approx(60 * 4_000, rel=0.03)
    table.put(60, {})
    assert (table.allowed, table.grows_in(60)) == (4_000, 1_800)
    table.put(1_859, {})
    assert (table.allowed, table.grows_in(1_859)) == (4_000, 1)
    table.put(1_860, {})
    assert table.allowed == 8_000
    assert table.grows_in(1_860) == float("inf")
    assert len(table.places(10_000)) == 8


@pytest.mark.parametrize(
    ("units", "most", "allowed"), [(2_000, 40_000, 4_000), (2_100, 40_000, 5_000), (4_000, 6_000, 6_000)]
)
def test_a_table_grows_by_what_it_took_in_whole_partitions_and_up_to_its_most(
    units: int, most: float, allowed: float
) -> None:
    table = on_demand(most=most)

    live(table, units, range(60))
    table.put(1_860, {})

    assert table.allowed == allowed


def test_minutes_that_pass_by_make_a_table_grow_as_those_that_were_lived() -> None:
    table = on_demand()
    live(table, 4_000, range(61))

    table.pass_by(29, 4_000.0)

    assert table.grows_in(61) == 1_860 - 61 - 29 * 60
    table.put(119, {})
    assert table.allowed == 4_000
    table.put(120, {})
    assert table.allowed == 8_000


def test_functions_are_refused_past_the_accounts_quota_and_start_warm_where_one_has_ended() -> None:
    pool = FunctionPool(at_once=2)

    assert [pool.begin(0.0) for _ in range(3)] == [Start.COLD, Start.COLD, Start.REFUSED]
    pool.end()
    assert [pool.begin(0.0) for _ in range(2)] == [Start.WARM, Start.REFUSED]


def test_a_function_gains_a_thousand_environments_in_ten_seconds() -> None:
    pool = FunctionPool(at_once=3_000)

    assert [pool.begin(0.0) for _ in range(1_100)].count(Start.COLD) == 1_000
    assert [pool.begin(1.0) for _ in range(1_100)].count(Start.COLD) == 100
    assert [pool.begin(11.0) for _ in range(1_100)].count(Start.COLD) == 1_000


def test_children_start_a_thousand_a_second_and_no_more_at_once_than_they_may() -> None:
    dispatched = run(2_000, 2_000, 500, UNTHROTTLED)
    at_once = run(6, 6, 2, UNTHROTTLED, Timing(child=0.5, row=1.0, calls=0.25, left=0.0, cold=3.0))

    assert (dispatched.seconds, dispatched.invocations) == (pytest.approx(2.0), 2_000)
    # Three batches one after another, the first of them in a new environment.
    assert at_once.seconds == pytest.approx(3 * 1.75 + 3.0, abs=0.01)


def test_calls_are_made_ten_at_a_time() -> None:
    timing = Timing(child=0.0, row=0.0, calls=1.0, left=0.0, cold=0.0)

    assert [run(rows, 1, 1, UNTHROTTLED, timing).seconds for rows in (250, 251, 501)] == pytest.approx(
        [1, 2, 3], abs=0.01
    )


class SimulatedClock:
    """A function's clock and its door to a table of one partition: both take simulated time."""

    def __init__(self, units: float, random: Random, timing: Timing) -> None:
        self.now, self.waits = 0.0, 0
        self._timing, self._random = timing, random
        self._table = SimulatedTable(steady(units), 1.0, random)
        self.key = TableKey(KeyAttribute("id"))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits += 1

    def write(self, rows: int) -> None:
        ends = self.now + LONGEST_BATCH_SECONDS
        backoff = Backoff(lambda: ends - self.now, self.sleep, self._random.random)
        self._table.places(0)
        for start in range(0, rows, 250):
            self._table.places(min(250, rows - start))  # as many draws as the simulated function makes
        BatchWriter(self, "cars", self.key, backoff).write([self._item(number) for number in range(rows)])

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Mapping[str, Any] | Exception]:
        self.now += self._timing.calls
        left = self._table.put(self.now, {0: sum(map(len, calls))})[0]
        self.now += left * self._timing.left
        answers: list[Mapping[str, Any] | Exception] = []
        for call in reversed(calls):
            count = min(left, len(call))
            left -= count
            unprocessed = [{"PutRequest": {"Item": {"id": {"S": text}}}} for text in call[len(call) - count :]]
            answers.insert(0, {"UnprocessedItems": {table: unprocessed} if unprocessed else {}})
        return answers

    def _item(self, number: int) -> WireItem:
        return WireItem(self.key.of({"id": {"S": str(number)}}), str(number))


@pytest.mark.parametrize(("units", "waits"), [(1_000, 0), (100, 1), (20, 5), (8, 8)])
def test_a_simulated_function_waits_as_the_real_one_does(units: int, waits: int) -> None:
    """One that is alone: the same draws give the same waits, and the same end."""
    timing = Timing(child=0.0, row=0.0, calls=0.010, left=0.0001, cold=0.0)
    clock = SimulatedClock(units, Random(7), timing)

    clock.write(250)
    simulated = simulate(Work(250, 1, 1.0, 1, steady(units)), timing, seed=7)

    assert simulated.seconds == pytest.approx(clock.now, abs=0.002)
    assert clock.waits >= waits
    assert simulated.succeeded


def test_a_batch_that_its_table_never_takes_is_tried_again_and_redriven_as_the_run_would() -> None:
    failed = run(250, 1, 1, steady(0.1))

    assert not failed.succeeded
    # Five attempts of the function in each of four executions; the task waits 1, 2 and 4 minutes before a redrive.
    assert (failed.redrives, failed.invocations, failed.out_of_time) == (3, 20, 20)
    assert 420 + 20 * 30 < failed.seconds < 420 + 20 * LONGEST_BATCH_SECONDS + 4 * (2 + 4 + 8 + 16)


def test_a_batch_beside_one_that_failed_is_not_tried_again_before_the_redrive() -> None:
    failed = run(200, 2, 2, steady(0.1), functions_at_once=1)

    # In each of four executions one batch is refused five times within half a minute, and so the other one, whose time
    # is over after that, has one attempt.
    assert (failed.succeeded, failed.redrives) == (False, 3)
    assert (failed.refused, failed.invocations) == (20, 4)


def test_after_a_redrive_only_batches_that_did_not_succeed_run_again() -> None:
    slow = run(12_000, 40, 40, steady(100))

    assert slow.succeeded
    assert slow.redrives >= 1
    assert slow.seconds > 60 + 12_000 / 100 - 1


def test_a_batch_that_lambda_refuses_is_tried_again() -> None:
    timing = Timing(child=0.0, row=0.0, calls=1.0, left=0.0, cold=0.0)

    refused = run(2, 2, 2, UNTHROTTLED, timing, functions_at_once=1)

    assert refused.succeeded
    assert (refused.refused >= 1, refused.invocations, refused.redrives) == (True, 2, 0)


def test_skipped_minutes_take_as_long_as_those_that_are_simulated() -> None:
    whole, skipped = (run(300_000, 1_200, 2, steady(100), Timing(), skip=skip) for skip in (False, True))

    assert whole.seconds == pytest.approx(3_000, rel=0.03)
    assert skipped.seconds == pytest.approx(whole.seconds, rel=0.01)
    assert (whole.skipped_seconds, skipped.skipped_seconds > 2_000) == (0.0, True)
    assert skipped.invocations < whole.invocations / 2


def test_nothing_is_skipped_where_batches_run_out_of_time() -> None:
    late = run(105_000, 300, 6, steady(100))

    assert (late.out_of_time > 10, late.skipped_seconds) == (True, 0.0)


def test_a_table_grows_in_skipped_minutes_as_in_those_that_are_simulated() -> None:
    speed = TableSpeed(50, 100, "a table that doubles")

    # 50 a second for half an hour and a minute, then in whole partitions of 1,000 up to its most.
    assert run(150_000, 600, 3, speed, Timing()).seconds == pytest.approx(1_860 + (150_000 - 93_000) / 100, rel=0.03)
