"""The ledger's arithmetic."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.records.ledger import Ledger

ROWS = st.integers(min_value=0, max_value=10**9)
LEDGERS = st.builds(Ledger, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS)


@settings(deadline=None)
@given(LEDGERS)
def test_the_source_rows_are_the_sum_of_all_the_others(ledger: Ledger) -> None:
    document = ledger.to_json()

    assert document.pop("source_rows") == sum(document.values())


@settings(deadline=None)
@given(LEDGERS)
def test_a_ledger_survives_its_document(ledger: Ledger) -> None:
    assert Ledger.from_json(ledger.to_json()) == ledger


FATES = ["rejected_before_upload", "written", "rejected", "failed", "unstarted", "unchanged"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(FATES)), st.sampled_from(FATES))
def test_rows_that_each_have_one_fate_balance_and_one_more_of_any_fate_does_not(rows: list[str], more: str) -> None:
    counts = Counter(rows)

    assert Ledger(source_rows=len(rows), **counts).unaccounted == 0
    assert Ledger(source_rows=len(rows), **counts + Counter([more])).unaccounted == -1
    assert Ledger(source_rows=len(rows) + 1, **counts).unaccounted == 1


@settings(deadline=None)
@given(LEDGERS)
def test_the_shares_are_of_the_source_rows(ledger: Ledger) -> None:
    rejected, lost = ledger.rejected_before_upload + ledger.rejected, ledger.failed + ledger.unstarted

    assert ledger.reject_percent * ledger.source_rows == pytest.approx(100 * rejected if ledger.source_rows else 0)
    assert ledger.failure_percent * ledger.source_rows == pytest.approx(100 * lost if ledger.source_rows else 0)


def test_the_document_has_the_reports_keys() -> None:
    assert list(Ledger().to_json()) == [
        "source_rows",
        "rejected_before_upload",
        "written",
        "rejected",
        "failed",
        "unstarted",
        "unaccounted",
    ]


def test_what_no_witness_speaks_of_is_unaccounted() -> None:
    ledger = Ledger(source_rows=100, rejected_before_upload=1, written=80, rejected=2, failed=3, unstarted=4)

    assert (ledger.unaccounted, ledger.rejects) == (10, 3)
    assert (ledger.reject_percent, ledger.failure_percent) == (3.0, 7.0)


def test_too_many_witnesses_show_as_less_than_nothing() -> None:
    assert Ledger(source_rows=10, written=12).unaccounted == -2


def test_no_rows_are_no_percentage() -> None:
    assert (Ledger().reject_percent, Ledger().failure_percent) == (0.0, 0.0)


@settings(deadline=None)
@given(LEDGERS)
def test_the_table_has_every_number_on_a_line_of_one_width(ledger: Ledger) -> None:
    lines = ledger.table().splitlines()

    assert [line.split()[-1] for line in lines] == [f"{count:,}" for count in ledger.to_json().values()]


def test_unchanged_rows_are_told_where_there_are_some() -> None:
    ledger = Ledger(source_rows=10, written=3, unchanged=7)

    assert list(ledger.to_json())[-2:] == ["unchanged", "unaccounted"]
    assert "- unchanged                          7" in ledger.table()
    assert "unchanged" not in Ledger(source_rows=3, written=3).table()
