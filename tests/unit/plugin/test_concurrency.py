"""How many batches are to run at once, by what those that ended lately tell."""

import itertools
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvdynamo.records.result_files import BatchResult
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds, ConcurrencyChange, changes_of
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.workflow.concurrency import SAMPLE_BATCHES, STALLED_SECONDS, ConcurrencyControl, Sample, fitting

HOT = "TableWriteKeyRangeThroughputExceeded"
BOUNDS = ConcurrencyBounds(2, 100)


def batch(seconds: float | None = 1.0, waited: float | None = 0.0, **more: Any) -> BatchResult:
    """What the function answered for a batch of 100 items."""
    throttled = {HOT: 25} if waited else {}
    values: dict[str, Any] = {"write_units": 100.0, "throttled": throttled, **more}
    return BatchResult(100, 0, (), "0c", seconds=seconds, waited=waited, **values)


def sample(*batches: BatchResult) -> Sample:
    found = Sample.of(batches)
    assert found is not None
    return found


def test_a_sample_adds_its_batches_up() -> None:
    found = sample(batch(2.0, 1.5), batch(3.0, 0.5), batch())

    assert found == Sample(3, 6.0, 2.0, 300.0, {HOT: 50})
    assert found.waited_share == pytest.approx(1 / 3)


def test_a_batch_without_units_leaves_them_unknown() -> None:
    assert sample(batch(), batch(write_units=None)).units is None


@pytest.mark.parametrize("batches", [[], [batch(), batch(waited=None)], [batch(seconds=None)]])
def test_of_functions_that_do_not_tell_there_is_no_sample(batches: list[BatchResult]) -> None:
    assert Sample.of(batches) is None


@pytest.mark.parametrize(
    ("batches", "bounds", "wanted", "words"),
    [
        ([batch(10.0, 7.5)], BOUNDS, 3, f"waited 75% of their time for the table: {HOT}"),
        ([batch(10.0, 9.9)], BOUNDS, 2, "waited 99%"),  # the least that the file allows
        ([batch(10.0, 7.5, throttled={})], BOUNDS, 3, "for the table: its calls failed"),
        ([batch(10.0, 1.0)], BOUNDS, 10, ""),  # a table that is used in full throttles a little
        ([batch()], BOUNDS, 12, "the last 1 batches were not throttled"),
        ([batch()], ConcurrencyBounds(1, 11), 11, "were not throttled"),
        # 4,000 units a second at 100 a second and function
        ([batch()], ConcurrencyBounds(1, 100, 4_000), 40, "wrote 100 units in 1.00 s each"),
        ([batch(2.0, 0.3)], ConcurrencyBounds(1, 100, 400), 6, "limits.write_units_per_second = 400"),
        ([batch(2.0, 0.3)], ConcurrencyBounds(1, 100, 4_000), 10, ""),  # what is throttled is not made faster
        ([batch()], ConcurrencyBounds(1, 100, 810), 10, ""),  # near enough
        ([batch()], ConcurrencyBounds(1, 100, 1_240), 10, ""),
        ([batch()], ConcurrencyBounds(1, 100, 790), 7, "limits.write_units_per_second = 790"),
        ([batch()], ConcurrencyBounds(1, 100, 1_260), 12, "limits.write_units_per_second = 1,260"),
        ([batch(2.0, 1.0)], ConcurrencyBounds(1, 100, 4_000), 5, "waited 50%"),
        ([batch()], ConcurrencyBounds(1, 100, 1), 1, "limits.write_units_per_second = 1"),
        ([batch(write_units=None)], ConcurrencyBounds(1, 100, 1), 12, "were not throttled"),
    ],
)
def test_as_many_are_left_as_did_not_wait_and_without_throttling_there_are_more(
    batches: list[BatchResult], bounds: ConcurrencyBounds, wanted: int, words: str
) -> None:
    found, why = fitting(10, sample(*batches), bounds)

    assert found == wanted
    assert words in why


@settings(deadline=None)
@example(1, 1.0, 0.0, 5e-324, 1)
@given(
    st.integers(1, 10_000),
    st.floats(0, 1e6),
    st.floats(0, 1),
    st.none() | st.floats(0, 1e9),
    st.none() | st.integers(1, 10**6),
)
def test_the_bounds_are_kept_whatever_the_batches_tell(
    concurrency: int, seconds: float, share: float, units: float | None, target: int | None
) -> None:
    bounds = ConcurrencyBounds(3, 40, target)

    found, _ = fitting(concurrency, Sample(1, seconds, share * seconds, units, {}), bounds)

    assert 3 <= found <= 40


def test_batches_are_looked_at_once_as_many_have_ended_as_run_at_once() -> None:
    control = ConcurrencyControl(BOUNDS)

    assert [control.sample_size(ended, 4, 4, 0.0) for ended in (0, 3, 4, 7)] == [0, 0, 4, 7]
    assert control.sample_size(5_000, 9, 1_000, 0.0) == SAMPLE_BATCHES


def test_batches_that_began_before_a_change_tell_nothing_of_what_is_since() -> None:
    control = ConcurrencyControl(BOUNDS)
    control.sample_size(10, 4, 4, 0.0)

    change = control.change(4, sample(batch(10.0, 5.0)), 0.0, at=1_000.0)

    assert change is not None
    assert (change.at, change.before, change.after) == (1_000.0, 4, 2)
    # Four of them were running, and two have to end that began afterwards.
    assert [control.sample_size(ended, 2, 2, 0.0) for ended in (14, 15, 16)] == [0, 0, 2]


def test_each_batch_is_looked_at_once_where_nothing_is_changed() -> None:
    control = ConcurrencyControl(BOUNDS)
    control.sample_size(10, 4, 4, 0.0)

    assert control.change(4, sample(batch(10.0, 1.0)), 0.0, at=0.0) is None
    assert [control.sample_size(ended, 4, 4, 0.0) for ended in (10, 13, 14)] == [0, 0, 4]


def paced(table: float, concurrency: int, looks: int, bounds: ConcurrencyBounds = BOUNDS) -> list[int]:
    """Pace functions of 100 units a second, with a table that takes so many; return how many ran at each look."""
    control, found, ended = ConcurrencyControl(bounds), [concurrency], 0
    for _ in range(looks):
        ended += 2 * concurrency
        waited = max(0.0, 1 - table / (100 * concurrency))
        size = control.sample_size(ended, concurrency, concurrency, 0.0)
        seen = sample(*[batch(1 / (1 - waited), waited / (1 - waited))] * size) if size else None
        if change := control.change(concurrency, seen, 0.0, at=0.0):
            concurrency = change.after
        found.append(concurrency)
    return found


@settings(deadline=None)
@given(st.floats(200, 9_000), st.integers(2, 100))
def test_a_table_is_soon_used_in_full_and_functions_hardly_wait(table: float, concurrency: int) -> None:
    last = paced(table, concurrency, 80)[-1]

    assert 100 * last >= 0.99 * table
    assert last <= max(1.26 * table / 100, table / 100 + 1)


def test_a_table_that_grows_is_followed() -> None:
    control_looks = [paced(table, 8, 60)[-1] for table in (1_000, 2_000, 4_000)]

    assert control_looks[0] < control_looks[1] < control_looks[2]


def test_where_more_only_made_the_table_throttle_the_next_try_is_put_off_ever_longer() -> None:
    found = paced(100.0, 1, 400, ConcurrencyBounds(1, 100))
    raised = [look for look in range(1, len(found)) if found[look] > found[look - 1]]

    assert set(found) == {1, 2}
    pauses = [after - before for before, after in itertools.pairwise(raised)]
    assert pauses[0] < pauses[1] < pauses[2] < pauses[3]
    assert max(pauses) <= 2 * 32 + 4
    assert 8 <= len(raised) <= 16


@pytest.mark.parametrize(("running", "changes"), [(9, [(60.0, 9, 4), (120.0, 4, 2)]), (0, [])])
def test_where_batches_run_and_none_ends_there_are_fewer_until_the_least(running: int, changes: list[Any]) -> None:
    control, found = ConcurrencyControl(BOUNDS), list[ConcurrencyChange]()
    concurrency = 9
    for second in range(0, 301, 5):
        control.sample_size(1, running, concurrency, float(second))
        if change := control.change(concurrency, None, float(second), at=float(second)):
            found.append(change)
            concurrency = change.after

    assert [(one.at, one.before, one.after) for one in found] == changes
    assert {one.why for one in found} <= {f"no batch ended for {STALLED_SECONDS:.0f} s"}


def test_the_documents_come_back() -> None:
    change = ConcurrencyChange(1.5, 8, 4, "why")

    assert changes_of([change.to_json()]) == (change,)
    assert changes_of(None) == ()
    assert ConcurrencyBounds.from_json(BOUNDS.to_json()) == BOUNDS
    with pytest.raises(MigrationError, match="What the task wait told of its Map Run"):
        changes_of([{"at": 1}])
