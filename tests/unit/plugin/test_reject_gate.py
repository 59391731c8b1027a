"""One sentence of one arithmetic says that too many rows were rejected: prepare's, and the verdict's."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Gates
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.gates.reject_gate import too_many_rejects


@pytest.mark.parametrize(
    ("rejected", "rows", "most", "passes"),
    [
        (0, 0, 0, True),
        (0, 10, 0, True),
        (1, 10, 0, False),
        (5, 100, 5, True),
        (6, 100, 5, False),
        (7, 10_000, 0.07, True),
        (8, 10_000, 0.07, False),
        (95, 100, 5, False),
        (100, 100, 100, True),
        (99, 100, 99.5, True),
        (100, 100, 99.5, False),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_exactly_as_many_as_the_setting_allows_pass(
    rejected: int, rows: int, most: float, passes: bool, before: bool
) -> None:
    ledger = Ledger(rows, rejected_before_upload=rejected) if before else Ledger(rows, rejected=rejected)

    told = too_many_rejects(ledger, {"BAD_WIDTH": rejected}, Gates(max_reject_percent=most))

    assert (told is None) is passes


def test_it_names_rows_percent_setting_and_the_commonest_codes_first() -> None:
    by_code = Counter({"BAD_WIDTH": 1, "DUPLICATE_KEY": 1200, "BAD_QUOTE": 7, "A": 2, "B": 2, "C": 2})

    told = too_many_rejects(Ledger(2000, rejected_before_upload=1214), by_code, Gates(max_reject_percent=0.5))

    assert told == (
        "1,214 of 2,000 rows (60.70 %) were rejected, more than gates.max_reject_percent = 0.5 "
        "(1,200 DUPLICATE_KEY, 7 BAD_QUOTE, 2 A, 2 B, 2 C, …): see the error files."
    )


@pytest.mark.parametrize(("after", "passes"), [(0, True), (5, True), (6, False)])
def test_rejects_that_a_person_let_pass_are_not_held_against_the_run_and_others_are(after: int, passes: bool) -> None:
    ledger = Ledger(100, rejected_before_upload=60, rejected=after)

    told = too_many_rejects(ledger, {"BAD_WIDTH": 60, "BAD_TYPE": after}, Gates(max_reject_percent=5), approved=60)

    assert (told is None) is passes
    assert told is None or told.startswith("6 of 100 rows (6.00 %) were rejected, more than")
    assert told is None or "max_reject_percent = 5 beside the 60 that a person let pass (60 BAD_WIDTH" in told


@settings(deadline=None)
@given(rows=st.integers(min_value=1, max_value=10**8), data=st.data())
def test_it_is_met_to_the_row_however_many_there_are(rows: int, data: st.DataObject) -> None:
    allowed = data.draw(st.integers(min_value=0, max_value=rows - 1))
    gates = Gates(max_reject_percent=100 * allowed / rows)

    assert too_many_rejects(Ledger(rows, rejected_before_upload=allowed), {}, gates) is None
    assert too_many_rejects(Ledger(rows, rejected_before_upload=allowed + 1), {}, gates) is not None


@pytest.mark.parametrize("left_alone", [0, 1, 50])
def test_rows_that_left_alone_what_was_there_do_not_count(left_alone: int) -> None:
    ledger = Ledger(100, rejected=5 + left_alone)
    by_code = {"BAD_TYPE": 5, "LEFT_ALONE": left_alone}

    assert too_many_rejects(ledger, by_code, Gates(max_reject_percent=5)) is None
    told = too_many_rejects(ledger, by_code, Gates(max_reject_percent=4.9))
    assert told is not None
    assert told.startswith("5 of 100 rows (5.00 %)")
