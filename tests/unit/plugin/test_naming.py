"""The names that a run derives again at every attempt."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.folders import error_prefix
from csvdynamo_airflow.naming import counted_name, execution_name, is_counted_name, reports_prefix, results_prefix

DATASETS = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)


@settings(deadline=None)
@given(st.text() | st.from_regex(r"[a-z]{60,100}"), st.text(), st.text(), st.integers(min_value=1, max_value=100_000))
def test_an_execution_name_is_safe_and_short_enough_with_its_counter(
    dataset: str, run_id: str, file_key: str, count: int
) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{1,80}", counted_name(execution_name(dataset, run_id, file_key), count))


@settings(deadline=None)
@given(DATASETS, st.text(), st.text())
def test_the_same_run_and_file_always_have_the_same_name(dataset: str, run_id: str, file_key: str) -> None:
    assert execution_name(dataset, run_id, file_key) == execution_name(dataset, run_id, file_key)


@settings(deadline=None)
@given(st.sets(st.tuples(DATASETS, st.text("ab:+._-/", max_size=5), st.text("ab/.", max_size=5)), min_size=2))
def test_another_data_set_run_or_file_has_another_name(runs: set[tuple[str, str, str]]) -> None:
    assert len({execution_name(*run) for run in runs}) == len(runs)


def test_a_name_starts_with_the_data_set() -> None:
    assert re.fullmatch(r"ev-population-[0-9a-f]{20}", execution_name("ev_population", "run", "key"))


def test_the_name_of_a_run_stays_what_it_was() -> None:
    """A later version must find the executions and reports that this one left."""
    assert execution_name("cars", "scheduled__2026-01-01", "source/cars/f.csv") == "cars-0df19ebcc0100d715073"
    assert execution_name("cars", "scheduled__2026-01-01", "source/cars/f.csv", "0c") == "cars-7467a3bbbe4c3cc3c6d2"


def test_only_executions_after_the_first_are_counted() -> None:
    assert [counted_name("cars-1", count) for count in (1, 2, 3)] == ["cars-1", "cars-1-2", "cars-1-3"]


def test_a_runs_executions_are_known_by_their_names() -> None:
    names = [counted_name("cars-1a", count) for count in (1, 2, 30)]

    assert [is_counted_name(name, "cars-1a") for name in names] == [True, True, True]
    assert not any(is_counted_name(name, "cars-1a") for name in ("cars-1", "cars-1ab", "cars-1a-", "cars-1a-x", "x"))


def test_no_executions_prefix_holds_anothers_objects() -> None:
    for prefix in (error_prefix, results_prefix, lambda name: reports_prefix("cars", name)):
        assert not prefix("cars-1-2").startswith(prefix("cars-1"))


def test_prefixes_are_those_of_the_contract() -> None:
    assert error_prefix("cars-1") == "migration_errors/execution_name=cars-1/"
    assert results_prefix("cars-1") == "results/cars-1/"
    assert reports_prefix("cars", "cars-1") == "reports/cars/cars-1/"
