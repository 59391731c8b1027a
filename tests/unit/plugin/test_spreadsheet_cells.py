"""Cells that a spreadsheet takes for text, and their way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo_airflow.rejects.spreadsheet_cells import neutralise, restore


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_what_a_spreadsheet_would_run_becomes_text(start: str) -> None:
    assert neutralise(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "1+1", " =1", "a'b", "Ωmega"])
def test_what_no_spreadsheet_runs_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


@given(st.text() | st.text(alphabet="'=+-@\t\rx"))
def test_every_text_comes_back_to_the_letter(text: str) -> None:
    assert restore(neutralise(text)) == text
