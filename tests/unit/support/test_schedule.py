"""What the tests' scheduler decides must be what Airflow's does."""

import pytest

from tests.support.schedule import Task, state_without_running, to_clear

CHAIN = [
    Task("first", (), "all_success", 3),
    Task("second", ("first",), "all_success", 3),
    Task("third", ("second",), "all_done", 3),
    Task("judge", ("third",), "all_done", 3),
]


@pytest.mark.parametrize(
    ("first", "second"),
    [("success", None), ("failed", "upstream_failed"), ("upstream_failed", "upstream_failed"), ("skipped", "skipped")],
)
def test_a_task_that_needs_success_is_not_run_after_another_end(first: str, second: str | None) -> None:
    assert state_without_running(CHAIN[1], {"first": first}) == second


def test_a_failure_counts_more_than_a_skip() -> None:
    task = Task("after", ("one", "two"), "all_success", 0)

    assert state_without_running(task, {"one": "skipped", "two": "failed"}) == "upstream_failed"


@pytest.mark.parametrize("second", ["success", "failed", "skipped", "upstream_failed"])
def test_a_task_that_needs_ends_is_run_after_any(second: str) -> None:
    assert state_without_running(CHAIN[2], {"second": second}) is None


def test_a_trigger_rule_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="one_failed"):
        state_without_running(Task("after", ("first",), "one_failed", 0), {"first": "success"})


def test_what_did_not_succeed_is_cleared_with_everything_after_it() -> None:
    states = {"first": "success", "second": "failed", "third": "success", "judge": "success"}

    assert to_clear(CHAIN, states) == {"second", "third", "judge"}


def test_a_last_task_that_fails_alone_clears_everything() -> None:
    states = {"first": "success", "second": "success", "third": "success", "judge": "failed"}

    assert to_clear(CHAIN, states) == {"first", "second", "third", "judge"}


def test_nothing_is_cleared_of_a_run_that_succeeded() -> None:
    assert to_clear(CHAIN, {task.task_id: "success" for task in CHAIN}) == set()
