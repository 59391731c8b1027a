"""The gates on a source as a whole: how few rows it may have beside the last green run's, and how it may end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import OnChange
from csvdynamo_airflow.gates.row_mark import RowMark
from csvdynamo_airflow.gates.source_gate import SourceFault, judge_encoding, judge_keys, judge_source
from csvdynamo_airflow.reading.ruined_codes import told_ruined

CUT = "The last record, row 7, has 3 of 17 columns"


def mark(rows: int) -> RowMark:
    return RowMark(rows, "scheduled__2026-10-01", 1.0)


def judge(rows: int, last: int | None, percent: float = 90.0, *, accepted: bool = False) -> list[SourceFault]:
    gates = Gates(min_rows_percent=percent)
    return judge_source(rows, None if last is None else mark(last), None, gates, accepted=accepted)


@pytest.mark.parametrize(
    ("rows", "last", "percent", "passes"),
    [
        (4500, 5000, 90, True),
        (4499, 5000, 90, False),
        (1000, 5000, 90, False),
        (0, 5000, 90, False),
        (0, 1, 0.001, False),
        (0, 0, 90, True),
        (0, 0, 100, True),
        (5000, 5000, 100, True),
        (4999, 5000, 100, False),
        (9000, 5000, 100, True),
        (333, 1000, 33.3, True),
        (332, 1000, 33.3, False),
        (33, 1500, 2.2, True),  # as floats 2.2 times 1,500 is a little more than 3,300
        (0, 5000, 0, True),
        (0, None, 90, True),
    ],
)
def test_exactly_as_few_rows_as_the_setting_allows_pass(
    rows: int, last: int | None, percent: float, passes: bool
) -> None:
    assert [fault.fails for fault in judge(rows, last, percent)] == ([] if passes else [True])


@settings(deadline=None)
@given(last=st.integers(1, 10**9), tenths=st.integers(1, 1000))
def test_it_is_met_to_the_row_however_many_there_are(last: int, tenths: int) -> None:
    least = -(-last * tenths // 1000)

    assert judge(least, last, tenths / 10) == []
    assert len(judge(least - 1, last, tenths / 10)) == 1


def test_too_few_rows_are_told_with_both_numbers_the_run_and_what_to_do() -> None:
    [fault] = judge(1000, 5000)

    assert fault.message == (
        "The source has 1,000 rows, and the last green run's had 5,000 (run scheduled__2026-10-01): less than "
        "gates.min_rows_percent = 90."
    )
    assert "0: any number of rows" in fault.advice


@pytest.mark.parametrize(("action", "told"), [(OnChange.FAIL, [True]), (OnChange.WARN, [False]), (OnChange.ACCEPT, [])])
def test_a_last_record_that_is_no_row_does_what_the_data_set_says(action: OnChange, told: list[bool]) -> None:
    faults = judge_source(7, None, CUT, Gates(last_record=action), accepted=False)

    assert [fault.fails for fault in faults] == told
    for fault in faults:
        assert fault.message == f"{CUT}: the file may have been cut off, or ends with a message or a footer."


def test_what_a_person_lets_pass_is_told_all_the_same() -> None:
    gates = Gates(last_record=OnChange.FAIL)

    assert [fault.fails for fault in judge_source(7, mark(5000), CUT, gates, accepted=True)] == [False, False]
    assert [fault.fails for fault in judge_source(7, mark(5000), CUT, gates, accepted=False)] == [True, True]


@pytest.mark.parametrize("wanted", OnChange)
@pytest.mark.parametrize("accepted", [False, True])
def test_an_encoding_that_was_guessed_is_told_or_stops_the_run(wanted: OnChange, accepted: bool) -> None:
    assert judge_encoding(None, wanted, accepted=accepted) == []

    faults = judge_encoding("Windows-1252", wanted, accepted=accepted)

    if wanted is OnChange.ACCEPT:
        assert faults == []
        return
    [fault] = faults
    assert "was read as Windows-1252" in fault.message
    assert "source.encoding" in fault.advice
    assert fault.fails is (wanted is OnChange.FAIL and not accepted)


def test_ruined_codes_in_the_key_are_a_warning_of_their_own() -> None:
    ruined = {"tax": 1, "year": 1_200, "note": 5}

    assert judge_keys(told_ruined(ruined, ["city"])) == []
    tax, year = judge_keys(told_ruined(ruined, ["tax", "city", "year"]))
    assert tax.message.startswith("1 cell of 'tax': as a spreadsheet leaves a code")
    assert year.message.startswith("1,200 cells of 'year': ")
    assert "'year' is a column of the key" in year.message
    assert (tax.fails, year.fails) == (False, False)
