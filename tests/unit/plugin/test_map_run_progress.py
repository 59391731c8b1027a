"""A Map Run's progress in rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo_airflow.workflow.map_run import Progress
from tests.support.recorded_answers import ANSWERS

ROWS = st.integers(min_value=0, max_value=10**9)
NAMES = ("pending", "running", "succeeded", "failed", "timedOut", "aborted")
COUNTS = st.tuples(*[ROWS] * len(NAMES)).map(
    lambda rows: {**dict(zip(NAMES, rows, strict=True)), "total": sum(rows), "resultsWritten": 0}
)


@settings(deadline=None)
@given(COUNTS)
def test_every_row_is_settled_pending_or_running(counts: dict[str, int]) -> None:
    progress = Progress.from_counts(counts)

    assert progress.settled + progress.pending + progress.running == progress.total
    assert 0 <= progress.percent <= 100
    assert progress.to_json()["percent"] == round(progress.percent, 1)


@settings(deadline=None)
@given(COUNTS, st.one_of(st.none(), st.floats(min_value=0, max_value=1e9)))
def test_any_progress_can_be_said(counts: dict[str, int], rate: float | None) -> None:
    progress = Progress.from_counts(counts)

    assert progress.sentence(rate).startswith(f"{progress.settled:,} of {progress.total:,} rows settled")


def test_the_document_has_every_state_of_a_row() -> None:
    counts = {"total": 21, "pending": 1, "running": 2, "succeeded": 3, "failed": 4, "timedOut": 5, "aborted": 6}

    batches = {"total": 7, "pending": 1, "running": 0, "succeeded": 3, "failed": 0, "timedOut": 1, "aborted": 2}

    assert Progress.from_counts(counts, batches).to_json() == {
        "total": 21,
        "pending": 1,
        "running": 2,
        "succeeded": 3,
        "failed": 4,
        "timed_out": 5,
        "aborted": 6,
        "batches": {"succeeded": 3, "running": 0, "pending": 1, "failed": 0, "timed out": 1, "aborted": 2},
        "settled": 18,
        "percent": 85.7,
    }


@pytest.mark.parametrize(
    ("progress", "rate", "said"),
    [
        (Progress(), None, "0 of 0 rows settled (0.0 %)"),
        (Progress(total=4, succeeded=1), None, "1 of 4 rows settled (25.0 %)"),
        (
            Progress(total=2000, succeeded=400, failed=50, timed_out=30, aborted=20),
            100.0,
            "500 of 2,000 rows settled (25.0 %), 100 of them in batches that failed, 100 rows/s, about 15 s left",
        ),
        (Progress(total=4, succeeded=4), 10.0, "4 of 4 rows settled (100.0 %)"),
    ],
)
def test_progress_is_said_in_a_line(progress: Progress, rate: float | None, said: str) -> None:
    assert progress.sentence(rate) == said


def test_what_was_recorded_of_a_map_run_is_read() -> None:
    assert Progress.from_counts(ANSWERS["map_run"]["itemCounts"]) == Progress(total=2, succeeded=2)
