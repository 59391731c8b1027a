import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.distributed_map.counts import Counts, Stage
from local_aws.distributed_map.item_reader import read_limit
from local_aws.distributed_map.spool import Spool
from local_aws.distributed_map.tolerance import Tolerance


@pytest.mark.parametrize(
    ("tolerance", "failed", "exceeded"),
    [
        (Tolerance(), 0, False),
        (Tolerance(), 1, True),
        (Tolerance(count=2), 2, False),
        (Tolerance(count=2), 3, True),
        (Tolerance(percentage=10), 20, False),
        (Tolerance(percentage=10), 21, True),
        (Tolerance(percentage=0), 1, True),
        (Tolerance(percentage=100), 200, False),
        (Tolerance(count=5, percentage=1), 3, True),
        (Tolerance(count=1, percentage=50), 3, True),
        (Tolerance(count=5, percentage=5), 5, False),
    ],
)
def test_failures_past_any_limit_are_too_many(tolerance: Tolerance, failed: int, exceeded: bool) -> None:
    assert tolerance.exceeded(failed, total=200) is exceeded


def test_rows_and_children_are_counted_apart() -> None:
    counts = Counts()
    counts.add(250)
    counts.add(50)
    counts.move(250, Stage.PENDING, Stage.RUNNING)
    counts.move(250, Stage.RUNNING, Stage.TIMED_OUT)
    counts.written(250)

    assert {name: n for name, n in counts.items.items() if n} == {
        "pending": 50,
        "timedOut": 250,
        "total": 300,
        "resultsWritten": 250,
    }
    assert {name: n for name, n in counts.executions.items() if n} == {
        "pending": 1,
        "timedOut": 1,
        "total": 2,
        "resultsWritten": 1,
    }


def test_timed_out_items_count_as_failed_and_aborted_do_not() -> None:
    counts = Counts()
    for items, stage in ((1, Stage.FAILED), (2, Stage.TIMED_OUT), (4, Stage.ABORTED), (8, Stage.SUCCEEDED)):
        counts.add(items)
        counts.move(items, Stage.PENDING, stage)

    assert (counts.failed_items, counts.total_items) == (3, 15)


@given(st.lists(st.binary(max_size=50)))
def test_a_spool_gives_back_what_it_was_given(bodies: list[bytes]) -> None:
    spool = Spool()

    indexes = [spool.append(body) for body in bodies]

    assert indexes == list(range(len(bodies)))
    assert [spool[index] for index in reversed(indexes)] == bodies[::-1]
    assert len(spool) == len(bodies)
    spool.close()


@pytest.mark.parametrize(
    ("max_items", "limit"), [(0, 100_000_000), (2, 2), (100_000_000, 100_000_000), (100_000_001, 100_000_000)]
)
def test_no_item_is_read_past_a_hundred_million(max_items: int, limit: int) -> None:
    assert read_limit(max_items) == limit
